/**
 * A small part of the simulation with every run of the tests; CI lives hundreds of lives, main.ts ten thousand. Lived in a process of
 * their own: the runner watches every promise, and a life makes a hundred thousand.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { liveInMemory } from './memory-life.ts';

const main = fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.url));

/** What main.ts says of its lives. Rejects with the seeds that failed. */
async function lives(env: Readonly<Record<string, string>>): Promise<string> {
  const run = promisify(execFile)(process.execPath, [main], { env: { ...process.env, ...env } });
  try {
    return (await run).stdout;
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stdout' in error ? error.stdout : error;
    return assert.fail(String(said));
  }
}

test('lives in which everything fails: each delivery has its fate, each repetition is marked', async () => {
  const said = await lives({ SEEDS: '10' });
  const figures = /(\d+) lives, (\d+) restarts, \d+ pairs, \d+ deliveries \((\d+) digests, (\d+) marked/.exec(
    said,
  );
  const [count = 0, ...happened] = (figures ?? []).slice(1).map(Number);
  assert.equal(count, 10, said);
  for (const times of happened) assert.ok(times > 10, said);
});

test('killed at each of its first awaits', async () => {
  assert.match(await lives({ KILLED_AT: '30' }), /^30 lives.* 0 failed$/m);
});

test('over the real store, which keeps the law of conservation', async () => {
  assert.match(
    await lives({ STORE: 'real', FIRST: '2', SEEDS: '1' }),
    /^1 lives over the real store: 0 failed$/m,
  );
});

test('the same seed is the same life', async () => {
  const short = { spanMs: 60_000 };
  const [one, other] = [await liveInMemory(8, short), await liveInMemory(8, short)];
  assert.ok(one.effects.length > 10);
  assert.deepEqual(one.effects, other.effects);
});
