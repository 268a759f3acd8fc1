/**
 * The audit log: each entry bears the SHA-256 of the one before and itself, so that none can be changed, removed or put in
 * between without all later hashes being made anew; the head goes out daily, which is what makes that visible.
 *
 * Called by core.ts. Hash = SHA-256(previous hash, 32 bytes, zeros before the first; then the JSON array
 * [id, at, by, what, detail] in UTF-8). Entries are never deleted. The last number is a counter as well,
 * so that a log whose end was cut off is no whole one.
 */

import { createHash } from 'node:crypto';
import { storeLimits } from '../../core/limits.ts';
import type { AuditEntry, AuditNote } from '../model/records.ts';
import type { Ledger } from './ledger.ts';

const COUNTER = 'last:audit';
const GENESIS = Buffer.alloc(32);

interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly detail: string;
  readonly hash: Uint8Array;
}

type Content = Omit<AuditRow, 'hash'>;

/** Within a transaction. */
export function appendAudit({ db, counters }: Ledger, entry: AuditNote): AuditEntry {
  const id = counters.get(COUNTER) + 1;
  const [by, what, detail] = [asStored(entry.by), asStored(entry.what), asStored(entry.detail)];
  const content = { id, at: Math.round(entry.at), by, what, detail };
  const before = db.get<{ hash: Uint8Array }>('SELECT hash FROM audit WHERE id = ?', id - 1)?.hash;
  const digest = chained(before ?? GENESIS, content);
  db.run(
    'INSERT INTO audit(id, at, by, what, detail, hash) VALUES(?, ?, ?, ?, ?, ?)',
    id,
    content.at,
    content.by,
    content.what,
    content.detail,
    digest,
  );
  counters.set(COUNTER, id);
  return { ...content, hash: digest.toString('hex') };
}

export function auditTrail(
  { db }: Ledger,
  wish: { readonly after?: number; readonly newest?: true; readonly limit: number },
): AuditEntry[] {
  const limit = Math.min(wish.limit, storeLimits.listedRows);
  const order = wish.newest === true ? 'DESC' : 'ASC';
  return db
    .all<AuditRow>(`SELECT * FROM audit WHERE id > ? ORDER BY id ${order} LIMIT ?`, wish.after ?? 0, limit)
    .map((row) => ({ ...row, hash: Buffer.from(row.hash).toString('hex') }));
}

/** How far a check has come: behind the entry `id` with its hash. */
export interface AuditCheck {
  readonly id: number;
  readonly hash: Uint8Array;
  /** Number of the first entry that does not follow from the one before. */
  readonly broken?: number;
  readonly done: boolean;
}

export const unchecked: AuditCheck = { id: 0, hash: GENESIS, done: false };

/** A bounded part of the check: call again with what it returns until it is done. */
export function checkAudit({ db, counters }: Ledger, from: AuditCheck): AuditCheck {
  const rows = db.all<AuditRow>(
    'SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?',
    from.id,
    storeLimits.auditedEntries,
  );
  let { id, hash } = from;
  for (const { hash: stored, ...content } of rows) {
    const expected = chained(hash, content);
    if (content.id !== id + 1 || !expected.equals(stored)) return { id, hash, broken: id + 1, done: true };
    ({ id } = content);
    hash = stored;
  }
  if (rows.length === storeLimits.auditedEntries) return { id, hash, done: false };
  return counters.get(COUNTER) === id ? { id, hash, done: true } : { id, hash, broken: id + 1, done: true };
}

/** Half a surrogate pair does not survive UTF-8: the hash must be of what is read again. */
function asStored(text: string): string {
  return Buffer.from(text).toString();
}

function chained(before: Uint8Array, { id, at, by, what, detail }: Content): Buffer {
  return createHash('sha256')
    .update(before)
    .update(JSON.stringify([id, at, by, what, detail]))
    .digest();
}
