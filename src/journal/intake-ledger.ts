/**
 * Spool files whose messages are in the journal (ARCHITECTURE.md: Spool intake): identity and messages in one transaction.
 *
 * Called by the sensor's intake, which lives on the journal's thread. A file is committed here before it is
 * touched; after a crash it is known and only removed, never read again. Files that stay in the spool own their
 * messages: one that disappears withdraws what nobody has settled. The intake says how the file counters move
 * (found, taken, known, waiting, refused:REASON); here they move in the transaction of the messages.
 */

import { appendMessages } from './append.ts';
import { endForAll } from './deliveries.ts';
import type { AppendResult, NewMessage } from './journal.ts';
import type { Range } from './ranges.ts';
import { write, type Store } from './store.ts';

/** A spool file: its name, and in a form of the intake's own what else makes it this file and no other. */
export interface LedgerFile {
  readonly name: string;
  readonly identity: string;
}

export interface TakenFile extends LedgerFile {
  readonly messages: readonly NewMessage[];
}

/** Changes of the file counters, by name. */
export type FileCounts = Readonly<Record<string, number>>;

const PREFIX = 'files:';
const NOTHING: AppendResult = { accepted: 0, duplicate: 0, quarantined: 0, conflict: 0, first: 0, last: 0 };

/** Runs inside a transaction of its caller. A file that is known already adds nothing. */
export function takeFiles(store: Store, files: readonly TakenFile[]): AppendResult[] {
  const fresh = new Set(files.filter((file) => !knowsFile(store, file)));
  // One append for all: the messages of a group are numbered and owed in one stroke.
  let { first: next } = appendMessages(store, { messages: [...fresh].flatMap(({ messages }) => messages) });
  const at = store.clock.now();
  return files.map((file) => {
    if (!fresh.has(file)) return NOTHING;
    const accepted = file.messages.filter(({ quarantine }) => quarantine === undefined).length;
    const [first, last] = accepted === 0 ? [0, 0] : [next, next + accepted - 1];
    next += accepted;
    store.db.run(
      'INSERT INTO intake(name, identity, first, last, at) VALUES(?, ?, ?, ?, ?)',
      file.name,
      file.identity,
      first,
      last,
      at,
    );
    const quarantined = file.messages.length - accepted;
    return { accepted, duplicate: 0, quarantined, conflict: 0, first, last };
  });
}

/** Runs inside a transaction of its caller. */
export function moveFileCounters({ counters }: Store, counts: FileCounts): void {
  for (const [name, amount] of Object.entries(counts)) counters.add(PREFIX + name, amount);
}

export function fileCounters({ counters }: Store): Record<string, number> {
  return counters.under(PREFIX);
}

export function knowsFile({ db }: Store, { name, identity }: LedgerFile): boolean {
  return db.get('SELECT 1 FROM intake WHERE name = ? AND identity = ?', name, identity) !== undefined;
}

export function listFiles({ db }: Store): LedgerFile[] {
  return db.all<LedgerFile>('SELECT name, identity FROM intake ORDER BY name, identity');
}

/** After the files were removed or moved. Their messages stay owed. */
export function forgetFiles(store: Store, files: readonly LedgerFile[], counts: FileCounts): void {
  write(store, () => {
    for (const file of files) forget(store, file);
    moveFileCounters(store, counts);
  });
}

/** The files left the spool by another hand. Returns their messages that were still owed to anybody. */
export function withdrawFiles(store: Store, files: readonly LedgerFile[], counts: FileCounts): number {
  const ranges = files.flatMap((file) => rangeOf(store, file));
  const withdrawn = write(store, () => {
    let owed = 0;
    for (const range of ranges) {
      owed += countOwed(store, range);
      endForAll(store, range, (consumer) => `${consumer.counter.dropped}withdrawn`);
    }
    for (const file of files) forget(store, file);
    moveFileCounters(store, counts);
    return owed;
  });
  for (const consumer of store.consumers.all) {
    for (const range of ranges) store.claims.markGone(consumer, range);
  }
  return withdrawn;
}

/** Numbers of a file's messages; none when it is unknown or had nothing acceptable. */
function rangeOf({ db }: Store, { name, identity }: LedgerFile): Range[] {
  const select = 'SELECT first, last FROM intake WHERE name = ? AND identity = ? AND first > 0';
  return db.all<Range>(select, name, identity);
}

function countOwed({ db }: Store, { first, last }: Range): number {
  const row = db.get<{ count: number }>(
    `SELECT count(DISTINCT delivery.seq) AS count FROM consumer CROSS JOIN delivery
       ON delivery.consumer = consumer.id WHERE seq BETWEEN ? AND ? AND state = 0`,
    first,
    last,
  );
  return row?.count ?? 0;
}

function forget({ db }: Store, { name, identity }: LedgerFile): void {
  db.run('DELETE FROM intake WHERE name = ? AND identity = ?', name, identity);
}
