/**
 * All due and waiting pairs of a recipient as one lease, told by counts instead of messages.
 *
 * Called by core.ts when a queue has grown beyond what a person reads. SQLite counts; no body is read, so that 50,000
 * pairs take a fraction of a second. In a storm what is folded is no longer new: its classifications do not break out.
 */

import { storeLimits } from '../../core/limits.ts';
import type { DigestClaim, DigestFacts, Tally } from '../model/delivery.ts';
import { openNotification } from './claim.ts';
import { toSeverity } from './facts.ts';
import type { Ledger } from './ledger.ts';
import { countPair, movePairs } from './pair-counters.ts';
import type { RecipientRow } from './recipients.ts';
import { pairFlag, pairState } from './schema.ts';

const TOP = 5;
const FOLDED = 'FROM carried CROSS JOIN message ON message.seq = carried.seq WHERE carried.notification = ?';

/** Within a transaction, for a recipient that is not held. Undefined: nothing is owed but what is leased. */
export function takeDigest(ledger: Ledger, recipient: RecipientRow, now: number): DigestClaim | undefined {
  const { db, counters } = ledger;
  const ready = counters.get(`${recipient.id}:ready`);
  const waiting = counters.get(`${recipient.id}:waiting`);
  if (ready + waiting === 0) return undefined;
  const id = openNotification(ledger, recipient.id, 'digest', ready + waiting, now);
  db.run(
    `INSERT INTO carried(notification, seq, previous)
      SELECT ?1, seq, notification FROM pair INDEXED BY pair_open WHERE recipient = ?2 AND state < 3 AND state <> 2 ORDER BY seq`,
    id,
    recipient.id,
  );
  const leased = db.run(
    `UPDATE pair SET state = 2, notification = ?1
      WHERE recipient = ?2 AND state < 2 AND seq IN (SELECT seq FROM carried WHERE notification = ?1)`,
    id,
    recipient.id,
  );
  countPair(counters, recipient.id, pairState.waiting, '', -waiting);
  countPair(counters, recipient.id, pairState.ready, '', waiting);
  movePairs(counters, recipient.id, pairState.ready, pairState.leased, leased);
  noteClasses(ledger, recipient.id, id);
  return {
    id,
    recipient: recipient.name,
    digest: factsOf(ledger, id),
    uncertain: mayHaveArrived(ledger, recipient.id, id),
  };
}

function mayHaveArrived({ db }: Ledger, recipient: number, id: number): boolean {
  const select = `SELECT 1 AS found FROM carried CROSS JOIN pair ON pair.seq = carried.seq AND pair.recipient = ?
    WHERE carried.notification = ? AND pair.flags & ${pairFlag.uncertain} LIMIT 1`;
  return db.get(select, recipient, id) !== undefined;
}

function factsOf({ db }: Ledger, id: number): DigestFacts {
  const severities = db.all<{ severity: number; count: number; first: number; last: number }>(
    `SELECT severity, count(*) AS count, min(at) AS first, max(at) AS last ${FOLDED} GROUP BY severity`,
    id,
  );
  const tallies = {
    classifications: tally(db, id, 'classification'),
    sources: tally(db, id, 'source'),
    targets: tally(db, id, 'target'),
  };
  return {
    count: severities.reduce((sum, { count }) => sum + count, 0),
    firstAt: severities.reduce((least, { first }) => Math.min(least, first), Infinity),
    lastAt: severities.reduce((most, { last }) => Math.max(most, last), 0),
    severities: Object.fromEntries(severities.map(({ severity, count }) => [toSeverity(severity), count])),
    classifications: tallies.classifications.top,
    sources: tallies.sources.top,
    targets: tallies.targets.top,
    distinct: {
      classifications: tallies.classifications.distinct,
      sources: tallies.sources.distinct,
      targets: tallies.targets.distinct,
    },
  };
}

/** The most frequent values, '' left out, and how many different ones there are. */
function tally(
  db: Ledger['db'],
  id: number,
  column: 'classification' | 'source' | 'target',
): { readonly top: readonly Tally[]; readonly distinct: number } {
  const rows = db.all<Tally & { readonly distinct: number }>(
    `SELECT ${column} AS value, count(*) AS count, count(*) OVER () AS "distinct" ${FOLDED} AND ${column} <> ''
      GROUP BY ${column} ORDER BY count DESC, value LIMIT ${TOP}`,
    id,
  );
  return { top: rows.map(({ value, count }) => ({ value, count })), distinct: rows[0]?.distinct ?? 0 };
}

function noteClasses({ db }: Ledger, recipient: number, id: number): void {
  if (db.get('SELECT 1 AS found FROM storm WHERE recipient = ?', recipient) === undefined) return;
  db.run(
    `INSERT OR IGNORE INTO storm_class(recipient, classification)
      SELECT ?2, classification ${FOLDED.replace('?', '?1')} GROUP BY classification
        LIMIT max(0, ${storeLimits.stormClasses} - (SELECT count(*) FROM storm_class WHERE recipient = ?2))`,
    id,
    recipient,
  );
}
