/**
 * What became of a claim: the fate of each of its pairs, the attempt for `why`, and the limits after the call, in
 * one transaction. A claim that is not open (any more) is refused: nobody changes what another call has decided.
 *
 * `giveBack` is for calls that never came to an end: their pairs are due again and marked, for the provider may have
 * taken them. Called by core.ts.
 */

import { RelayError } from '../../core/errors.ts';
import { storeLimits } from '../../core/limits.ts';
import type { AttemptRecord, Fate } from '../model/delivery.ts';
import type { Finish } from '../model/store.ts';
import type { Ledger } from './ledger.ts';
import { keepLimits } from './limits.ts';
import { owe, type OldPair } from './moves.ts';
import { movePairs } from './pair-counters.ts';
import type { RecipientRow } from './recipients.ts';
import { pairFlag, pairState } from './schema.ts';

interface OpenClaim {
  readonly id: number;
  readonly recipient: number;
}

/** Throws when the claim is not open. */
export function openClaim({ db }: Ledger, claim: number): OpenClaim {
  const select = 'SELECT id, recipient FROM notification WHERE id = ? AND ended_at IS NULL';
  const found = db.get<OpenClaim>(select, claim);
  if (found !== undefined) return found;
  throw new RelayError('LEASE_EXPIRED', `claim ${claim}: it is not open`, {
    hint: 'its pairs are due again or have their fate: claim anew',
  });
}

/** Within a transaction. */
export function finishClaim(ledger: Ledger, call: Finish): void {
  const { db, recipients, due } = ledger;
  const claim = openClaim(ledger, call.claim);
  const { attempt, fate, except = [], limits = [] } = call;
  for (const one of except) decide(ledger, claim, one.fate, attempt.endedAt, one.seq);
  decide(ledger, claim, fate, attempt.endedAt);
  endNotification(ledger, claim.id, attempt);
  keepLimits(db, limits);
  const recipient = recipients.byId(claim.recipient);
  if (recipient === undefined) return;
  const held = [fate, ...except.map((one) => one.fate)].find(({ kind }) => kind === 'held');
  recipients.change(recipient, {
    ...(attempt.outcome === 'ok'
      ? { sentAt: attempt.endedAt, error: undefined }
      : { error: shortened(attempt.reason) }),
    ...(held?.kind === 'held' ? holding(recipient, held.reason, attempt.endedAt) : {}),
  });
  due.add(recipient.name);
}

function holding(recipient: RecipientRow, reason: string, now: number): Partial<RecipientRow> {
  return { heldReason: shortened(reason), heldSince: recipient.heldSince ?? now };
}

/** Pairs of the claim that are still leased, all or one. */
function decide(ledger: Ledger, claim: OpenClaim, fate: Fate, now: number, seq?: number): void {
  const { counters } = ledger;
  const { state, notBefore, flags, attempts, reason } = consequence(ledger, fate, now);
  const moved = ledger.db.run(
    `UPDATE pair SET state = ?1, not_before = coalesce(?2, not_before), flags = flags | ?3, attempts = attempts + ?4,
        reason = ?5
      WHERE recipient = ?6 AND state = 2 AND notification = ?7
        AND ${seq === undefined ? 'seq IN (SELECT seq FROM carried WHERE notification = ?7)' : 'seq = ?8'}`,
    state,
    notBefore ?? null,
    flags,
    attempts,
    reason,
    claim.recipient,
    claim.id,
    ...(seq === undefined ? [] : [seq]),
  );
  movePairs(counters, claim.recipient, pairState.leased, state, moved);
  if (fate.kind === 'dead' && fate.fallback !== undefined) handOver(ledger, claim, fate.fallback, now, seq);
}

/** What has just died is owed to the fallback. */
function handOver(ledger: Ledger, claim: OpenClaim, to: string, now: number, only?: number): void {
  const { db, recipients, due } = ledger;
  const target = recipients.named(to);
  const dead = db.all<Omit<OldPair, 'state' | 'at'>>(
    `SELECT pair.seq, rank, priority, route, incident FROM carried
        CROSS JOIN pair ON pair.seq = carried.seq AND pair.recipient = ?1
      WHERE carried.notification = ?2 AND state = 4 AND pair.notification = ?2 AND (?3 IS NULL OR pair.seq = ?3)`,
    claim.recipient,
    claim.id,
    only ?? null,
  );
  for (const pair of dead) owe(ledger, pair, target.id, now);
  if (dead.length > 0) due.add(target.name);
}

interface Consequence {
  readonly state: number;
  readonly notBefore?: number;
  readonly flags: number;
  readonly attempts: number;
  readonly reason: number;
}

function consequence({ words }: Ledger, fate: Fate, now: number): Consequence {
  if (fate.kind === 'sent') return { state: pairState.sent, flags: 0, attempts: 0, reason: 0 };
  // Ready again: that the recipient is held keeps it.
  if (fate.kind === 'held') return { state: pairState.ready, flags: 0, attempts: 0, reason: 0 };
  const reason = words.id(shortened(fate.reason), now);
  if (fate.kind === 'dead') return { state: pairState.dead, flags: 0, attempts: 1, reason };
  const notBefore = Math.ceil(fate.notBefore);
  // Once plain, or uncertain, it stays so: the provider has refused the usual form, and may have taken the other.
  const flags =
    (fate.plain === true ? pairFlag.plain : 0) | (fate.uncertain === true ? pairFlag.uncertain : 0);
  return {
    state: notBefore > now ? pairState.waiting : pairState.ready,
    notBefore,
    flags,
    attempts: 1,
    reason,
  };
}

function endNotification({ db }: Ledger, id: number, attempt: AttemptRecord): void {
  db.run(
    `UPDATE notification SET form = ?, started_at = ?, ended_at = ?, outcome = ?, reason = ?, provider_ref = ?, tag = ?
      WHERE id = ?`,
    attempt.form,
    Math.round(attempt.startedAt),
    Math.round(attempt.endedAt),
    attempt.outcome,
    shortened(attempt.reason),
    attempt.providerRef === undefined ? null : shortened(attempt.providerRef),
    attempt.tag ?? null,
    id,
  );
}

/** Numbers of all claims that are open. */
export function openClaims({ db }: Ledger): number[] {
  const select =
    'SELECT id FROM notification INDEXED BY notification_open WHERE ended_at IS NULL ORDER BY id';
  return db.all<{ id: number }>(select).map(({ id }) => id);
}

/** A claim whose call never came to an end. Its pairs are due again, uncertain. How many. Within a transaction. */
export function giveBack(ledger: Ledger, id: number): number {
  const { db, counters, recipients, due } = ledger;
  const select = 'SELECT id, recipient FROM notification WHERE id = ? AND ended_at IS NULL';
  const claim = db.get<OpenClaim>(select, id);
  if (claim === undefined) return 0;
  const moved = db.run(
    `UPDATE pair SET state = 0, attempts = attempts + 1, flags = flags | ${pairFlag.uncertain}
      WHERE recipient = ?1 AND state = 2 AND notification = ?2
        AND seq IN (SELECT seq FROM carried WHERE notification = ?2)`,
    claim.recipient,
    id,
  );
  movePairs(counters, claim.recipient, pairState.leased, pairState.ready, moved);
  db.run(
    `UPDATE notification SET ended_at = started_at, outcome = 'again', reason = ? WHERE id = ?`,
    'the call was interrupted: whether it arrived is unknown',
    id,
  );
  due.add(recipients.nameOf(claim.recipient));
  return moved;
}

function shortened(text: string): string {
  return text.length <= storeLimits.factChars ? text : text.slice(0, storeLimits.factChars);
}
