/**
 * A journal as a killed sensor or poller leaves it, with an account of what it owes: the raw material of r07-corruption.ts.
 *
 * Some hundred messages from a few bytes to many pages, two consumers, some settled by one, some by both (so that
 * there are free pages), some leased, some in quarantine, some pulled from a sensor, some taken from spool files.
 */

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JournalCore } from '../../src/journal/core.ts';
import type { NewMessage } from '../../src/journal/journal.ts';
import { manualClock } from '../support/manual-clock.ts';

export const consumers = ['east', 'west'] as const;

export interface BaseJournal {
  readonly directory: string;
  /** By hash: number of the message. */
  readonly issued: ReadonlyMap<string, number>;
  /** Bodies by number. */
  readonly bodies: readonly Buffer[];
  /** Numbers each consumer has not settled. */
  readonly owed: ReadonlyMap<string, ReadonlySet<number>>;
  readonly quarantined: number;
}

export const parts = ['', '-wal', '-shm'] as const;

export function sha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Make one in a directory of its own. @param closed in order, which leaves no log */
export function makeJournal(directory: string, chance: () => number, closed: boolean): BaseJournal {
  mkdirSync(directory);
  const working = join(directory, 'working.db');
  const core = new JournalCore({
    path: working,
    consumers,
    clock: manualClock(),
    random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance() * 256) },
  });
  const issued = new Map<string, number>();
  const bodies: Buffer[] = [];
  const owed = new Map<string, Set<number>>(consumers.map((name) => [name, new Set()]));
  const make = (count: number): NewMessage[] =>
    Array.from({ length: count }, () => {
      const body = bodyOf(bodies.length, chance);
      issued.set(sha256(body), bodies.length);
      bodies.push(body);
      for (const set of owed.values()) set.add(bodies.length - 1);
      return { body, severity: chance() < 0.5 ? 1 : 4 };
    });
  let quarantined = 0;
  let pulled = 0;
  const rounds = 12 + Math.floor(chance() * 12);
  for (let round = 0; round < rounds; round++) {
    const messages = make(5 + Math.floor(chance() * 30));
    if (round % 3 === 0) core.append({ messages });
    else if (round % 3 === 1) {
      const origin = {
        kind: 'sequenced',
        journal: 'ab'.repeat(16),
        sequences: messages.map(() => ++pulled),
      } as const;
      core.append({ messages, origin });
    } else
      core.takeFiles(
        messages.map((message, n) => ({ name: `${round}-${n}.xml`, identity: `${n}`, messages: [message] })),
      );
    if (round % 4 === 0) {
      quarantined += 2;
      const quarantine = { reason: 'E12', detail: '{"problems":[]}' };
      core.append({
        messages: [1, 2].map((n) => ({
          body: Buffer.from(`<bad n="${round}-${n}"/>`),
          severity: 0,
          quarantine,
        })),
      });
    }
    for (const name of consumers) if (chance() < 0.4) settleSome(core, name, chance, issued, owed);
  }
  for (const name of consumers) core.lease(name, { messages: 5, bytes: 1e6 });
  if (closed) core.close();
  // As a kill leaves them: SQLite is not asked.
  for (const part of parts) {
    if (existsSync(working + part)) copyFileSync(working + part, join(directory, `journal.db${part}`));
  }
  core.close();
  return { directory, issued, bodies, owed, quarantined };
}

function settleSome(
  core: JournalCore,
  name: string,
  chance: () => number,
  issued: ReadonlyMap<string, number>,
  owed: ReadonlyMap<string, Set<number>>,
): void {
  const claim = core.lease(name, { messages: 1 + Math.floor(chance() * 60), bytes: 4e6 });
  if (claim === undefined) return;
  const settled: number[] = [];
  eachBody(core, claim.id, (body, sequence) => {
    if (chance() < 0.2) return;
    settled.push(sequence);
    owed.get(name)?.delete(issued.get(sha256(body)) ?? -1);
  });
  if (settled.length > 0) core.settle(claim.id, settled);
  if (core.isOpen(claim.id)) core.release(claim.id);
}

/** Every message of a claim. */
export function eachBody(
  core: JournalCore,
  claim: number,
  work: (body: Uint8Array, sequence: number) => void,
): void {
  for (;;) {
    const chunk = core.read(claim);
    let offset = 0;
    for (const [index, length] of chunk.lengths.entries()) {
      work(chunk.bodies.subarray(offset, offset + length), chunk.sequences[index] ?? 0);
      offset += length;
    }
    if (chunk.done) return;
  }
}

/** Text no two messages share any part of, mostly as long as an alert, at times many pages. */
function bodyOf(number: number, chance: () => number): Buffer {
  const kind = chance();
  const length =
    kind < 0.1
      ? 40
      : kind < 0.85
        ? 500 + chance() * 4000
        : kind < 0.97
          ? 15_000 + chance() * 30_000
          : 200_000;
  let text = `<alert id="${number}">`;
  while (text.length < length) text += `${Math.floor(chance() * 2 ** 32).toString(36)} `;
  return Buffer.from(`${text}</alert>`);
}
