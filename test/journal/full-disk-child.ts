/**
 * Fills the small filesystem it is given to the last byte and says, as JSON lines on stdout, what the journal there
 * still does. Run by test/integration/full-disk.test.ts in a mount namespace of its own.
 */

import { closeSync, openSync, readdirSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RelayError } from '../../src/core/errors.ts';
import { journalLimits } from '../../src/core/limits.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { manualClock } from '../support/manual-clock.ts';
import { countingRandom } from './fixture.ts';

const [dir = '', size = '8000'] = process.argv.slice(2);
const path = join(dir, 'state', 'journal.db');
const filler = join(dir, 'filler');
const clock = manualClock();

function open(): JournalCore {
  return new JournalCore({ path, clock, random: countingRandom() });
}

/** Somebody else takes all there is. Returns how much it was. */
function fill(): number {
  const descriptor = openSync(filler, 'a');
  let taken = 0;
  for (let piece = 1 << 20; piece >= 1;) {
    try {
      taken += writeSync(descriptor, Buffer.alloc(piece, 1));
    } catch {
      piece >>= 1;
    }
  }
  closeSync(descriptor);
  later();
  return taken;
}

/** Free space is looked at now and then. */
function later(): void {
  clock.advance(journalLimits.freeSpaceMs);
}

function attempt(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    return error instanceof RelayError ? error.code : String(error);
  }
}

function append(core: JournalCore, count: number): void {
  const body = Buffer.alloc(Number(size), 'x');
  for (let done = 0; done < count; done += 50) {
    core.append({ messages: Array.from({ length: 50 }, () => ({ body, severity: 2 as const })) });
  }
}

/** Lease and settle a part; how many that were. */
function settle(core: JournalCore, messages: number): number {
  const claim = core.lease('default', { messages, bytes: Infinity });
  if (claim === undefined) return 0;
  core.settle(claim.id);
  return claim.count;
}

function say(step: string, facts: Record<string, unknown>): void {
  const { bavail, bsize } = statfsSync(dir);
  const files = Object.fromEntries(
    readdirSync(join(dir, 'state')).map((name) => [name, statSync(join(dir, 'state', name)).size]),
  );
  process.stdout.write(`${JSON.stringify({ step, ...facts, free: bavail * bsize, files })}\n`);
}

let core = open();
append(core, 1000);
say('before', { law: brokenLaws(core.stats()) });
fill();
say('full', { append: attempt(() => append(core, 50)) });
let settled = 0;
const outcomes: string[] = [];
for (let round = 0; round < 20; round++) outcomes.push(attempt(() => (settled += settle(core, 20))));
say('settling', { outcomes: [...new Set(outcomes)], settled });
say('appending', { append: attempt(() => append(core, 50)) });
fill();
outcomes.length = 0;
for (let round = 0; round < 20; round++) outcomes.push(attempt(() => (settled += settle(core, 20))));
say('filled again', { outcomes: [...new Set(outcomes)], settled, law: brokenLaws(core.stats()) });
rmSync(filler);
clock.advance(1000);
core.tidy();
say('room again', { append: attempt(() => append(core, 50)), law: brokenLaws(core.stats()) });
attempt(() => core.close());
fill();
say('closed and full', {});
core = open();
settled = 0;
say('opened on a full disk', {
  append: attempt(() => append(core, 50)),
  settle: attempt(() => (settled += settle(core, 200))),
  settled,
  law: brokenLaws(core.stats()),
});
rmSync(filler);
clock.advance(1000);
say('end', { append: attempt(() => append(core, 50)), law: brokenLaws(core.stats()) });
core.close();
