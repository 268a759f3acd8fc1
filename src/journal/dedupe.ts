/**
 * Recognise messages pulled before (ARCHITECTURE.md: Poller).
 *
 * From a journal with sequences: a duplicate only if journal id, sequence and SHA-256 all match a remembered one;
 * the same number with other bytes (a restored snapshot) is new, counted as a conflict. From a server without:
 * what its previous answer contained, as a multiset, is not new; one append is one answer, an empty one included.
 * Runs inside the transaction that stores the messages, so memory and messages never disagree.
 */

import { hash } from 'node:crypto';
import { journalLimits } from '../core/limits.ts';
import type { NewMessage, Origin } from './journal.ts';
import type { Store } from './store.ts';

export const verdict = { fresh: 0, duplicate: 1, conflict: 2 } as const;

const DAY_MS = 86_400_000;
/** Look a batch up in one range query unless its numbers lie wider apart than this many times its size. */
const SPARSE = 8;
const HASH_BYTES = 32;
/** A batch in one statement: its numbers as a JSON array, its hashes joined. */
const REMEMBER = `
  INSERT INTO seen(origin, seq, sha256, at)
    SELECT ?, value, substr(?, key * ${HASH_BYTES} + 1, ${HASH_BYTES}), ? FROM json_each(?)`;

/** One verdict a message, or undefined when all are new by definition (no origin). */
export function dedupe(
  store: Store,
  messages: readonly NewMessage[],
  origin: Origin | undefined,
): Uint8Array | undefined {
  if (origin === undefined) return undefined;
  if (origin.kind === 'unsequenced') return compareWithPrevious(store, messages);
  return compareWithSeen(store, messages, origin.journal, origin.sequences);
}

function compareWithSeen(
  store: Store,
  messages: readonly NewMessage[],
  journal: string,
  sequences: readonly number[],
): Uint8Array {
  const { db } = store;
  const origin = originId(store, journal);
  const seen = lookUp(store, origin, sequences);
  const verdicts = new Uint8Array(messages.length);
  const at = store.clock.now();
  const fresh: { readonly sequences: number[]; readonly hashes: Buffer[] } = { sequences: [], hashes: [] };
  messages.forEach(({ body }, index) => {
    const sequence = sequences[index] ?? 0;
    const digest = sha256(body);
    const known = seen.get(sequence);
    if (known?.some((other) => other.equals(digest)) === true) {
      verdicts[index] = verdict.duplicate;
      return;
    }
    if (known === undefined) seen.set(sequence, [digest]);
    else {
      verdicts[index] = verdict.conflict;
      known.push(digest);
    }
    fresh.sequences.push(sequence);
    fresh.hashes.push(digest);
  });
  const count = fresh.sequences.length;
  if (count > 0) {
    db.run(REMEMBER, origin, Buffer.concat(fresh.hashes), at, JSON.stringify(fresh.sequences));
    db.run('UPDATE origin SET remembered = remembered + ? WHERE id = ?', count, origin);
  }
  prune(store, origin, at);
  return verdicts;
}

function originId({ db }: Store, journal: string): number {
  const select = 'SELECT id FROM origin WHERE journal = ?';
  const row = db.get<{ id: number }>(select, journal);
  if (row !== undefined) return row.id;
  db.run('INSERT INTO origin(journal, remembered) VALUES(?, 0)', journal);
  return db.get<{ id: number }>(select, journal)?.id ?? 0;
}

interface SeenRow {
  readonly seq: number;
  readonly sha256: Uint8Array;
}

function lookUp({ db }: Store, origin: number, sequences: readonly number[]): Map<number, Buffer[]> {
  const lowest = sequences.reduce((least, sequence) => Math.min(least, sequence), Infinity);
  const highest = sequences.reduce((most, sequence) => Math.max(most, sequence), 0);
  const rows: SeenRow[] = [];
  const range = 'SELECT seq, sha256 FROM seen WHERE origin = ? AND seq BETWEEN ? AND ?';
  if (highest - lowest < SPARSE * sequences.length)
    rows.push(...db.all<SeenRow>(range, origin, lowest, highest));
  else for (const one of new Set(sequences)) rows.push(...db.all<SeenRow>(range, origin, one, one));
  const seen = new Map<number, Buffer[]>();
  for (const row of rows) {
    const digest = Buffer.from(row.sha256.buffer, row.sha256.byteOffset, row.sha256.byteLength);
    const known = seen.get(row.seq);
    if (known === undefined) seen.set(row.seq, [digest]);
    else known.push(digest);
  }
  return seen;
}

/** Forget the lowest numbers of a sensor that has too many, and hourly everybody's too old ones. */
function prune({ db, counters }: Store, origin: number, now: number): void {
  const row = db.get<{ remembered: number }>('SELECT remembered FROM origin WHERE id = ?', origin);
  const excess = (row?.remembered ?? 0) - journalLimits.rememberedMessages;
  if (excess > journalLimits.pruneSlack) {
    const kept = db.get<{ seq: number }>(
      'SELECT seq FROM seen WHERE origin = ? ORDER BY seq LIMIT 1 OFFSET ?',
      origin,
      excess,
    );
    if (kept !== undefined) forgetBelow(db, origin, kept.seq);
  }
  if (Math.abs(now - counters.get('prunedAt')) < journalLimits.pruneEveryMs) return;
  counters.set('prunedAt', now);
  const expired = now - journalLimits.rememberedDays * DAY_MS;
  for (const { id } of db.all<{ id: number }>('SELECT id FROM origin')) {
    const select = 'SELECT seq FROM seen WHERE origin = ? AND at >= ? ORDER BY seq LIMIT 1';
    forgetBelow(db, id, db.get<{ seq: number }>(select, id, expired)?.seq ?? Number.MAX_SAFE_INTEGER);
    db.run('DELETE FROM origin WHERE id = ? AND id <> ? AND remembered = 0', id, origin);
  }
}

function forgetBelow(db: Store['db'], origin: number, sequence: number): void {
  const forgotten = db.run('DELETE FROM seen WHERE origin = ? AND seq < ?', origin, sequence);
  if (forgotten > 0) db.run('UPDATE origin SET remembered = remembered - ? WHERE id = ?', forgotten, origin);
}

function compareWithPrevious({ db }: Store, messages: readonly NewMessage[]): Uint8Array {
  const verdicts = new Uint8Array(messages.length);
  const answer = new Map<string, number>();
  messages.forEach(({ body }, index) => {
    const digest = sha256(body);
    const key = digest.toString('latin1');
    const nth = (answer.get(key) ?? 0) + 1;
    answer.set(key, nth);
    const before =
      db.get<{ count: number }>('SELECT count FROM previous WHERE sha256 = ?', digest)?.count ?? 0;
    if (nth <= before) verdicts[index] = verdict.duplicate;
  });
  db.run('DELETE FROM previous');
  for (const [key, count] of answer) {
    db.run('INSERT INTO previous(sha256, count) VALUES(?, ?)', Buffer.from(key, 'latin1'), count);
  }
  return verdicts;
}

function sha256(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer');
}
