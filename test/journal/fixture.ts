/** A journal in a directory of its own, on a clock the test moves, with small messages to tell apart. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RelayError, type ErrorCode } from '../../src/core/errors.ts';
import type { Random } from '../../src/core/ports.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { Database } from '../../src/journal/database.ts';
import { openConnection } from '../../src/journal/driver.ts';
import type { ConsumerStats, NewMessage } from '../../src/journal/journal.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import type { Damage, JournalOptions, Loss, SetAside } from '../../src/journal/options.ts';
import { manualClock, type ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

export interface TestJournal {
  readonly dir: string;
  readonly path: string;
  readonly clock: ManualClock;
  readonly options: JournalOptions;
  readonly setAside: SetAside[];
  readonly damages: Damage[];
  readonly losses: Loss[];
  /** Open it, again after a close; closed when the test ends. */
  readonly open: (more?: Partial<JournalOptions>) => JournalCore;
}

interface Ending {
  after(hook: () => void): void;
}

/** Different numbers at each call, the same in each run. */
export function countingRandom(): Random {
  let last = 0;
  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      new DataView(bytes.buffer).setUint32(0, ++last);
      return bytes;
    },
  };
}

export function testJournal(t: Ending): TestJournal {
  const dir = tempDir(t);
  const path = join(dir, 'journal.db');
  const clock = manualClock();
  const setAside: SetAside[] = [];
  const damages: Damage[] = [];
  const losses: Loss[] = [];
  const opened: JournalCore[] = [];
  const options: JournalOptions = {
    path,
    clock,
    random: countingRandom(),
    onSetAside: (event) => setAside.push(event),
    onDamage: (event) => damages.push(event),
    onLoss: (event) => losses.push(event),
  };
  t.after(() => {
    for (const core of opened) core.close();
  });
  const open = (more: Partial<JournalOptions> = {}): JournalCore => {
    const core = new JournalCore({ ...options, ...more });
    opened.push(core);
    return core;
  };
  return { dir, path, clock, options, setAside, damages, losses, open };
}

export function message(text: string): NewMessage {
  return { body: Buffer.from(text), severity: 1 };
}

export function messages(...texts: string[]): NewMessage[] {
  return texts.map(message);
}

export function invalid(text: string, reason = 'E12'): NewMessage {
  return { ...message(text), quarantine: { reason, detail: '{}' } };
}

export const everything = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER } as const;

/** The texts a claim gives from where it stands to its end; how often each had failed goes to `attempts`. */
export function readTexts(core: JournalCore, claim: number, attempts: number[] = []): string[] {
  const texts: string[] = [];
  for (;;) {
    const chunk = core.read(claim);
    let offset = 0;
    for (const length of chunk.lengths) {
      texts.push(Buffer.from(chunk.bodies.subarray(offset, offset + length)).toString());
      offset += length;
    }
    assert.equal(offset, chunk.bodies.byteLength);
    assert.equal(chunk.sequences.length, chunk.attempts.length);
    attempts.push(...chunk.attempts);
    if (chunk.done) return texts;
  }
}

/** Lease, read and settle everything due: what a poller does. */
export function takeTexts(core: JournalCore, consumer = 'default'): string[] {
  const claim = core.lease(consumer, everything);
  if (claim === undefined) return [];
  const texts = readTexts(core, claim.id);
  core.settle(claim.id);
  return texts;
}

export function consumerOf(core: JournalCore, name = 'default'): ConsumerStats {
  const found = core.stats().consumers.find((consumer) => consumer.name === name);
  assert.ok(found, `consumer ${name}`);
  return found;
}

export function assertLaw(core: JournalCore): void {
  assert.deepEqual(brokenLaws(core.stats()), []);
}

export function fails(code: ErrorCode, words: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RelayError, String(error));
    assert.equal(error.code, code, `${error.code}: ${error.message}`);
    assert.match(error.message, words);
    return true;
  };
}

/** The file as SQLite sees it, beside the journal that has it open. */
export function inspect<Row>(path: string, sql: string): Row[] {
  const db = new Database(path, openConnection(path, { readOnly: true }));
  try {
    return db.all<Row>(sql);
  } finally {
    db.close();
  }
}

/** Change the file behind the journal's back: a disk that flips bits. */
export function tamper(path: string, sql: string): void {
  const db = new Database(path, openConnection(path, { timeout: 0 }));
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** V8's collector, which a test may need to run. */
export function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag makes of the name
  return runInNewContext('gc') as () => void;
}
