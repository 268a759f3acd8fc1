/**
 * Our own documents. The name carries the verdict: `good` strictly valid, `lenient` valid after named repairs,
 * `bad` in neither mode. Here stands what exactly is expected of each.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readDocument } from '../../src/idmef/read-document.ts';
import { elements } from '../../src/idmef/schema.ts';
import { parseTree } from '../../src/idmef/tree.ts';
import type { TreeElement } from '../../src/idmef/tree.ts';
import type { DocumentVerdict } from '../../src/idmef/verdict.ts';
import { fixturePath } from './project-root.ts';

/** Leniencies by fixture; a fixture that is not listed uses the one it is named after. */
const leniencies: Readonly<Record<string, readonly string[]>> = {
  'datetime-dash-t': ['datetime-variant'],
  'latin-1': ['charset'],
  'misspelt-names': ['misspelt-name'],
  'ns-none-extension': ['ns-none'],
  'one-of-two': ['child-order'],
  'prelude-assessment': ['confidence-range', 'empty-keyword', 'ns-none'],
  'prelude-data': [
    'adddata-empty',
    'adddata-text',
    'adddata-xml-text',
    'boolean-number',
    'byte-number',
    'empty-keyword',
    'ns-none',
    'offset-signed-minutes',
    'short-ntpstamp',
  ],
  'prelude-files': [
    'child-order',
    'empty-keyword',
    'incomplete-part',
    'linkage-empty',
    'misspelt-name',
    'ns-none',
    'offset-signed-minutes',
    'permission-alias',
  ],
  'prelude-heartbeat': ['ns-none', 'offset-signed-minutes'],
  'prelude-services': ['misspelt-name', 'ns-none', 'service-name-unknown', 'service-portlist'],
  'schema-location-on-root': ['schema-location'],
};

/** Rules of the errors of bad fixtures, in order, in strict mode. */
const errors: Readonly<Record<string, readonly string[]>> = {
  'bad-base64': ['bad-byte-string'],
  'bad-confidence': ['E14'],
  'bad-integer': ['bad-integer'],
  empty: ['incomplete'],
  'empty-createtime': ['missing-attribute', 'bad-datetime'],
  entity: ['entity'],
  'epoch-createtime': ['missing-attribute', 'bad-datetime'],
  'foreign-element': ['E23'],
  'foreign-namespace': ['root'],
  'foreign-root': ['root'],
  html: ['root'],
  'internal-subset': ['internal-subset'],
  'no-analyzer': ['missing-child'],
  'no-classification': ['missing-child'],
  'no-classification-text': ['missing-attribute'],
  'no-createtime': ['missing-child'],
  'no-such-day': ['missing-attribute', 'bad-datetime'],
  'no-zone': ['missing-attribute', 'bad-datetime'],
  'not-closed': ['incomplete'],
  'not-utf-8': ['encoding'],
  'nul-byte': ['character'],
  'stray-text': ['unexpected-text'],
  'two-classifications': ['too-many'],
  'two-nodes': ['too-many'],
  'two-roots': ['not-well-formed'],
  'type-mismatch': ['E15'],
  'unknown-attribute': ['unknown-attribute'],
  'unknown-element': ['missing-child', 'unknown-element'],
  'unknown-keyword': ['bad-keyword'],
  version: ['version'],
};

function errorsOf(verdict: DocumentVerdict): string[] {
  const problems = verdict.readable
    ? [...verdict.problems, ...verdict.messages.flatMap((message) => message.problems)]
    : [verdict.problem];
  return problems.filter(({ level }) => level === 'error').map(({ rule }) => rule);
}

function leniencyNames(verdict: DocumentVerdict): string[] {
  const names = verdict.readable
    ? [...verdict.leniencies, ...verdict.messages.flatMap((message) => message.leniencies)]
    : [];
  return [...new Set(names)].toSorted();
}

function isValid(verdict: DocumentVerdict): boolean {
  return verdict.readable && verdict.valid;
}

const names = readdirSync(fixturePath('')).filter((name) => name.endsWith('.xml'));

for (const name of names) {
  const [base = '', kind = ''] = name.split('.');
  test(name, () => {
    const bytes = readFileSync(fixturePath(name));
    const strict = readDocument(bytes, 'strict');
    const lenient = readDocument(bytes, 'lenient');
    assert.equal(isValid(strict), kind === 'good', errorsOf(strict).join());
    assert.equal(isValid(lenient), kind !== 'bad', errorsOf(lenient).join());
    if (kind === 'good') {
      assert.deepEqual(errorsOf(strict), []);
      assert.deepEqual(lenient, strict, 'lenient mode says something else about a valid document');
    } else if (kind === 'lenient') {
      assert.deepEqual(leniencyNames(lenient), leniencies[base] ?? [base]);
    } else {
      assert.deepEqual(errorsOf(strict), errors[base] ?? 'not in the table');
    }
  });
}

/** What Prelude's XML report deforms, and byte for byte what is made of it. */
for (const name of names.filter((each) => each.endsWith('-repaired.good.xml'))) {
  test(`${name} is what lenient mode writes`, () => {
    const bytes = (file: string): string[] => {
      const verdict = readDocument(readFileSync(fixturePath(file)), 'lenient');
      assert.ok(verdict.readable);
      return verdict.messages.map((message) => Buffer.from(message.bytes).toString());
    };
    const expected = bytes(name).map((message) =>
      message.replace(' xmlns:idmef="http://iana.org/idmef"', ''),
    );
    assert.deepEqual(bytes(name.replace('-repaired.good.xml', '.lenient.xml')), expected);
  });
}

test('fixtures there are enough of, and no entry of the tables without one', () => {
  assert.ok(names.length >= 80, String(names.length));
  for (const base of Object.keys(leniencies)) {
    assert.ok(names.includes(`${base}.lenient.xml`), base);
  }
  for (const base of Object.keys(errors)) {
    assert.ok(names.includes(`${base}.bad.xml`), base);
  }
});

test('everything.good.xml has every element and attribute of the RFC', () => {
  const seen = new Set<string>();
  const visit = (element: TreeElement): void => {
    seen.add(element.local);
    element.attributes.forEach(({ name }) => seen.add(`${element.local}@${name}`));
    element.children.forEach((child) => child.kind === 'element' && visit(child));
  };
  const text = readFileSync(fixturePath('everything.good.xml'), 'utf8');
  visit(parseTree(Buffer.from(text.slice(text.indexOf('<IDMEF-Message')))));
  for (const [name, spec] of Object.entries(elements)) {
    assert.ok(seen.has(name) || name === 'permission', name);
    for (const attribute of Object.keys(spec.attributes ?? {})) {
      assert.ok(seen.has(`${name}@${attribute}`), `${name}@${attribute}`);
    }
  }
});
