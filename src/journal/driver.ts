/**
 * The one door to SQLite: `node:sqlite` from Node 24, else @photostructure/sqlite, which has the same API.
 *
 * Called by database.ts and lock.ts only. Loaded when a journal is opened, not when this file is imported, so
 * that commands without a journal do not pay for it.
 * Traps of photostructure: a statement does not keep its connection alive, so whoever prepares statements keeps
 * the connection in a field beside them (Database does). And a closed connection keeps its descriptors until its
 * statements are collected as garbage, so keep a journal open rather than opening it again and again.
 */

import { createRequire } from 'node:module';

export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

export interface Connection {
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface ConnectionOptions {
  readonly readOnly?: boolean;
  /** Milliseconds to wait for another process's lock. */
  readonly timeout?: number;
  readonly enableForeignKeyConstraints?: boolean;
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string, options?: ConnectionOptions) => Connection;
}

const FIRST_NODE_WITH_SQLITE = 24;

export function openConnection(path: string, options: ConnectionOptions): Connection {
  const { DatabaseSync } = loadModule();
  return new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 0, ...options });
}

function loadModule(): SqliteModule {
  if (Number.parseInt(process.versions.node, 10) >= FIRST_NODE_WITH_SQLITE) {
    const builtin: unknown = withoutSqliteWarning(() => process.getBuiltinModule('node:sqlite'));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node:sqlite; the types are those of Node 20
    return builtin as SqliteModule;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of its API that is used here
  return createRequire(import.meta.url)('@photostructure/sqlite') as SqliteModule;
}

/** Early releases of Node 24 call the module experimental on stderr, at every run of a timer's unit. */
function withoutSqliteWarning<T>(load: () => T): T {
  const original = process.emitWarning.bind(process);
  const filtered = (...args: unknown[]): void => {
    if (String(args[0]).startsWith('SQLite is an experimental feature')) return;
    Reflect.apply(original, process, args);
  };
  process.emitWarning = filtered;
  try {
    return load();
  } finally {
    process.emitWarning = original;
  }
}

/**
 * SQLite's own words for the codes that matter. photostructure loses the code of what fails in `all`.
 * https://www.sqlite.org/rescode.html
 */
const codesByWords: Readonly<Record<string, number>> = {
  'access permission denied': 3,
  'database is locked': 5,
  'database table is locked': 6,
  'out of memory': 7,
  'attempt to write a readonly database': 8,
  'disk I/O error': 10,
  'database disk image is malformed': 11,
  'database or disk is full': 13,
  'unable to open database file': 14,
  'string or blob too big': 18,
  'file is not a database': 26,
};

/** Primary SQLite result code of anything thrown (11 of SQLITE_CORRUPT_INDEX), or 0 when it is not SQLite's. */
export function sqliteCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return 'code' in error && error.code === 'ERR_SQLITE_ERROR' ? (codesByWords[error.message] ?? 0) : 0;
}
