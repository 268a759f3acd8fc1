/**
 * The one door to SQLite: `node:sqlite` from Node 24.7, else @photostructure/sqlite, which has the same API.
 *
 * Called by database.ts and lock.ts only. Loaded when a journal is opened, not when this file is imported, so
 * that commands without a journal do not pay for it.
 * Traps of photostructure: a statement does not keep its connection alive, so whoever prepares statements keeps
 * the connection in a field beside them (Database does). And it cannot finalize statements, each of which would keep
 * the file of a closed connection open until it is collected as garbage. So a journal is attached to a connection that
 * has no file of its own, and detached before that is closed: then nothing keeps its descriptors (`openAttached`).
 */

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

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

/** Before it, `node:sqlite` refuses to bind numbered parameters (?1). */
const FIRST_NODE_WITH_SQLITE = { major: 24, minor: 7 };

export function openConnection(path: string, options: ConnectionOptions): Connection {
  const { DatabaseSync } = loadModule();
  return new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 0, ...options });
}

/** What an attached file is called in SQL, where its name is needed: pragmas, definitions. */
export const AS = 'journal';

/**
 * A file whose descriptors are closed with it, whatever statements there have been. `immutable`: nobody writes it
 * meanwhile, so it is read without locks, and nothing is made beside it.
 */
export function openAttached(path: string, options: ConnectionOptions, immutable = false): Connection {
  const connection = openConnection(':memory:', options);
  try {
    connection.exec(`ATTACH DATABASE '${nameOf(path, immutable).replaceAll("'", "''")}' AS ${AS}`);
  } catch (error) {
    connection.close();
    // ATTACH says "unable to open database: PATH" of everything, and means what its code says.
    const words = Object.entries(codesByWords).find(([, code]) => code === sqliteCode(error));
    if (error instanceof Error && words !== undefined) [error.message] = words;
    throw error;
  }
  return {
    get isTransaction() {
      return connection.isTransaction;
    },
    exec: (sql) => connection.exec(sql),
    prepare: (sql) => connection.prepare(sql),
    close: () => {
      try {
        if (connection.isTransaction) connection.exec('ROLLBACK');
        connection.exec(`DETACH DATABASE ${AS}`);
      } finally {
        connection.close();
      }
    },
  };
}

function nameOf(path: string, immutable: boolean): string {
  // SQLite's own: in memory, or a temporary file without a name.
  if (path === ':memory:' || path === '') return path;
  if (!immutable) return resolve(path);
  const url = pathToFileURL(path);
  url.search = '?immutable=1';
  return url.href;
}

function loadModule(): SqliteModule {
  if (hasSqlite(process.versions.node)) {
    const builtin: unknown = withoutSqliteWarning(() => process.getBuiltinModule('node:sqlite'));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node:sqlite; the types are those of Node 20
    return builtin as SqliteModule;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of its API that is used here
  return createRequire(import.meta.url)('@photostructure/sqlite') as SqliteModule;
}

function hasSqlite(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const first = FIRST_NODE_WITH_SQLITE;
  return major > first.major || (major === first.major && minor >= first.minor);
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
