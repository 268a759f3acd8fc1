/**
 * Fills the small filesystem it is given to the last byte and says, as JSON lines on stdout, what the store there still
 * does. Run by test/integration/dispatcher-full-disk.test.ts in a mount namespace of its own.
 */

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RelayError } from '../../../src/core/errors.ts';
import { journalLimits } from '../../../src/core/limits.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { brokenLaws } from '../../../src/dispatcher/store/law.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { arrival, countingRandom, ended, NOW } from './fixture.ts';

const [dir = '', size = '3000'] = process.argv.slice(2);
const path = join(dir, 'state', 'store.db');
const filler = join(dir, 'filler');
const clock = manualClock(NOW);
let made = 0;

function open(): Promise<Store> {
  return openStore({ path, clock, random: countingRandom() });
}

/** Somebody else takes all there is. */
function fill(): void {
  const descriptor = openSync(filler, 'a');
  for (let piece = 1 << 20; piece >= 1;) {
    try {
      writeSync(descriptor, Buffer.alloc(piece, 1));
    } catch {
      piece >>= 1;
    }
  }
  closeSync(descriptor);
  clock.advance(journalLimits.freeSpaceMs);
}

async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    return error instanceof RelayError ? error.code : String(error);
  }
}

async function accept(store: Store, count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    await store.accept(
      Array.from({ length: 50 }, () => arrival(`${++made}`.padEnd(Number(size), 'x'), { pairs: ['m', 'n'] })),
    );
  }
}

/** Claim and finish rounds of twenty; the outcomes and how many pairs were sent. */
async function send(store: Store, rounds: number): Promise<{ outcomes: string[]; sent: number }> {
  let sent = 0;
  const outcomes = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const outcome = await attempt(async () => {
      const claim = await store.claim('m', { now: NOW, pairs: 20 });
      if (claim === undefined) return;
      await store.finish(ended(claim.id));
      sent += claim.pairs.length;
    });
    outcomes.add(outcome);
  }
  return { outcomes: [...outcomes], sent };
}

async function say(step: string, store: Store, facts: Record<string, unknown>): Promise<void> {
  const law = brokenLaws(await store.stats(NOW));
  process.stdout.write(`${JSON.stringify({ step, ...facts, law })}\n`);
}

let store = await open();
await accept(store, 1000);
fill();
await say('full', store, { accept: await attempt(() => accept(store, 50)) });
await say('sending', store, await send(store, 20));
await say('still full', store, { accept: await attempt(() => accept(store, 50)) });
fill();
await say('filled again', store, await send(store, 20));
rmSync(filler);
clock.advance(journalLimits.reserveRetryMs);
await store.tidy(NOW, { maxAgeMs: 1e12, maxBytes: 1e12 });
await say('room again', store, { accept: await attempt(() => accept(store, 50)) });
await store.close();
fill();
store = await open();
await say('opened on a full disk', store, {
  accept: await attempt(() => accept(store, 50)),
  ...(await send(store, 5)),
});
rmSync(filler);
clock.advance(journalLimits.reserveRetryMs);
await say('end', store, { accept: await attempt(() => accept(store, 50)) });
await store.close();
