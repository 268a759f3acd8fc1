/**
 * What the steps of a salvage work on: the damaged pages on one side, the journal in the making on the other.
 *
 * The target is written without a log and without fsync, because it counts for nothing until it is complete,
 * synced and renamed into place (replace.ts). Its temporary tables hold what is not yet decided.
 */

import type { Database } from '../database.ts';
import type { SqlValue } from '../driver.ts';
import type { Table } from './layout.ts';
import type { PageSource } from './page-source.ts';
import type { Value } from './record.ts';

export interface Workplace {
  readonly source: PageSource;
  /** By page number: walk.ts `use`. */
  readonly used: Uint8Array;
  readonly tables: ReadonlyMap<string, Table>;
  /** As the new file has them. */
  readonly expected: ReadonlyMap<string, Table>;
  readonly target: Database;
  /** Who is owed what nobody can say any more who was owed it, unless the file still names its consumers. */
  readonly consumers: readonly string[];
  /** False: a plan only, which needs no bodies. */
  readonly bodies: boolean;
}

/** Larger numbers of messages are the work of a flipped bit. */
export const MAX_SEQUENCE = 2 ** 48;

const TEMPORARY = `
  CREATE TEMP TABLE uncertain(seq INTEGER PRIMARY KEY, free INTEGER NOT NULL);
  CREATE TEMP TABLE bad(seq INTEGER PRIMARY KEY);
  CREATE TEMP TABLE damage(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
  CREATE TEMP TABLE lost(consumer INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(consumer, seq)) WITHOUT ROWID;
  CREATE TEMP TABLE orphan(seq INTEGER PRIMARY KEY);
  CREATE TEMP TABLE gone(seq INTEGER PRIMARY KEY);
  CREATE TEMP TABLE found(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

export function prepareTarget(target: Database): void {
  target.exec(TEMPORARY);
}

export function tableOf({ tables }: Workplace, name: string): Table {
  const table = tables.get(name);
  if (table === undefined) throw new Error(`no layout of table ${name}`);
  return table;
}

/** A row of the same columns in the new file. False when it was there already. */
export function putRow(
  { target }: Workplace,
  table: string,
  row: Readonly<Record<string, Value>>,
  columns: readonly string[],
): boolean {
  const marks = columns.map(() => '?').join(', ');
  const values: SqlValue[] = columns.map((name) => row[name] ?? null);
  return target.run(`INSERT OR IGNORE INTO ${table}(${columns.join(', ')}) VALUES(${marks})`, ...values) > 0;
}
