/** Silences as operators make and end them. Routing reads them all; ended ones stay for `why` until retention. */

import { RelayError } from '../../core/errors.ts';
import type { Silence } from '../model/records.ts';
import type { Ledger } from './ledger.ts';

interface SilenceRow {
  readonly id: number;
  readonly criteria: string;
  readonly sensor: string | null;
  readonly recipient: string | null;
  readonly author: string;
  readonly reason: string;
  readonly from_at: number;
  readonly until_at: number;
  readonly expired_by: string | null;
}

export function listSilences({ db }: Ledger): Silence[] {
  return db.all<SilenceRow>('SELECT * FROM silence ORDER BY id').map((row) => ({
    id: row.id,
    criteria: row.criteria,
    ...(row.sensor === null ? {} : { sensor: row.sensor }),
    ...(row.recipient === null ? {} : { recipient: row.recipient }),
    author: row.author,
    reason: row.reason,
    from: row.from_at,
    until: row.until_at,
    ...(row.expired_by === null ? {} : { expiredBy: row.expired_by }),
  }));
}

/** Within a transaction. */
export function addSilence({ db }: Ledger, silence: Omit<Silence, 'id'>): Silence {
  const { criteria, sensor, recipient, author, reason, from, until, expiredBy } = silence;
  db.run(
    `INSERT INTO silence(criteria, sensor, recipient, author, reason, from_at, until_at, expired_by)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?)`,
    criteria,
    sensor ?? null,
    recipient ?? null,
    author,
    reason,
    from,
    until,
    expiredBy ?? null,
  );
  const id = db.get<{ id: number }>('SELECT max(id) AS id FROM silence')?.id;
  if (id === undefined) throw new RelayError('BUG', 'a silence without a number');
  return { id, ...silence };
}

/** Within a transaction. False: there is none of that number that still holds. */
export function expireSilence({ db }: Ledger, id: number, by: string, now: number): boolean {
  const expire = 'UPDATE silence SET until_at = ?, expired_by = ? WHERE id = ? AND until_at > ?';
  return db.run(expire, now, by, id, now) > 0;
}
