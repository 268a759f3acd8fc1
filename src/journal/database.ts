/**
 * One open SQLite file: prepared statements by their text, and transactions.
 *
 * Used by everything in src/journal. Rows are read with `all` or `get`, never with an open iterator: one held
 * across an await would pin the write-ahead log. The connection lives in a field as long as its statements.
 */

import { AS, type Connection, type SqlValue, type Statement } from './driver.ts';

export class Database {
  readonly path: string;
  readonly #connection: Connection;
  readonly #statements = new Map<string, Statement>();

  constructor(path: string, connection: Connection) {
    this.path = path;
    this.#connection = connection;
  }

  /** Rows as objects; the caller names their type, which the SQL text beside it must match. */
  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema is ours
    return this.#prepare(sql).all(...values) as Row[];
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as `all`
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema is ours
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /**
   * Columns of a query, all numbers, by name: one row of JSON arrays costs a third of a row object each.
   */
  columns(names: readonly string[], query: string, ...values: SqlValue[]): number[][] {
    const arrays = names.map((name) => `json_group_array(${name}) AS ${name}`).join(', ');
    const row = this.get<Record<string, string>>(`SELECT ${arrays} FROM (${query})`, ...values);
    return names.map((name) => parseNumbers(row?.[name]));
  }

  /** A number the file's header or SQLite knows of it. */
  pragma(name: 'application_id' | 'user_version' | 'page_count' | 'freelist_count' | 'page_size'): number {
    return Object.values(this.get<Record<string, number>>(`PRAGMA ${AS}.${name}`) ?? {})[0] ?? 0;
  }

  /** Rows changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Statements that are not worth keeping: pragmas, definitions. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** All or nothing, durable when it returns. Not nestable. */
  transaction<T>(work: () => T): T {
    this.#prepare('BEGIN IMMEDIATE').run();
    try {
      const result = work();
      this.#prepare('COMMIT').run();
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /** The cause of a failed transaction matters, not that its rollback failed as well (it has, then, no effect). */
  #rollback(): void {
    try {
      if (this.#connection.isTransaction) this.#prepare('ROLLBACK').run();
    } catch {
      // SQLite has rolled back by itself, or the connection is beyond use: the next statement says so.
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A JSON array of numbers made by SQLite. */
export function parseNumbers(json: string | undefined): number[] {
  const value: unknown = JSON.parse(json ?? '[]');
  return Array.isArray(value) ? value.map(Number) : [];
}
