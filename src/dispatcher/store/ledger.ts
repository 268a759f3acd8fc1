/**
 * What the store's verbs work on: the open file with its counters, words and recipients.
 *
 * Made when a file is opened and replaced as a whole when the file is. `write` and `add` are the only ways to
 * change the file: rows and counters in one transaction, memory following the commit. Whoever makes something due
 * notes the recipient in `due`, which is announced after the commit (store-file.ts).
 */

import { RelayError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { Counters } from '../../journal/counters.ts';
import type { Database } from '../../journal/database.ts';
import { AS } from '../../journal/driver.ts';
import type { Reserve } from '../../journal/reserve.ts';
import { corruption, isFull } from '../../journal/sqlite-errors.ts';
import { Inserts } from './inserts.ts';
import type { StoreLoss } from './options.ts';
import { Recipients } from './recipients.ts';
import { Words } from './words.ts';

export interface Ledger {
  readonly id: string;
  readonly db: Database;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly words: Words;
  readonly recipients: Recipients;
  readonly inserts: Inserts;
  readonly reserve: Reserve;
  /** Recipients (names) for whom something may be due since the last announcement. */
  readonly due: Set<string>;
  /** Pairs dropped as damaged by the verb under way: reported after its commit. */
  readonly losses: StoreLoss[];
  /** Where retention goes on (tidy.ts). */
  readonly sweep: Sweep;
}

export interface Sweep {
  /** Messages up to this number have been looked at in this pass, */
  after: number;
  /** and identities up to this bucket. */
  bucket: number;
  /** Wall ms: the last pass has found all there is. */
  restUntil: number;
  /** It did not get below the size that is allowed. */
  tooLarge: boolean;
}

export interface LedgerParts {
  readonly clock: Clock;
  readonly reserve: Reserve;
}

export function loadLedger(db: Database, parts: LedgerParts): Ledger {
  const meta = db.get<{ value: string }>(`SELECT value FROM meta WHERE key = 'id'`);
  if (!/^[0-9a-f]{32}$/.test(String(meta?.value))) throw corruption('it has no id');
  const counters = new Counters();
  counters.load(db);
  return {
    id: meta?.value ?? '',
    db,
    counters,
    words: new Words(db),
    recipients: new Recipients(db),
    inserts: new Inserts(),
    due: new Set(),
    losses: [],
    sweep: { after: 0, bucket: -1, restUntil: -Infinity, tooLarge: false },
    ...parts,
  };
}

/**
 * Change the file: all or nothing, durable when it returns. On a full disk the log is written over from its
 * beginning, and if that is not enough the reserve is given up for it; so `work` may be done several times.
 */
export function write<T>(ledger: Ledger, work: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return change(ledger, work);
    } catch (error) {
      if (!isFull(error) || (attempt > 0 && !ledger.reserve.giveUp())) throw error;
      foldLog(ledger.db);
    }
  }
}

/** As `write`, for what takes room: the reserve is not for it. Refused while there is none. */
export function add<T>(ledger: Ledger, work: () => T): T {
  const { db, reserve } = ledger;
  if (!reserve.mayAppend) {
    throw new RelayError('JOURNAL_FULL', `journal ${db.path}: the disk is full`, {
      hint: 'free space on its filesystem; it goes on by itself when there is room for its reserve again',
    });
  }
  const result = change(ledger, work);
  // What the log holds needs as much room again in the file: it is taken while there is some.
  if (reserve.isTight) foldLog(db);
  return result;
}

const lastOf = {
  message: 'last:message',
  incident: 'last:incident',
  notification: 'last:notification',
} as const;

/** The next number of messages, incidents or notifications, never given twice. Within a transaction. */
export function nextNumber({ counters }: Ledger, of: keyof typeof lastOf): number {
  const number = counters.get(lastOf[of]) + 1;
  counters.set(lastOf[of], number);
  return number;
}

/** Pages in use: the file itself does not shrink. */
export function usedBytes({ db }: Ledger): number {
  return (db.pragma('page_count') - db.pragma('freelist_count')) * db.pragma('page_size');
}

function change<T>(ledger: Ledger, work: () => T): T {
  const { db, counters } = ledger;
  try {
    const result = db.transaction(() => {
      const value = work();
      counters.write(db);
      return value;
    });
    counters.keep();
    return result;
  } catch (error) {
    counters.undo();
    ledger.words.forget();
    ledger.due.clear();
    ledger.losses.length = 0;
    try {
      ledger.recipients.reload();
    } catch {
      // The file cannot be read: it is opened anew, or the next verb says why not.
    }
    throw error;
  }
}

/** Move the log into the file and begin it anew, in its place: it keeps its blocks. */
function foldLog(db: Database): void {
  try {
    db.exec(`PRAGMA ${AS}.wal_checkpoint(RESTART)`);
  } catch {
    // There is no room to move it to. It stays in the log, where it is safe.
  }
}
