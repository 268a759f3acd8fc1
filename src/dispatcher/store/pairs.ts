/** Deliveries for people: every pair of a message with all attempts that carried it (`why`), a notification by its tag, the dead ones. */

import { storeLimits } from '../../core/limits.ts';
import type { AttemptRecord, DeliveryState } from '../model/delivery.ts';
import type { NotificationRecord, PairRecord } from '../model/store.ts';
import type { Ledger } from './ledger.ts';
import { heldReason } from './recipients.ts';
import { pairState } from './schema.ts';

interface PairRow {
  readonly seq: number;
  readonly recipient: number;
  readonly state: number;
  readonly notBefore: number;
  readonly route: number;
  readonly reason: number;
  readonly detail: number;
  readonly incident: number | null;
  readonly attempts: number;
  readonly notification: number;
}

interface AttemptRow {
  readonly form: AttemptRecord['form'];
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: AttemptRecord['outcome'] | null;
  readonly reason: string;
  readonly providerRef: string | null;
  readonly pairs: number;
  readonly tag: string | null;
}

const ATTEMPT =
  'form, started_at AS startedAt, ended_at AS endedAt, outcome, reason, provider_ref AS providerRef, pairs, tag';

const COLUMNS =
  'seq, recipient, state, not_before AS notBefore, route, reason, detail, incident, attempts, notification';

/** In the order the recipients were first heard of. */
export function pairsOf(ledger: Ledger, seq: number): PairRecord[] {
  const select = `SELECT ${COLUMNS} FROM pair WHERE seq = ? ORDER BY recipient LIMIT ?`;
  return ledger.db.all<PairRow>(select, seq, storeLimits.listedRows).map((row) => toRecord(ledger, row));
}

/** The newest first. */
export function deadPairs(
  ledger: Ledger,
  wish: { readonly recipient?: string; readonly limit: number },
): PairRecord[] {
  const { recipient } = wish;
  const limit = Math.min(wish.limit, storeLimits.listedRows);
  const chosen = ledger.recipients.all.filter(({ name }) => recipient === undefined || name === recipient);
  return chosen
    .flatMap(({ id }) =>
      ledger.db.all<PairRow>(
        `SELECT ${COLUMNS} FROM pair INDEXED BY pair_dead WHERE recipient = ? AND state = 4 ORDER BY seq DESC LIMIT ?`,
        id,
        limit,
      ),
    )
    .toSorted((a, b) => b.seq - a.seq || a.recipient - b.recipient)
    .slice(0, limit)
    .map((row) => toRecord(ledger, row));
}

function toRecord(ledger: Ledger, row: PairRow): PairRecord {
  const { recipients, words } = ledger;
  const recipient = recipients.byId(row.recipient);
  const held = recipient === undefined ? undefined : heldReason(recipient);
  const state = stateOf(row.state, held);
  const detail = words.text(row.detail);
  const reason = state === 'held' ? (held ?? '') : words.text(row.reason);
  return {
    seq: row.seq,
    recipient: recipient?.name ?? '',
    route: words.text(row.route),
    state,
    reason: detail === '' || state === 'held' ? reason : `${reason}: ${detail}`,
    attempts: row.attempts,
    notBefore: row.notBefore,
    ...(row.incident === null ? {} : { incident: row.incident }),
    notifications: attempts(ledger, row),
  };
}

function stateOf(state: number, held: string | undefined): DeliveryState {
  switch (state) {
    case pairState.leased:
      return 'leased';
    case pairState.sent:
      return 'sent';
    case pairState.dead:
      return 'dead';
    case pairState.suppressed:
      return 'suppressed';
    default:
      return held === undefined ? 'due' : 'held';
  }
}

/** Oldest first; a call under way has no outcome yet and is left out (the pair is leased). */
function attempts({ db }: Ledger, { seq, notification }: PairRow): PairRecord['notifications'] {
  const found: (AttemptRecord & { readonly id: number; readonly pairs: number })[] = [];
  let id = notification;
  for (let count = 0; id !== 0 && count < storeLimits.shownAttempts; count++) {
    const row = db.get<AttemptRow>(`SELECT ${ATTEMPT} FROM notification WHERE id = ?`, id);
    const attempt = row && attemptOf(row);
    if (row !== undefined && attempt !== undefined) found.unshift({ id, pairs: row.pairs, ...attempt });
    const link = 'SELECT previous FROM carried WHERE notification = ? AND seq = ?';
    id = db.get<{ previous: number }>(link, id, seq)?.previous ?? 0;
  }
  return found;
}

/** Undefined for a call under way. */
function attemptOf(row: AttemptRow): AttemptRecord | undefined {
  const { form, startedAt, endedAt, outcome, reason, providerRef, tag } = row;
  if (endedAt === null || outcome === null) return undefined;
  return {
    form,
    startedAt,
    endedAt,
    outcome,
    reason,
    ...(providerRef === null ? {} : { providerRef }),
    ...(tag === null ? {} : { tag }),
  };
}

export function notificationsOf(
  { db, recipients }: Ledger,
  tag: string,
  wish: { readonly limit: number; readonly seqs: number },
): NotificationRecord[] {
  const rows = db.all<AttemptRow & { readonly id: number; readonly recipient: number }>(
    `SELECT id, recipient, ${ATTEMPT} FROM notification INDEXED BY notification_tag WHERE tag = ?
      ORDER BY id DESC LIMIT ?`,
    tag,
    Math.min(wish.limit, storeLimits.listedRows),
  );
  return rows.flatMap((row) => {
    const attempt = attemptOf(row);
    if (attempt === undefined) return [];
    const carried = db.all<{ seq: number }>(
      'SELECT seq FROM carried WHERE notification = ? ORDER BY seq LIMIT ?',
      row.id,
      Math.min(wish.seqs, storeLimits.listedRows),
    );
    const { id, pairs } = row;
    const seqs = carried.map(({ seq }) => seq);
    return [{ id, recipient: recipients.nameOf(row.recipient), pairs, seqs, ...attempt }];
  });
}
