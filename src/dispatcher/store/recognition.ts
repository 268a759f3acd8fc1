/**
 * Recognise messages that were stored before, for one transaction of accept.ts.
 *
 * From a journal with sequences: a duplicate only if journal id, sequence and SHA-256 all match; the same number
 * with other bytes is stored as a conflict. From anybody else: the same MessageId and SHA-256 is a duplicate, the same
 * id with other bytes a conflict. Remembered for seven days at least, also when the message is gone (tidy-rest.ts). Identities
 * are random numbers: kept in buckets of so many messages each, of which the last alone is written, a search looks at all.
 */

import type { Arrival } from '../model/store.ts';
import { storeLimits } from '../../core/limits.ts';
import { DAY_MS } from '../../core/quantities.ts';
import { Drafts } from './drafts.ts';
import type { Ledger } from './ledger.ts';
import { Rows } from './rows.ts';

export type Verdict =
  { readonly kind: 'stored' | 'conflict' } | { readonly kind: 'duplicate'; readonly seq: number };

interface Known {
  readonly hash: Uint8Array;
  readonly seq: number;
}

interface Origin {
  readonly id: number;
  /** Highest sequence remembered. */
  readonly highest: number;
  readonly remembered: number;
}

interface Bucket {
  readonly lastAt: number;
  readonly entries: number;
}

export function bucketOf(seq: number): number {
  return Math.floor(seq / storeLimits.bucketMessages);
}

export class Recognition {
  readonly #ledger: Ledger;
  /** Of this transaction: not in the tables yet. */
  readonly #fresh = new Map<string, Known[]>();
  readonly #origins = new Drafts<Origin>();
  readonly #buckets = new Drafts<Bucket>();
  readonly #seen: Rows;
  readonly #ident: Rows;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#seen = new Rows(ledger.db, ledger.inserts.seen);
    this.#ident = new Rows(ledger.db, ledger.inserts.ident);
  }

  judge(arrival: Arrival): Verdict {
    const { journal, sequence } = arrival.origin;
    const known =
      journal === undefined || sequence === undefined
        ? this.#byId(arrival)
        : this.#bySequence(journal, sequence);
    const same = known.find(({ hash }) => arrival.hash.equals(hash));
    if (same !== undefined) return { kind: 'duplicate', seq: same.seq };
    return { kind: known.length > 0 ? 'conflict' : 'stored' };
  }

  /** `bytes`: of the id. */
  remember({ id, hash, at, origin }: Arrival, seq: number, bytes: Buffer): void {
    const { journal, sequence } = origin;
    const known = { hash, seq };
    if (journal !== undefined && sequence !== undefined) {
      const from = this.#origin(journal);
      this.#seen.add(from.id, sequence, hash, seq, at);
      const highest = Math.max(from.highest, sequence);
      this.#origins.set(journal, { id: from.id, highest, remembered: from.remembered + 1 });
      this.#note(`${journal} ${sequence}`, known);
    }
    const number = bucketOf(seq);
    this.#ident.add(number, bytes, seq, hash);
    const { lastAt, entries } = this.#bucket(number);
    this.#buckets.set(String(number), { lastAt: Math.max(lastAt, at), entries: entries + 1 });
    this.#note(id, known);
  }

  finish(): void {
    const { db } = this.#ledger;
    this.#seen.finish();
    this.#ident.finish();
    this.#origins.finish(({ id, remembered }) => {
      db.run('UPDATE origin SET remembered = ? WHERE id = ?', remembered, id);
    });
    this.#buckets.finish(({ lastAt, entries }, number) => {
      db.run(
        'INSERT OR REPLACE INTO bucket(number, last_at, entries) VALUES(?, ?, ?)',
        Number(number),
        lastAt,
        entries,
      );
    });
  }

  #note(key: string, known: Known): void {
    const others = this.#fresh.get(key);
    if (others === undefined) this.#fresh.set(key, [known]);
    else others.push(known);
  }

  #bySequence(journal: string, sequence: number): readonly Known[] {
    const fresh = this.#fresh.get(`${journal} ${sequence}`) ?? [];
    const { id, highest } = this.#origin(journal);
    // As a rule they come in ascending order, and nothing need be looked up.
    if (sequence > highest) return fresh;
    const select = 'SELECT hash, seq FROM seen WHERE origin = ? AND sequence = ?';
    return [...fresh, ...this.#ledger.db.all<Known>(select, id, sequence)];
  }

  #byId({ id, at }: Arrival): readonly Known[] {
    const rows = this.#ledger.db.all<Known>(
      `SELECT ident.hash, ident.seq FROM bucket CROSS JOIN ident ON ident.bucket = bucket.number AND ident.id = ?
        WHERE bucket.last_at >= ?`,
      Buffer.from(id, 'hex'),
      at - storeLimits.rememberedDays * DAY_MS,
    );
    return [...(this.#fresh.get(id) ?? []), ...rows];
  }

  #origin(journal: string): Origin {
    const known = this.#origins.get(journal, () => this.#loadOrigin(journal));
    if (known !== undefined) return known;
    this.#ledger.db.run('INSERT INTO origin(journal, remembered) VALUES(?, 0)', journal);
    const made = this.#loadOrigin(journal) ?? { id: 0, highest: -1, remembered: 0 };
    this.#origins.set(journal, made);
    return made;
  }

  #loadOrigin(journal: string): Origin | undefined {
    const { db } = this.#ledger;
    const row = db.get<{ id: number; remembered: number }>(
      'SELECT id, remembered FROM origin WHERE journal = ?',
      journal,
    );
    if (row === undefined) return undefined;
    const select = 'SELECT max(sequence) AS highest FROM seen WHERE origin = ?';
    return { ...row, highest: db.get<{ highest: number | null }>(select, row.id)?.highest ?? -1 };
  }

  #bucket(number: number): Bucket {
    const load = (): Bucket | undefined =>
      this.#ledger.db.get<Bucket>('SELECT last_at AS lastAt, entries FROM bucket WHERE number = ?', number);
    return this.#buckets.get(String(number), load) ?? { lastAt: 0, entries: 0 };
  }
}
