/**
 * Rows of one table, inserted many at a time: a statement for each row costs three times as much.
 *
 * Used by accept.ts and claim.ts within their transactions. `finish` must be called before the rows are read, and before the commit.
 */

import type { Database } from '../../journal/database.ts';
import type { SqlValue } from '../../journal/driver.ts';
import { MOST_ROWS, type Insert } from './inserts.ts';

export class Rows {
  readonly #db: Database;
  readonly #insert: Insert;
  #values: SqlValue[] = [];
  #count = 0;

  constructor(db: Database, insert: Insert) {
    this.#db = db;
    this.#insert = insert;
  }

  add(...values: SqlValue[]): void {
    for (const value of values) this.#values.push(value);
    this.#count++;
    if (this.#count < MOST_ROWS) return;
    this.#db.run(this.#insert.text(MOST_ROWS), ...this.#values);
    this.#values = [];
    this.#count = 0;
  }

  finish(): void {
    // In powers of two, so that there are few different statements.
    for (let size = MOST_ROWS / 2; this.#count > 0; size /= 2) {
      if (this.#count < size) continue;
      this.#db.run(this.#insert.text(size), ...this.#values.splice(0, size * this.#insert.width));
      this.#count -= size;
    }
  }
}
