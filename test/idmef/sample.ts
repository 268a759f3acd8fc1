/**
 * Small messages for the tests of src/idmef: a valid Alert whose parts a test replaces one by one.
 */

import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import type { TreeElement } from '../../src/idmef/tree.ts';
import type { Problem } from '../../src/idmef/verdict.ts';

/** XML of an Alert's parts, in the DTD's order. */
export interface AlertParts {
  readonly open: string;
  readonly analyzer: string;
  readonly createTime: string;
  readonly times: string;
  readonly source: string;
  readonly target: string;
  readonly classification: string;
  readonly assessment: string;
  readonly special: string;
  readonly data: string;
}

export const validParts: AlertParts = {
  open: `<Alert xmlns="${RFC_NAMESPACE}" messageid="m1">`,
  analyzer: '<Analyzer analyzerid="a1"/>',
  createTime: '<CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</CreateTime>',
  times: '',
  source: '',
  target: '',
  classification: '<Classification text="Teardrop"/>',
  assessment: '',
  special: '',
  data: '',
};

/** One self-contained Alert: the valid one with some parts replaced. */
export function alert(parts: Partial<AlertParts> = {}): string {
  const all = { ...validParts, ...parts };
  const order: readonly (keyof AlertParts)[] = [
    'open',
    'analyzer',
    'createTime',
    'times',
    'source',
    'target',
    'classification',
    'assessment',
    'special',
    'data',
  ];
  return `${order.map((part) => all[part]).join('')}</Alert>`;
}

/** A document around messages that carry their own namespace. */
export function document(...messages: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<i:IDMEF-Message xmlns:i="${RFC_NAMESPACE}">${messages.join('')}</i:IDMEF-Message>\n`;
}

/** Every text and attribute value of a tree that says something. */
export function valuesOf(element: TreeElement): string[] {
  const own = element.attributes.filter(({ name }) => !name.startsWith('xmlns')).map(({ value }) => value);
  const inner = element.children.flatMap((child) =>
    child.kind === 'element' ? valuesOf(child) : child.kind === 'text' ? [child.value] : [],
  );
  return [...own, ...inner].filter((value) => value.trim() !== '');
}

/** For repairs called by hand: they look at nothing in it but that it is an error. */
export const someError: Problem = {
  level: 'error',
  rule: 'any',
  section: '',
  path: '',
  line: 1,
  column: 1,
  expected: '',
  got: '',
  text: '',
};
