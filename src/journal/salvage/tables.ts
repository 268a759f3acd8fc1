/**
 * Bring over everything but messages and deliveries: consumers, quarantine, state, and what prevents duplicates.
 *
 * Called by salvage.ts, first by walking the tables, then for those with gaps from pages nothing leads to. Columns are
 * taken by name, so a file of an earlier format gives what it has. Values that are not of their column's kind are
 * no rows. Counters go to the temporary table `found` and are judged by figures.ts.
 */

import { loadChecksum } from '../checksum.ts';
import { toRow, type TableName } from './layout.ts';
import type { Value } from './record.ts';
import type { Wanted } from './carve.ts';
import { walkTree } from './walk.ts';
import { MAX_SEQUENCE, putRow, tableOf, type Workplace } from './workplace.ts';

type Row = Readonly<Record<string, Value>>;

/** Figures of the rows that cannot be told from the new file. */
export interface TableFigures {
  /** Tables with gaps. */
  readonly broken: Set<TableName>;
  quarantineDamaged: number;
}

const JOURNAL_ID = /^[0-9a-f]{32}$/;
const HASH_BYTES = 32;

/** What makes a row of this table plausible beyond the kinds of its columns. */
const plausible: Readonly<Record<Exclude<TableName, 'message' | 'delivery'>, (row: Row) => boolean>> = {
  counter: ({ name, value }) =>
    isName(name) && Number(value) >= -MAX_SEQUENCE && Number(value) <= MAX_SEQUENCE,
  consumer: ({ id, name }) => Number(id) > 0 && isName(name) && !JOURNAL_ID.test(String(name)),
  origin: ({ id, journal }) => Number(id) > 0 && JOURNAL_ID.test(String(journal)),
  seen: ({ sha256 }) => isHash(sha256),
  previous: ({ sha256, count }) => isHash(sha256) && Number(count) > 0,
  intake: ({ name, identity }) => name !== '' && identity !== '',
  quarantine: ({ kind, crc32, len, body }) =>
    (kind === 'invalid' || kind === 'poison') &&
    body instanceof Uint8Array &&
    body.byteLength === len &&
    loadChecksum()(body) === crc32,
  state: ({ key }) => isName(key),
};

const names = ['counter', 'consumer', 'origin', 'seen', 'previous', 'intake', 'quarantine', 'state'] as const;

export function bringTables(work: Workplace, figures: TableFigures): void {
  for (const name of names) {
    const table = tableOf(work, name);
    const { kind, root, columns } = table;
    walkTree(
      work.source,
      { kind, root, columns: columns.length, used: work.used },
      {
        row: ({ values, number }) => {
          const row = toRow(table, values, number);
          if (row !== undefined && plausible[name](row)) put(work, name, row);
          else if (name === 'quarantine') figures.quarantineDamaged++;
          else figures.broken.add(name);
        },
        gap: () => figures.broken.add(name),
      },
    );
  }
}

/** Rows of the tables with gaps, in pages nothing leads to. Free pages are left out: they hold what was deleted. */
export function strayRows(work: Workplace, { broken }: TableFigures): Wanted[] {
  return names
    .filter((name) => broken.has(name))
    .map((name) => {
      const table = tableOf(work, name);
      return {
        kind: table.kind,
        columns: table.columns.length,
        take: ({ values, number, free }) => {
          const row = free ? undefined : toRow(table, values, number);
          if (row === undefined || !plausible[name](row) || isOther(name, row)) return false;
          put(work, name, row);
          return true;
        },
      };
    });
}

/** Tables of the same shape: the journal's own id stands in `meta` and is not wanted in `state`. */
function isOther(name: TableName, { key, value }: Row): boolean {
  return name === 'state' && key === 'id' && JOURNAL_ID.test(String(value));
}

function put(work: Workplace, name: Exclude<TableName, 'message' | 'delivery'>, row: Row): void {
  const { target } = work;
  if (name === 'counter') {
    target.run(
      'INSERT OR REPLACE INTO found(name, value) VALUES(?, ?)',
      row['name'] ?? '',
      row['value'] ?? 0,
    );
    return;
  }
  const known = work.expected.get(name)?.columns ?? [];
  const columns = known.map((column) => column.name).filter((column) => row[column] !== undefined);
  const kept = name === 'quarantine' && !work.bodies ? { ...row, body: new Uint8Array(0) } : row;
  putRow(work, name, kept, columns);
}

function isName(value: Value | undefined): boolean {
  return typeof value === 'string' && /^[\x20-\x7e\u00a0-\uffff]{1,1000}$/.test(value);
}

function isHash(value: Value | undefined): boolean {
  return value instanceof Uint8Array && value.byteLength === HASH_BYTES;
}
