/**
 * Texts that repeat (routes, reasons, hashes of configurations), each stored once and named by its number.
 *
 * Used by the verbs that write or show pairs and messages. 0 is the empty text. The few in use are in memory, and
 * forgotten after a transaction that was undone. `used_at` is kept to the day: retention removes what nobody can
 * name any more (tidy.ts).
 */

import type { Database } from '../../journal/database.ts';
import { storeLimits } from '../../core/limits.ts';
import { DAY_MS } from '../../core/quantities.ts';

export class Words {
  readonly #db: Database;
  readonly #ids = new Map<string, { readonly id: number; readonly day: number }>();
  readonly #texts = new Map<number, string>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Within a transaction. */
  id(text: string, at: number): number {
    if (text === '') return 0;
    const day = Math.floor(at / DAY_MS);
    const known = this.#ids.get(text);
    if (known !== undefined && known.day >= day) return known.id;
    const row = this.#db.get<{ id: number; used_at: number }>(
      'SELECT id, used_at FROM word WHERE text = ?',
      text,
    );
    const id = row?.id ?? this.#add(text, at);
    if (row !== undefined && row.used_at < at - DAY_MS) {
      this.#db.run('UPDATE word SET used_at = ? WHERE id = ?', at, id);
    }
    if (this.#ids.size >= storeLimits.wordsInMemory) this.#ids.clear();
    this.#ids.set(text, { id, day });
    return id;
  }

  text(id: number): string {
    if (id === 0) return '';
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = this.#db.get<{ text: string }>('SELECT text FROM word WHERE id = ?', id)?.text ?? '';
    if (this.#texts.size >= storeLimits.wordsInMemory) this.#texts.clear();
    this.#texts.set(id, text);
    return text;
  }

  /** What is in memory may be of a transaction that was undone. */
  forget(): void {
    this.#ids.clear();
    this.#texts.clear();
  }

  #add(text: string, at: number): number {
    this.#db.run('INSERT INTO word(text, used_at) VALUES(?, ?)', text, at);
    return this.#db.get<{ id: number }>('SELECT id FROM word WHERE text = ?', text)?.id ?? 0;
  }
}
