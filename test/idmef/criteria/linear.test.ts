/**
 * Patterns that bring a backtracking engine down take time in proportion to the text, whatever the text. Told by the ratio of
 * two lengths, each the best of some runs: sixteen times the text may take sixty times as long on a busy machine, but not
 * two hundred and fifty-six times.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RFC_NAMESPACE } from '../../../src/idmef/envelope.ts';
import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../../src/idmef/criteria/parse-criteria.ts';

const SHORT = 2_000;
const TIMES = 16;
const ALLOWED = 64;
const RUNS = 5;

function message(text: string): Buffer {
  return Buffer.from(
    `<Alert xmlns="${RFC_NAMESPACE}"><Classification text="x"/><AdditionalData type="string" meaning="m">` +
      `<string>${text}</string></AdditionalData><CorrelationAlert><name>${text}</name></CorrelationAlert></Alert>`,
  );
}

/** Best of some runs, milliseconds; a run is as often as is measurable. */
function best(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    for (let turn = 0; turn < 4; turn += 1) work();
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

const cases: readonly (readonly [criteria: string, text: string])[] = [
  ["alert.additional_data.data ~ '^(a+)+$'", 'a'],
  ["alert.additional_data.data ~ '(a|aa)*c'", 'a'],
  ["alert.additional_data.data ~ '(.*)*x(.*)*y'", 'ab'],
  ["alert.additional_data.data ~* '^(([a-z])+.)+[A-Z]([a-z])+$'", 'a'],
  ["alert.additional_data.data ~ '(x+x+)+y'", 'x'],
  ["alert.additional_data.data ~ '\\b(a?){50}a{50}\\b'", 'a'],
  ["alert.correlation_alert.name <> '*a*a*a*a*a*a*b'", 'a'],
  ["alert.correlation_alert.name <> '*[ab]*[ab]*[ab]*[ab]*c'", 'ab'],
  ["alert.correlation_alert.name <>* '*A?A?A?A?A?c'", 'a'],
];

for (const [text, unit] of cases) {
  test(text, () => {
    const parsed = parseCriteria(text);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.text);
    const hostile = (length: number): Buffer => message(`${unit.repeat(length / unit.length)}!`);
    const measure = (length: number): number => {
      const subject = createSubject(hostile(length));
      assert.equal(parsed.criteria.matches(subject), false);
      return best(() => parsed.criteria.matches(subject));
    };
    const short = Math.max(measure(SHORT), 0.05);
    const long = measure(SHORT * TIMES);
    assert.ok(long / short < ALLOWED, `${short.toFixed(2)} ms, ${long.toFixed(2)} ms`);
  });
}
