/**
 * Rows read and changed within one transaction, each read once and written once: a batch of one incident
 * changes its row once and not 256 times. Used by accept.ts.
 */

export class Drafts<Row> {
  readonly #rows = new Map<string, Row | undefined>();
  readonly #changed = new Set<string>();
  /** Keys that have no row in the table. */
  readonly #absent = new Set<string>();

  get(key: string, load: () => Row | undefined): Row | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined || this.#rows.has(key)) return known;
    const row = load();
    this.#rows.set(key, row);
    if (row === undefined) this.#absent.add(key);
    return row;
  }

  set(key: string, row: Row): void {
    this.#rows.set(key, row);
    this.#changed.add(key);
  }

  /** Write what was changed; `isNew`: there is no such row yet. */
  finish(write: (row: Row, key: string, isNew: boolean) => void): void {
    for (const key of this.#changed) {
      const row = this.#rows.get(key);
      if (row !== undefined) write(row, key, this.#absent.has(key));
    }
    this.#changed.clear();
  }
}
