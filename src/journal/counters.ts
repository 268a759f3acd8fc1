/**
 * The journal's counters: names and numbers in the table `counter`, mirrored in memory.
 *
 * A counter moves in the transaction that moves the message: `add` notes the change, `write` puts it into the
 * transaction, `keep` or `undo` follow the commit or the rollback. Reading is memory only, so that the size of
 * a backlog of a million messages is known without looking at it.
 */

import type { Database } from './database.ts';

export class Counters {
  readonly #values = new Map<string, number>();
  /** Values before the transaction under way, of the counters it moved. */
  readonly #before = new Map<string, number>();

  load(db: Database): void {
    this.#before.clear();
    this.#values.clear();
    const rows = db.all<{ name: string; value: number }>('SELECT name, value FROM counter');
    for (const { name, value } of rows) this.#values.set(name, value);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  add(name: string, amount: number): void {
    if (amount === 0) return;
    this.set(name, this.get(name) + amount);
  }

  set(name: string, value: number): void {
    const current = this.get(name);
    if (current === value) return;
    if (!this.#before.has(name)) this.#before.set(name, current);
    this.#values.set(name, value);
  }

  /** The counters whose name begins with the prefix, by the rest of their name. */
  under(prefix: string): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [name, value] of this.#values) {
      if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
    }
    return found;
  }

  write(db: Database): void {
    for (const name of this.#before.keys()) {
      db.run('INSERT OR REPLACE INTO counter(name, value) VALUES(?, ?)', name, this.get(name));
    }
  }

  keep(): void {
    this.#before.clear();
  }

  undo(): void {
    for (const [name, value] of this.#before) this.#values.set(name, value);
    this.#before.clear();
  }
}
