/** What is kept of providers' limits and of storms, so that a restart forgets neither a ban nor a flood. */

import type { Database } from '../../journal/database.ts';
import type { LimitState, StormState } from '../model/delivery.ts';
import type { Ledger } from './ledger.ts';

/** Within a transaction. */
export function keepLimits(db: Database, limits: readonly LimitState[]): void {
  for (const { key, tokens, updatedAt, notBefore } of limits) {
    db.run(
      'INSERT OR REPLACE INTO limit_key(key, tokens, updated_at, not_before) VALUES(?, ?, ?, ?)',
      key,
      tokens,
      Math.round(updatedAt),
      Math.ceil(notBefore),
    );
  }
}

export function listLimits({ db }: Ledger): LimitState[] {
  const select =
    'SELECT key, tokens, updated_at AS updatedAt, not_before AS notBefore FROM limit_key ORDER BY key';
  return db.all<LimitState>(select).map((row) => ({ ...row }));
}

export function listStorms({ db }: Ledger): StormState[] {
  const select = `SELECT name AS recipient, since, interval_ms AS intervalMs, next_at AS nextDigestAt
    FROM storm JOIN recipient ON recipient.id = storm.recipient ORDER BY name`;
  return db.all<StormState>(select).map((row) => ({ ...row }));
}

/** A storm that begins has seen no classification yet. Within a transaction. */
export function setStorm({ db, recipients }: Ledger, storm: StormState): void {
  const { id } = recipients.named(storm.recipient);
  const since = Math.round(storm.since);
  const known = db.get<{ since: number }>('SELECT since FROM storm WHERE recipient = ?', id);
  if (known?.since !== since) db.run('DELETE FROM storm_class WHERE recipient = ?', id);
  db.run(
    'INSERT OR REPLACE INTO storm(recipient, since, interval_ms, next_at) VALUES(?, ?, ?, ?)',
    id,
    since,
    Math.round(storm.intervalMs),
    Math.ceil(storm.nextDigestAt),
  );
}

/** Within a transaction. */
export function endStorm({ db, recipients }: Ledger, recipient: string): void {
  const row = recipients.find(recipient);
  if (row === undefined) return;
  db.run('DELETE FROM storm WHERE recipient = ?', row.id);
  db.run('DELETE FROM storm_class WHERE recipient = ?', row.id);
}
