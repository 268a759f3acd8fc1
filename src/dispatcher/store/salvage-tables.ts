/**
 * Rows of a damaged store, table by table, into a new one: from the front until a page cannot be read, from the back
 * until the same, and what lies between by halving the range again and again.
 *
 * Called by salvage.ts. Rows the new table does not take (a value that is not of its column's kind) are left out.
 */

import { storeLimits } from '../../core/limits.ts';
import type { Database } from '../../journal/database.ts';
import { AS, type SqlValue } from '../../journal/driver.ts';

type Row = Readonly<Record<string, SqlValue>>;

export interface Brought {
  readonly rows: Readonly<Record<string, number>>;
  /** Tables with something unreadable. */
  readonly damaged: readonly string[];
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Primary key. */
  readonly key: readonly string[];
  /** The first column of the key is a number. */
  readonly numbered: boolean;
}

const PAGE_ROWS = 500;
/** Halvings of one table: a destroyed subtree costs one a row. */
const MOST_PROBES = 100_000;

export function bringTables(old: Database | undefined, target: Database): Brought {
  const rows: Record<string, number> = {};
  const damaged: string[] = [];
  for (const table of tablesOf(target)) {
    const copy = new Copy(old, target, table);
    if (old === undefined || !copy.all()) damaged.push(table.name);
    rows[table.name] = copy.count;
  }
  return { rows, damaged };
}

/** Of the new file; it has its own identity. */
function tablesOf(target: Database): Table[] {
  const names = target.all<{ name: string }>(
    `SELECT name FROM ${AS}.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'`,
  );
  return names.map(({ name }) => {
    const info = target.all<{ name: string; type: string; pk: number }>(`PRAGMA ${AS}.table_info(${name})`);
    const key = info.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    return {
      name,
      columns: info.map((column) => column.name),
      key: key.map((column) => column.name),
      numbered: key[0]?.type === 'INTEGER',
    };
  });
}

class Copy {
  count = 0;
  readonly #old: Database | undefined;
  readonly #target: Database;
  readonly #table: Table;
  readonly #insert: string;
  #probes = 0;
  #whole = true;

  constructor(old: Database | undefined, target: Database, table: Table) {
    this.#old = old;
    this.#target = target;
    this.#table = table;
    const { name, columns } = table;
    this.#insert = `INSERT OR IGNORE INTO ${name}(${columns.join(', ')}) VALUES(${columns.map(() => '?').join(', ')})`;
  }

  /** False: something could not be read. */
  all(): boolean {
    const first = this.#walk('>', 'ASC');
    if (first.ended) return this.#whole;
    this.#whole = false;
    const last = this.#walk('<', 'DESC');
    const { key, numbered } = this.#table;
    if (!numbered || last.ended) return false;
    const [column = ''] = key;
    const from = Number(first.row?.[column] ?? 0);
    const to = Number(last.row?.[column] ?? this.#highest());
    if (to >= from) this.#halve(column, from, to);
    return false;
  }

  /** Page by page until the end, or until one cannot be read; then row by row up to that. */
  #walk(sign: '<' | '>', order: 'ASC' | 'DESC'): { readonly row: Row | undefined; readonly ended: boolean } {
    const { name, key } = this.#table;
    const by = key.map((column) => `${column} ${order}`).join(', ');
    let row: Row | undefined;
    let limit = PAGE_ROWS;
    for (;;) {
      const after = key.map((column) => row?.[column] ?? null);
      const behind =
        row === undefined ? '' : `WHERE (${key.join(', ')}) ${sign} (${key.map(() => '?').join(', ')})`;
      const found = this.#read(
        `SELECT * FROM ${name} ${behind} ORDER BY ${by} LIMIT ${limit}`,
        ...(row === undefined ? [] : after),
      );
      if (found === undefined && limit === 1) return { row, ended: false };
      if (found === undefined) {
        limit = 1;
        continue;
      }
      for (const one of found) this.#put(one);
      row = found.at(-1) ?? row;
      if (found.length < limit) return { row, ended: true };
    }
  }

  /** Rows whose number lies in a range, in halves where it cannot be read as a whole. */
  #halve(column: string, from: number, to: number): void {
    if (++this.#probes > MOST_PROBES || from > to) return;
    const { name } = this.#table;
    const found = this.#read(
      `SELECT * FROM ${name} WHERE ${column} BETWEEN ? AND ? LIMIT ${storeLimits.sweptRows}`,
      from,
      to,
    );
    if (found !== undefined && (found.length < storeLimits.sweptRows || from === to)) {
      for (const row of found) this.#put(row);
      return;
    }
    if (from === to) return;
    const middle = Math.floor((from + to) / 2);
    this.#halve(column, from, middle);
    this.#halve(column, middle + 1, to);
  }

  /** As far as numbers can go: what the counters of the new file know, they being brought first. */
  #highest(): number {
    const row = this.#target.get<{ most: number | null }>(
      `SELECT max(value) AS most FROM counter WHERE name LIKE 'last:%'`,
    );
    return row?.most ?? 0;
  }

  /** Undefined: not readable. Whatever SQLite says of a damaged page is about that page. */
  #read(sql: string, ...values: SqlValue[]): readonly Row[] | undefined {
    try {
      return this.#old?.all<Row>(sql, ...values);
    } catch {
      return undefined;
    }
  }

  #put(row: Row): void {
    try {
      this.count += this.#target.run(
        this.#insert,
        ...this.#table.columns.map((column) => row[column] ?? null),
      );
    } catch {
      this.#whole = false;
    }
  }
}
