/**
 * The recipients the store has ever heard of: their numbers, and whether their pairs are held.
 *
 * In memory as a whole (a few hundred names), written through. A recipient is made by `nameRecipients` or its first pair, and taken to
 * exist until the former says otherwise. Held is held for a reason: a provider's words, or `removed`.
 */

import type { Database } from '../../journal/database.ts';

export interface RecipientRow {
  readonly id: number;
  readonly name: string;
  /** False: the configuration does not have it any more. */
  readonly named: boolean;
  readonly heldReason: string | undefined;
  readonly heldSince: number | undefined;
  readonly sentAt: number | undefined;
  readonly error: string | undefined;
}

interface Stored {
  readonly id: number;
  readonly name: string;
  readonly named: number;
  readonly held_reason: string | null;
  readonly held_since: number | null;
  readonly sent_at: number | null;
  readonly error: string | null;
}

export class Recipients {
  readonly #db: Database;
  readonly #byName = new Map<string, RecipientRow>();
  readonly #byId = new Map<number, RecipientRow>();

  constructor(db: Database) {
    this.#db = db;
    this.reload();
  }

  get all(): RecipientRow[] {
    return [...this.#byId.values()];
  }

  find(name: string): RecipientRow | undefined {
    return this.#byName.get(name);
  }

  /** '' for a number nobody has: a salvaged pair. */
  nameOf(id: number): string {
    return this.#byId.get(id)?.name ?? '';
  }

  byId(id: number): RecipientRow | undefined {
    return this.#byId.get(id);
  }

  /** Within a transaction. */
  named(name: string): RecipientRow {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#db.run('INSERT INTO recipient(name, named) VALUES(?, 1)', name);
    const row = this.#db.get<Stored>('SELECT * FROM recipient WHERE name = ?', name);
    return this.#keep(
      row ?? { id: 0, name, named: 1, held_reason: null, held_since: null, sent_at: null, error: null },
    );
  }

  /** Within a transaction. */
  change(row: RecipientRow, change: Partial<Omit<RecipientRow, 'id' | 'name'>>): RecipientRow {
    const next = { ...row, ...change };
    this.#db.run(
      'UPDATE recipient SET named = ?, held_reason = ?, held_since = ?, sent_at = ?, error = ? WHERE id = ?',
      next.named ? 1 : 0,
      next.heldReason ?? null,
      next.heldSince ?? null,
      next.sentAt ?? null,
      next.error ?? null,
      next.id,
    );
    this.#byName.set(next.name, next);
    this.#byId.set(next.id, next);
    return next;
  }

  reload(): void {
    this.#byName.clear();
    this.#byId.clear();
    for (const row of this.#db.all<Stored>('SELECT * FROM recipient ORDER BY id')) this.#keep(row);
  }

  #keep(stored: Stored): RecipientRow {
    const row = {
      id: stored.id,
      name: stored.name,
      named: stored.named !== 0,
      heldReason: stored.held_reason ?? undefined,
      heldSince: stored.held_since ?? undefined,
      sentAt: stored.sent_at ?? undefined,
      error: stored.error ?? undefined,
    };
    this.#byName.set(row.name, row);
    this.#byId.set(row.id, row);
    return row;
  }
}

/** Why its pairs wait for an operator; undefined when they do not. */
export function heldReason(row: RecipientRow): string | undefined {
  return row.named ? row.heldReason : 'removed';
}
