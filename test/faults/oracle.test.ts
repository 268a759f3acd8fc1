/** The oracle itself: it must see each kind of fault, or its zeros mean nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDocument } from '../../src/idmef/read-document.ts';
import {
  arrivalsIn,
  faultDocument,
  faultElement,
  hashOf,
  invalidElement,
  type Arrival,
} from './fault-alert.ts';
import { Oracle } from './oracle.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];

function promised(ids: readonly string[] = IDS): Oracle {
  const oracle = new Oracle();
  for (const id of ids) oracle.claim(id);
  oracle.owe(...ids);
  return oracle;
}

function arrived(...ids: readonly string[]): Arrival[] {
  return arrivalsIn(faultDocument(ids));
}

const nothing = { prefix: 0, middle: 0, postfix: 0 };
const clean = { lost: 0, unexpected: 0, altered: 0, duplicates: 0, lostWhere: nothing, examples: [] };

const cases: readonly {
  readonly name: string;
  readonly sinks: Readonly<Record<string, readonly Arrival[]>>;
  readonly found: Readonly<Record<string, unknown>>;
}[] = [
  { name: 'all there, in any order', sinks: { file: arrived('e', 'b', 'a', 'c', 'd') }, found: {} },
  {
    name: 'a loss before, between and after',
    sinks: { file: arrived('b', 'd') },
    found: {
      lost: 3,
      lostWhere: { prefix: 1, middle: 1, postfix: 1 },
      examples: ['lost a at file', 'lost c at file', 'lost e at file'],
    },
  },
  {
    name: 'nothing at all',
    sinks: { file: [] },
    found: {
      lost: 5,
      lostWhere: { prefix: 0, middle: 0, postfix: 5 },
      examples: IDS.map((id) => `lost ${id} at file`),
    },
  },
  {
    name: 'a loss at one of two sinks',
    sinks: { file: arrived(...IDS), https: arrived('a', 'b', 'd', 'e') },
    found: { lost: 1, lostWhere: { ...nothing, middle: 1 }, examples: ['lost c at https'] },
  },
  {
    name: 'a duplicate',
    sinks: { file: arrived(...IDS, 'c') },
    found: { duplicates: 1, examples: ['duplicates c at file'] },
  },
  {
    name: 'an alteration by one byte',
    sinks: {
      file: arrivalsIn(Buffer.from(faultDocument(IDS)).toString().replace('fault probe d', 'fault probe D')),
    },
    found: { altered: 1, examples: ['altered d at file'] },
  },
  {
    name: 'one nobody sent',
    sinks: { file: arrived(...IDS, 'x') },
    found: { unexpected: 1, examples: ['unexpected x at file'] },
  },
];

for (const { name, sinks, found } of cases) {
  test(`the oracle sees: ${name}`, () => {
    assert.deepEqual(promised().verdict(sinks), { obligations: 5, ...clean, ...found });
  });
}

test('claimed but not owed: may arrive or not', () => {
  const oracle = promised(['a']);
  oracle.claim('b');
  assert.equal(oracle.verdict({ file: arrived('a') }).lost, 0);
  assert.equal(oracle.verdict({ file: arrived('a', 'b') }).unexpected, 0);
  assert.deepEqual(oracle.missing(new Set(['b'])), ['a']);
});

test('what was never claimed cannot be owed', () => {
  assert.throws(() => new Oracle().owe('a'), /never claimed/);
});

test('alerts of the harness are what they should be for the relay', () => {
  const verdict = readDocument(faultDocument(IDS), 'strict');
  assert.ok(verdict.readable);
  assert.deepEqual(
    verdict.messages.map(({ bytes }) => hashOf(bytes)),
    IDS.map((id) => hashOf(faultElement(id))),
    'carried verbatim',
  );
  assert.deepEqual(verdict.problems, []);
  const bad = readDocument(
    Buffer.from(
      `<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef">${invalidElement('i')}</idmef:IDMEF-Message>`,
    ),
    'lenient',
  );
  assert.ok(
    bad.readable && bad.messages.some(({ problems }) => problems.some(({ level }) => level === 'error')),
  );
});
