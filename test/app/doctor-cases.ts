/**
 * Runs a table of injected faults: each is one test, which wants exactly its diagnosis, a sentence that names file
 * or peer and cause, and a remedy; the last test prints `injected → named` and how many were named.
 */

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { diagnoses, isDiagnosis } from '../../src/app/doctor/diagnoses.ts';
import type { Finding, Seen } from './doctor-world.ts';

export interface Case {
  readonly injected: string;
  /** The diagnosis. */
  readonly named: string;
  /** In its sentence. */
  readonly text: RegExp;
  /** In its remedy. */
  readonly remedy: RegExp;
  /** Warnings that come along, whatever is examined. */
  readonly also?: readonly string[];
  readonly inject: (t: TestContext) => Promise<Seen>;
}

export function runCases(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    const outcomes: string[] = [];
    let right = 0;
    for (const one of cases) {
      test(`${one.injected}: ${one.named}`, async (t) => {
        const seen = await one.inject(t);
        outcomes.push(`${one.injected} → ${namesOf(seen, one)}`);
        expectNamed(seen, one);
        right += 1;
      });
    }
    test('all of them are named', (t) => {
      for (const line of outcomes) t.diagnostic(line);
      t.diagnostic(`${right} of ${cases.length} named`);
      assert.equal(right, cases.length);
    });
  });
}

export function expectNamed(seen: Seen, { named, text, remedy, also = [] }: Case): void {
  const all = JSON.stringify(seen, undefined, 1);
  assert.ok(isDiagnosis(named), named);
  const isFault = diagnoses[named].level === 'fault';
  assert.deepEqual(seen.faults, isFault ? [named] : [], all);
  const unexpected = seen.warnings.filter((name) => name !== named && !also.includes(name));
  assert.deepEqual(unexpected, [], all);
  const finding = seen.findings.find((one) => one.name === named);
  assert.ok(finding !== undefined, all);
  expectSentence(finding);
  assert.match(finding.text, text);
  assert.match(finding.remedy, remedy);
  if (isFault) assert.notEqual(seen.exit, 0);
  else assert.equal(seen.exit, 0);
}

/** One sentence an operator can act on: a place in it, nothing left out, and a remedy. */
export function expectSentence({ text, remedy }: Finding): void {
  for (const words of [text, remedy]) {
    assert.notEqual(words, '');
    assert.doesNotMatch(words, /\{[a-z]+\}|undefined|\[object|\bNaN\b|\n|\.$/i);
  }
  assert.match(text, /^[a-z-/]/, 'lower case');
  assert.match(text, /https:\/\/|\/[\w.-]+|port \d+|--[a-z]|https?@|profile/, `names a place: ${text}`);
}

function namesOf({ faults, warnings }: Seen, { named, also = [] }: Case): string {
  const wanted = warnings.filter((name) => name === named || !also.includes(name));
  return [...faults, ...wanted].join(', ') || 'nothing';
}
