/**
 * A message in the dialect of a SECEF gateway, which turns names of elements into paths of libprelude.
 *
 * The gateway refuses valid RFC 4765 (text beside children, nested Analyzers, several names of the RFC) and loses parts of
 * it with a 200 (all but the last of several Action or alertident). What it reads in full is written here from table.ts's
 * `secef` column: no white space between tags, Analyzers beside each other, each value in the attribute or element that
 * becomes its path. An NTP stamp goes as a string, because libprelude takes its text for the number. Numbers and times
 * come from the model, so nothing the gateway's parser misreads can occur. One document a message, for one POST.
 */

import { RFC_NAMESPACE } from '../envelope.ts';
import { escapeAttribute, escapeText } from '../tree.ts';
import type { PreludeObject, PreludeTime, PreludeValue } from './model.ts';
import { floatText } from './numbers.ts';
import { type ClassPlan, type FieldPlan, secefPlans } from './plan.ts';
import { stampText, timeStamp, timeText } from './times.ts';

const head =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  `<idmef:IDMEF-Message xmlns:idmef="${RFC_NAMESPACE}" version="1.0">`;
const tail = '</idmef:IDMEF-Message>';

/** Their elements have an ntpstamp. The gateway ignores it; a reader of the RFC wants it. */
const stamped: ReadonlySet<string> = new Set(['CreateTime', 'DetectTime', 'AnalyzerTime']);

/** The document, complete. */
export function secefDocument(message: PreludeObject): Buffer {
  return Buffer.from(head + object(message, secefPlans()[message.class]) + tail);
}

function object({ fields, class: of }: PreludeObject, plan: ClassPlan): string {
  let attributes = '';
  for (const [local, { name, spec }] of plan.attributes) {
    const value = fields[name];
    if (value !== undefined) attributes += ` ${local}="${escapeAttribute(text(value, spec.kind))}"`;
  }
  let content = '';
  if (of === 'additional_data') {
    const { data } = fields;
    const isStamp = typeof data === 'bigint';
    const type = isStamp ? 'string' : String(fields['type']);
    if (isStamp) attributes = attributes.replace(' type="ntpstamp"', ' type="string"');
    const value = isStamp ? stampText(data) : typeof data === 'string' ? data : '';
    content = element(type, '', escapeText(value));
  }
  for (const [, field] of plan.children) content += child(field, fields[field.name]);
  return element(plan.element, attributes, content);
}

function child(field: FieldPlan, value: PreludeValue | undefined): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) {
    let all = '';
    for (const item of value as readonly PreludeValue[]) all += child(field, item);
    return all;
  }
  const { spec, local } = field;
  if (spec.kind === 'object') return object(value as PreludeObject, secefPlans()[spec.of]);
  if (local === '*') return '';
  const stamp = stamped.has(local) ? timeStamp(value as PreludeTime) : undefined;
  const attribute = stamp === undefined ? '' : ` ntpstamp="${stamp}"`;
  return element(local, attribute, escapeText(text(value, spec.kind)));
}

function element(local: string, attributes: string, content: string): string {
  const name = `idmef:${local}`;
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

function text(value: PreludeValue, kind: string): string {
  if (kind === 'time') return timeText(value as PreludeTime);
  return kind === 'float' ? floatText(value as number) : String(value as string | number | bigint);
}
