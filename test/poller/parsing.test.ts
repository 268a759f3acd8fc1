/** The small readers of the poller: IDMEF-Sequence, salvage of what broke off, exit codes, backoff, words. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backoff, unitInterval } from '../../src/core/backoff.ts';
import { worstExit } from '../../src/poller/exit-code.ts';
import { salvage } from '../../src/poller/salvage.ts';
import { illnessText } from '../../src/poller/run-words.ts';
import { parseSequenceHeader } from '../../src/poller/sequence-header.ts';

test('IDMEF-Sequence', () => {
  const check = (header: string | undefined, expected: readonly number[] | undefined): void =>
    assert.deepEqual(parseSequenceHeader(header)?.sequences, expected, header);
  check('abc; 17-19,21', [17, 18, 19, 21]);
  check(' abc ;7', [7]);
  check(
    'abc; 1-1000',
    Array.from({ length: 1000 }, (_, index) => index + 1),
  );
  check('abc; 1-1001', undefined);
  check('abc; 1-600,601-1001', undefined);
  check('abc; 1-99999999999999', undefined);
  check('abc; 3,3', undefined);
  check('abc; 5-4', undefined);
  check('abc; 4,2', undefined);
  check('abc; ', undefined);
  check('abc', undefined);
  check('; 1', undefined);
  check('a/b; 1', undefined);
  check('abc; 1, abc; 2', undefined);
  check(undefined, undefined);
});

test('salvage takes the complete messages', () => {
  const check = (body: string, expected: string | undefined): void =>
    assert.equal(salvage(Buffer.from(body))?.document.toString(), expected, body);
  const root = '<i:IDMEF-Message xmlns:i="x">';
  check(`${root}<i:Alert>1</i:Alert><i:Ale`, `${root}<i:Alert>1</i:Alert></i:IDMEF-Message>`);
  check(`${root}<i:Alert>1</i:Alert ><i:Heartbeat/>`, `${root}<i:Alert>1</i:Alert ></i:IDMEF-Message>`);
  check(
    `${root}<i:Heartbeat></i:Heartbeat><i:Alert></i:Alert`,
    `${root}<i:Heartbeat></i:Heartbeat></i:IDMEF-Message>`,
  );
  check('<IDMEF-Message><Alert></Alert>', '<IDMEF-Message><Alert></Alert></IDMEF-Message>');
  check(`${root}<i:Alert>`, undefined);
  check(`${root}<i:Alert></i:Alerts>`, undefined);
  check('<html>', undefined);
  check('', undefined);
});

test('the exit code that most needs a person wins', () => {
  assert.equal(worstExit([]), 0);
  assert.equal(worstExit([0, 65, 75]), 75);
  assert.equal(worstExit([75, 69]), 69);
  assert.equal(worstExit([69, 76]), 76);
  assert.equal(worstExit([76, 74]), 74);
  assert.equal(worstExit([74, 78]), 78);
  assert.equal(worstExit([78, 70]), 70);
});

test('backoff doubles between its limits', () => {
  const range = { minMs: 1000, maxMs: 60_000 };
  assert.deepEqual(
    [1, 2, 3, 7, 99].map((n) => backoff(n, range, 1)),
    [1000, 2000, 4000, 60_000, 60_000],
  );
  assert.equal(backoff(3, range, 0), 2000);
  assert.equal(unitInterval(Buffer.from([0x80, 0, 0, 0])), 0.5);
});

test('S4: what is left of a pause is never 0 s', () => {
  const illness = { kind: 'again', reason: 'answers 503', since: 0, failures: 1, runs: 1 } as const;
  const check = (left: number, askedUntil: number, expected: RegExp): void =>
    assert.match(illnessText('gw', { ...illness, notBefore: left, askedUntil }, undefined, 0), expected);
  check(1, 0, /next attempt in 1 s or with the next run$/);
  check(1001, 0, /next attempt in 2 s or/);
  check(400, 400, /next attempt in 1 s \(Retry-After\)$/);
  check(0, 0, /MiB\)$/);
});
