/**
 * Where a damaged journal keeps which table: as its own schema says, else as this program would have made it.
 *
 * Used by salvage.ts. Columns are found by name, so that files of earlier formats are read as well; a definition
 * that cannot be understood, or is gone, is replaced by the present one, and its rows are then looked for in all pages.
 */

import { TABLES } from '../schema.ts';
import type { Value } from './record.ts';
import { walkTree, type Tree } from './walk.ts';
import { PageSource } from './page-source.ts';

export interface Column {
  readonly name: string;
  readonly type: 'INTEGER' | 'TEXT' | 'BLOB';
  readonly nullable: boolean;
  /** Stands for the row number, which is not part of the record. */
  readonly rowNumber: boolean;
}

export interface Table {
  readonly name: string;
  /** Page of its root; undefined when the schema does not say. */
  readonly root: number | undefined;
  readonly kind: Tree['kind'];
  readonly columns: readonly Column[];
}

export type TableName =
  | 'counter'
  | 'consumer'
  | 'message'
  | 'delivery'
  | 'origin'
  | 'seen'
  | 'previous'
  | 'intake'
  | 'quarantine'
  | 'state';

const SCHEMA_COLUMNS = 5;

export interface Layout {
  /** All tables a journal has. */
  readonly tables: ReadonlyMap<string, Table>;
  /** The file's schema names each of them. */
  readonly whole: boolean;
  /** Of everything its schema names. */
  readonly definitions: readonly string[];
}

export function readLayout(source: PageSource, used: Uint8Array): Layout {
  const found = new Map<string, Table>();
  const definitions: string[] = [];
  walkTree(
    source,
    { kind: 'rows', root: 1, columns: SCHEMA_COLUMNS, used },
    {
      row: ({ values: [type, name, , root, sql] }) => {
        if (typeof sql === 'string') definitions.push(sql);
        if (type !== 'table' || typeof sql !== 'string' || typeof root !== 'number') return;
        const table = parseTable(sql);
        if (table !== undefined && table.name === name) found.set(table.name, { ...table, root });
      },
      gap: () => undefined,
    },
  );
  const expected = expectedTables();
  const tables = new Map([...expected].map(([name, table]) => [name, found.get(name) ?? table]));
  return { tables, whole: [...expected.keys()].every((name) => found.has(name)), definitions };
}

/** What the schema of a file says, without SQLite. */
export function layoutOf(path: string): Layout {
  const source = new PageSource(path);
  try {
    return readLayout(source, new Uint8Array(source.count + 1));
  } finally {
    source.close();
  }
}

/** The tables this program makes. */
export function expectedTables(): ReadonlyMap<string, Table> {
  const tables = TABLES.split(';').flatMap((sql) => parseTable(sql.trim().replaceAll(/\s+/g, ' ')) ?? []);
  return new Map(tables.map((table) => [table.name, table]));
}

/** Undefined when it is no `CREATE TABLE` of the simple kind the journal uses. */
export function parseTable(sql: string): Table | undefined {
  const match = /^CREATE TABLE (\w+)\s*\((.*)\)\s*(WITHOUT ROWID)?$/s.exec(sql);
  const [, name, body] = match ?? [];
  if (name === undefined || body === undefined) return undefined;
  const columns: Column[] = [];
  // A list of columns in brackets (PRIMARY KEY) is no column, and holds the only commas within a part.
  for (const part of body.replaceAll(/\([^)]*\)/g, '').split(',')) {
    const words = part.trim().split(/\s+/);
    const [column = '', type = ''] = words;
    if (column === 'PRIMARY' || column === 'UNIQUE') continue;
    if (type !== 'INTEGER' && type !== 'TEXT' && type !== 'BLOB') return undefined;
    const rowNumber = type === 'INTEGER' && words[2] === 'PRIMARY' && match?.[3] === undefined;
    columns.push({ name: column, type, nullable: !/NOT NULL|PRIMARY/.test(part), rowNumber });
  }
  return { name, root: undefined, kind: match?.[3] === undefined ? 'rows' : 'keys', columns };
}

/** The record as an object, or undefined when a value is not of its column's kind. */
export function toRow(
  { columns }: Table,
  values: readonly Value[],
  number: number,
): Record<string, Value> | undefined {
  const row: Record<string, Value> = {};
  for (const [index, { name, type, nullable, rowNumber }] of columns.entries()) {
    const value = rowNumber && values[index] === null ? number : (values[index] ?? null);
    if (!(value === null ? nullable : fits(value, type))) return undefined;
    row[name] = value;
  }
  return row;
}

function fits(value: Exclude<Value, null>, type: Column['type']): boolean {
  if (type === 'INTEGER') return typeof value === 'number';
  return type === 'TEXT' ? typeof value === 'string' : value instanceof Uint8Array;
}
