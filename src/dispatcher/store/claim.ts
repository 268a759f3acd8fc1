/**
 * Lease the most urgent due pairs of a recipient for one external call.
 *
 * Called by core.ts. The lease is durable before anything is handed out: after a crash its pairs are due again, uncertain.
 * Every claim is a notification, whose number people see; `carried` links it with its pairs, each row with
 * the notification that carried the pair before (0: none), which is how `why` finds them all. A body that cannot be
 * read any more ends its pairs as dropped (damaged), reported, and does not hold up the others.
 */

import { storeLimits } from '../../core/limits.ts';
import { loadChecksum } from '../../journal/checksum.ts';
import type { Claim, ClaimedPair } from '../model/delivery.ts';
import type { ClaimWish } from '../model/store.ts';
import { FACTS, factsOf, originOf, toBuffer, type FactsRow } from './facts.ts';
import { nextNumber, type Ledger } from './ledger.ts';
import { countDropped, countPair, movePairs } from './pair-counters.ts';
import { breakingOut, isDue, mostUrgent, promote, thisOne } from './queue-order.ts';
import { heldReason, type RecipientRow } from './recipients.ts';
import { Rows } from './rows.ts';
import { pairFlag, pairState } from './schema.ts';

const incidentWords = ['open', 'acked', 'closed'] as const;

interface PairRow extends FactsRow {
  readonly attempts: number;
  readonly flags: number;
  readonly route: number;
  readonly notification: number;
  readonly len: number;
  readonly crc32: number | null;
  readonly body: Uint8Array | null;
  readonly verbatim: string | null;
  readonly incidentId: number | null;
  readonly incidentCount: number | null;
  readonly incidentState: number | null;
}

const PAIR = `
  SELECT ${FACTS}, pair.attempts, pair.flags, pair.route, pair.notification, message.len, body.crc32, body.body,
      body.verbatim, incident.id AS incidentId, incident.count AS incidentCount, incident.state AS incidentState
    FROM pair JOIN message ON message.seq = pair.seq LEFT JOIN body ON body.seq = pair.seq
      LEFT JOIN incident ON incident.id = pair.incident
    WHERE pair.seq = ? AND pair.recipient = ?`;

/** The recipient, if it is given anything now. */
export function claimable(ledger: Ledger, name: string, now: number): RecipientRow | undefined {
  const recipient = ledger.recipients.find(name);
  if (recipient === undefined || heldReason(recipient) !== undefined) return undefined;
  return isDue(ledger, recipient.id, now) ? recipient : undefined;
}

/** Within a transaction. Undefined: nothing is due. */
export function takeClaim(ledger: Ledger, recipient: RecipientRow, wish: ClaimWish): Claim | undefined {
  const most = Math.min(Math.max(1, wish.pairs), storeLimits.claimPairs);
  promote(ledger, recipient.id, wish.now);
  for (;;) {
    const found =
      wish.breakout === true
        ? breakingOut(ledger, recipient.id, most)
        : wish.only === undefined
          ? mostUrgent(ledger, recipient.id, most, new Set(wish.except))
          : thisOne(ledger, recipient.id, wish.only);
    if (found.length === 0) return undefined;
    const pairs = load(ledger, recipient, found, wish.bytes);
    // All of them damaged, and dropped: there may be others.
    if (pairs.length > 0) return lease(ledger, recipient, pairs, wish.now);
  }
}

/** The notification of a lease; its pairs are the caller's to lease. */
export function openNotification(
  ledger: Ledger,
  recipient: number,
  form: 'messages' | 'digest',
  pairs: number,
  now: number,
): number {
  const id = nextNumber(ledger, 'notification');
  ledger.db.run(
    'INSERT INTO notification(id, recipient, form, started_at, reason, pairs) VALUES(?, ?, ?, ?, ?, ?)',
    id,
    recipient,
    form,
    now,
    '',
    pairs,
  );
  return id;
}

function lease(ledger: Ledger, recipient: RecipientRow, rows: readonly PairRow[], now: number): Claim {
  const { db, counters, inserts } = ledger;
  const id = openNotification(ledger, recipient.id, 'messages', rows.length, now);
  const carried = new Rows(db, inserts.carried);
  for (const { seq, notification } of rows) carried.add(id, seq, notification);
  carried.finish();
  db.run(
    `UPDATE pair SET state = 2, notification = ?1
      WHERE recipient = ?2 AND seq IN (SELECT seq FROM carried WHERE notification = ?1)`,
    id,
    recipient.id,
  );
  movePairs(counters, recipient.id, pairState.ready, pairState.leased, rows.length);
  return { id, recipient: recipient.name, pairs: rows.map((row) => toPair(ledger, row)) };
}

function toPair({ words }: Ledger, row: PairRow): ClaimedPair {
  const { seq, at, attempts, flags, body, verbatim, incidentId, incidentCount, incidentState } = row;
  return {
    seq,
    body: toBuffer(body ?? new Uint8Array(0)),
    facts: factsOf(row),
    origin: originOf(row.origin),
    ...(verbatim === null ? {} : { verbatim }),
    at,
    attempts,
    uncertain: (flags & pairFlag.uncertain) !== 0,
    plain: (flags & pairFlag.plain) !== 0,
    route: words.text(row.route),
    ...(incidentId === null
      ? {}
      : {
          incident: {
            id: incidentId,
            count: incidentCount ?? 0,
            state: incidentWords[incidentState ?? 0] ?? 'closed',
          },
        }),
  };
}

/** As many as fit, and always one; those that cannot be read are dropped. */
function load(
  ledger: Ledger,
  recipient: RecipientRow,
  sequences: readonly number[],
  bytes = Infinity,
): PairRow[] {
  const rows: PairRow[] = [];
  let room = Math.min(bytes, storeLimits.claimBytes);
  for (const seq of sequences) {
    const row = ledger.db.get<PairRow>(PAIR, seq, recipient.id);
    const fault = bodyFault(row);
    if (row === undefined || fault !== undefined) {
      dropDamaged(ledger, recipient, seq, fault ?? 'message missing');
      continue;
    }
    room -= row.len;
    if (room < 0 && rows.length > 0) break;
    rows.push(row);
  }
  return rows;
}

/** What is wrong with stored bytes, because SQLite does not notice a flipped bit; undefined: nothing. */
export function bodyFault(
  row: Pick<PairRow, 'body' | 'crc32' | 'verbatim' | 'len'> | undefined,
): string | undefined {
  if (row === undefined) return 'message missing';
  const { body, crc32, verbatim, len } = row;
  if (body === null) return 'body missing';
  if (body.byteLength !== len) return `${body.byteLength} bytes instead of ${len}`;
  const checksum = loadChecksum();
  const crc = checksum(body);
  const whole = verbatim === null ? crc : checksum(Buffer.from(verbatim), crc);
  return whole === crc32 ? undefined : 'checksum differs';
}

function dropDamaged(ledger: Ledger, { id, name }: RecipientRow, seq: number, reason: string): void {
  const { db, counters, losses } = ledger;
  db.run('DELETE FROM pair WHERE seq = ? AND recipient = ?', seq, id);
  countPair(counters, id, pairState.ready, '', -1);
  countDropped(counters, id, 'damaged', 1);
  losses.push({ seq, recipient: name, reason });
}
