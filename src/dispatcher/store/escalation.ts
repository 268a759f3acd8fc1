/**
 * The one escalation step: open incidents nobody has acknowledged in time go to somebody else, by their gravest message.
 *
 * Planned when people are told of an incident by a route that has such a step (incident-opening.ts), carried out here when due, once
 * for each recipient while the incident is open: a step that was carried out stays in the table without a time. Somebody who has got that
 * message, or is about to, is not told again; a pair that was suppressed or is dead becomes due.
 */

import { storeLimits } from '../../core/limits.ts';
import { gravity } from './incident-opening.ts';
import type { Ledger } from './ledger.ts';
import type { Part } from './moves.ts';
import { countPair } from './pair-counters.ts';
import { pairState, POINT_MS } from './schema.ts';

interface Due {
  readonly incident: number;
  readonly recipient: string;
  readonly state: number | null;
  readonly gravest: number | null;
}

interface Gravest {
  readonly seq: number;
  readonly at: number;
  readonly severity: number;
}

/** Whether an escalation is due: asked every few seconds. */
export function mayEscalate({ db }: Ledger, now: number): boolean {
  return db.get('SELECT 1 AS found FROM escalation WHERE due_at <= ? LIMIT 1', now) !== undefined;
}

/** Within a transaction. */
export function escalate(ledger: Ledger, now: number): Part {
  const rows = ledger.db.all<Due>(
    `SELECT incident, recipient, state, gravest FROM escalation INDEXED BY escalation_due
        LEFT JOIN incident ON incident.id = escalation.incident
      WHERE due_at <= ? ORDER BY due_at, incident LIMIT ?`,
    now,
    storeLimits.incidentRows,
  );
  let moved = 0;
  for (const row of rows) {
    const done = 'UPDATE escalation SET due_at = NULL WHERE incident = ? AND recipient = ?';
    ledger.db.run(done, row.incident, row.recipient);
    if (row.state === 0 && tell(ledger, row, now)) moved++;
  }
  return { moved, more: rows.length === storeLimits.incidentRows };
}

/** An incident that is over needs none any more. Within a transaction. */
export function dropEscalations({ db }: Ledger, incident: number): void {
  db.run('DELETE FROM escalation WHERE incident = ?', incident);
}

function tell(ledger: Ledger, { incident, recipient, gravest }: Due, now: number): boolean {
  const { db, counters, words, recipients, due } = ledger;
  const message = gravestOf(db, incident, gravest ?? 0);
  if (message === undefined) return false;
  const { id, name } = recipients.named(recipient);
  const { seq, severity } = message;
  const known = db.get<{ state: number; reason: number }>(
    'SELECT state, reason FROM pair WHERE seq = ? AND recipient = ?',
    seq,
    id,
  );
  if (known === undefined) {
    const priority = severity * 1000;
    db.run(
      `INSERT INTO pair(seq, recipient, state, rank, priority, not_before, fresh, route, reason, detail, incident,
        attempts, flags, notification) VALUES(?, ?, 0, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, 0)`,
      seq,
      id,
      now - priority * POINT_MS,
      priority,
      now,
      severity === 4 ? 1 : 0,
      words.id('escalate', now),
      incident,
    );
    counters.add(`${id}:planned`, 1);
  } else {
    if (known.state < pairState.dead) return false;
    db.run(
      'UPDATE pair SET state = 0, reason = 0, detail = 0, not_before = ? WHERE seq = ? AND recipient = ?',
      now,
      seq,
      id,
    );
    countPair(counters, id, known.state, words.text(known.reason), -1);
  }
  countPair(counters, id, pairState.ready, '', 1);
  const raise = 'UPDATE incident SET notified = max(notified, ?) WHERE id = ?';
  db.run(raise, gravity(severity), incident);
  due.add(name);
  return true;
}

/** The gravest, or what retention has left. */
function gravestOf(db: Ledger['db'], incident: number, gravest: number): Gravest | undefined {
  const known = db.get<Gravest>('SELECT seq, at, severity FROM message WHERE seq = ?', gravest);
  if (known !== undefined) return known;
  return db.get<Gravest>(
    `SELECT message.seq, at, severity FROM member JOIN message ON message.seq = member.seq
      WHERE incident = ? ORDER BY severity DESC, message.seq LIMIT 1`,
    incident,
  );
}
