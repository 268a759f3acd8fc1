/**
 * Rows of one table, inserted many at a time: a statement for each row costs three times as much.
 *
 * Used by accept.ts within its transaction. `finish` must be called before the rows are read, and before the commit.
 */

import type { Database } from '../../journal/database.ts';
import type { SqlValue } from '../../journal/driver.ts';

const MOST = 32;

export class Rows {
  readonly #db: Database;
  readonly #insert: string;
  readonly #row: string;
  #values: SqlValue[] = [];
  #count = 0;

  constructor(db: Database, table: string, columns: readonly string[]) {
    this.#db = db;
    this.#insert = `INSERT INTO ${table}(${columns.join(', ')}) VALUES`;
    this.#row = `(${columns.map(() => '?').join(', ')})`;
  }

  add(...values: SqlValue[]): void {
    for (const value of values) this.#values.push(value);
    this.#count++;
    if (this.#count === MOST) this.#write(MOST);
  }

  finish(): void {
    // In powers of two, so that there are few different statements.
    for (let size = MOST / 2; this.#count > 0; size /= 2) if (this.#count >= size) this.#write(size);
  }

  #write(count: number): void {
    const width = this.#values.length / this.#count;
    const rows = Array.from({ length: count }, () => this.#row).join(',');
    this.#db.run(`${this.#insert}${rows}`, ...this.#values.splice(0, count * width));
    this.#count -= count;
  }
}
