/**
 * Look at a journal from end to end, beside the program that uses it: `idmef journal check`.
 *
 * Called by src/app/journal-check.ts and journal-repair.ts. Changes nothing. Everything is read in one transaction, so that
 * rows and counters are of one moment; while it lasts the program's log grows. Expected: an empty list of faults.
 */

import { messageOf, RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import { loadChecksum } from './checksum.ts';
import type { Database } from './database.ts';
import { fileFaults } from './header.ts';
import { JournalFile } from './journal-file.ts';
import type { JournalStats } from './journal.ts';
import type { AsIsOptions } from './open-as-is.ts';
import { rowFaults, schemaFaults, structureFaults } from './prove.ts';
import { layoutOf } from './salvage/layout.ts';
import { journalStats } from './stats.ts';
import type { Store } from './store.ts';

export interface Examination {
  /** One sentence each. */
  readonly faults: readonly string[];
  /** Undefined when the file cannot be opened as a journal. */
  readonly stats: JournalStats | undefined;
}

/** Faults of structure that are listed; where there are more, the first ones say enough. */
const MOST_FAULTS = 20;

/** Throws RelayError when there is none, or it is not to be looked at. */
export function examine(options: AsIsOptions): Examination {
  const faults = fileFaults(options.path);
  let file: JournalFile | undefined;
  try {
    file = new JournalFile({ ...options, readOnly: true, steady: true }, () => undefined);
    const stats = file.look((store) => lookAround(store, faults));
    return { faults, stats };
  } catch (error) {
    // A damaged mark looks like another program's file; the tables tell.
    const ours =
      error instanceof RelayError && (error.code === 'JOURNAL_CORRUPT' || isOurs(options.path, error));
    if (!ours) throw error;
    return { faults: [...faults, messageOf(error)], stats: undefined };
  } finally {
    file?.close();
  }
}

function isOurs(path: string, { code }: RelayError): boolean {
  return code === 'JOURNAL_IO' && layoutOf(path).whole;
}

function lookAround(store: Store, faults: string[]): JournalStats {
  const { db } = store;
  db.exec('BEGIN');
  try {
    store.counters.load(db);
    faults.push(
      ...structureFaults(db, MOST_FAULTS, 'integrity_check'),
      ...schemaFaults(db),
      ...rowFaults(store),
    );
    faults.push(...bodyFaults(db, 'message', 'seq'), ...bodyFaults(db, 'quarantine', 'id'));
    return journalStats(store);
  } finally {
    db.exec('COMMIT');
  }
}

/** Bodies that are not what was stored. */
function bodyFaults(db: Database, table: 'message' | 'quarantine', key: 'seq' | 'id'): string[] {
  const checksum = loadChecksum();
  const faults: string[] = [];
  const page = `SELECT ${key} AS number, len, crc32, body FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`;
  for (let after = 0; ;) {
    const rows = db.all<{ number: number; len: number; crc32: number; body: Uint8Array }>(
      page,
      after,
      journalLimits.firstReadRows,
    );
    for (const { number, len, crc32, body } of rows) {
      after = number;
      if (body.byteLength !== len)
        faults.push(`${table} ${number}: ${body.byteLength} bytes instead of ${len}`);
      else if (checksum(body) !== crc32) faults.push(`${table} ${number}: checksum differs`);
    }
    if (rows.length < journalLimits.firstReadRows) return faults;
  }
}
