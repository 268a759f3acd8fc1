/**
 * Every leniency: what it mends, what it leaves alone, that a second run finds nothing, and that no value of the
 * message is lost on the way.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leniencies, repairMessage } from '../../src/idmef/repair.ts';
import { parseTree } from '../../src/idmef/tree.ts';
import type { Problem } from '../../src/idmef/verdict.ts';
import { repairCases } from './repair-cases.ts';
import { alert, someError, valuesOf } from './sample.ts';

for (const { title, input, uses, writes = [], rewritten = [] } of repairCases) {
  test(title, () => {
    const repair = repairMessage(Buffer.from(input), [someError]);
    assert.deepEqual(repair?.leniencies ?? [], uses);
    if (repair === undefined) {
      return;
    }
    const output = Buffer.from(repair.bytes).toString('utf8');
    for (const expected of writes) {
      assert.ok(output.includes(expected), `${output}\ndoes not contain\n${expected}`);
    }
    assert.equal(repairMessage(repair.bytes, [someError]), undefined, 'a second run finds something');
    const said = valuesOf(parseTree(repair.bytes)).join('\n');
    for (const value of valuesOf(parseTree(Buffer.from(input)))) {
      assert.ok(rewritten.includes(value) || said.includes(value.trim()), `${value} is lost in ${output}`);
    }
  });
}

test('a message without errors is not touched', () => {
  const warning: Problem = { ...someError, level: 'warning' };
  assert.equal(repairMessage(Buffer.from('<Alert/>'), [warning]), undefined);
});

test('every leniency of the table is used by a case, and has its words', () => {
  const used = new Set(repairCases.flatMap(({ uses }) => uses));
  for (const { name, accepts, writes, section } of leniencies) {
    assert.ok(used.has(name), `no case uses ${name}`);
    assert.match(name, /^[a-z0-9-]+$/);
    assert.ok(accepts !== '' && writes !== '' && /^\d/.test(section), name);
  }
  assert.equal(new Set(leniencies.map(({ name }) => name)).size, leniencies.length);
});

test('hostile messages cost no more than their size', () => {
  const blanks = ' '.repeat(1_000_000);
  const hostile: readonly (readonly [string, string])[] = [
    ['a run of blanks in a time', alert({ createTime: `<CreateTime>x${blanks}x</CreateTime>` })],
    [
      'a run of blanks in a port list',
      alert({ source: `<Source><Service><portlist>1${blanks}x</portlist></Service></Source>` }),
    ],
    [
      'thousands of incomplete parts',
      alert({ classification: `<Classification text="t">${'<Reference/>'.repeat(4_900)}</Classification>` }),
    ],
    ['thousands of idents', alert({ analyzer: '<Analyzer/>', source: '<Source ident="1"/>'.repeat(4_900) })],
    [
      'thousands of doubled values',
      alert({ data: '<AdditionalData><string/><string/></AdditionalData>'.repeat(1_600) }),
    ],
    [
      'children in the wrong order',
      alert({ source: `<Source><Process>${'<env/><arg/>'.repeat(2_400)}<name/></Process></Source>` }),
    ],
  ];
  for (const [title, input] of hostile) {
    const before = process.cpuUsage();
    repairMessage(Buffer.from(input), [someError]);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    // What grows with the square of its size takes minutes.
    assert.ok(milliseconds < 30_000, `${title}: ${milliseconds.toFixed()} ms`);
  }
});

test('a message of more elements than the limit is not repaired', () => {
  const input = alert({ classification: '', source: '<Source ident="1"/>'.repeat(5_001) });
  assert.equal(repairMessage(Buffer.from(input), [someError]), undefined);
});
