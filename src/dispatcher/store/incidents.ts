/** Incidents as operators see and change them, and those that end by silence. Called by core.ts. */

import { RelayError } from '../../core/errors.ts';
import { storeLimits } from '../../core/limits.ts';
import type { Incident, IncidentChange, IncidentState } from '../model/incident.ts';
import { dropEscalations } from './escalation.ts';
import { toSeverity } from './facts.ts';
import { countIncident } from './incident-opening.ts';
import type { Ledger } from './ledger.ts';
import type { Part } from './moves.ts';
import { incidentState } from './schema.ts';

const stateNames = ['open', 'acked', 'closed'] as const satisfies readonly IncidentState[];

interface IncidentRow {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  readonly state: number;
  readonly severity: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly count: number;
  readonly acked_by: string | null;
  readonly acked_at: number | null;
  readonly closed_by: string | null;
  readonly closed_at: number | null;
}

/** Newest first; `before`: below this number. */
export function listIncidents(
  { db }: Ledger,
  wish: { readonly state?: IncidentState; readonly limit: number; readonly before?: number },
): Incident[] {
  const { state, before = Number.MAX_SAFE_INTEGER } = wish;
  const limit = Math.min(wish.limit, storeLimits.listedRows);
  const rows =
    state === undefined
      ? db.all<IncidentRow>('SELECT * FROM incident WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      : db.all<IncidentRow>(
          'SELECT * FROM incident WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?',
          incidentState[state],
          before,
          limit,
        );
  return rows.map((row) => toIncident(db, row));
}

export function showIncident({ db }: Ledger, id: number): Incident | undefined {
  const row = incidentRow(db, id);
  return row === undefined ? undefined : toIncident(db, row);
}

function incidentRow(db: Ledger['db'], id: number): IncidentRow | undefined {
  return db.get<IncidentRow>('SELECT * FROM incident WHERE id = ?', id);
}

/** Within a transaction. Throws NOT_FOUND. */
export function setIncident(
  ledger: Ledger,
  id: number,
  change: IncidentChange,
  by: string,
  now: number,
): Incident {
  const { db } = ledger;
  const row = incidentRow(db, id);
  if (row === undefined) throw new RelayError('NOT_FOUND', `there is no incident ${id}`);
  const state = change.state === undefined ? row.state : incidentState[change.state];
  if (state !== row.state) enter(ledger, row, state, by, now);
  if (change.note !== undefined && change.note !== '') {
    db.run('INSERT INTO note(incident, at, by, text) VALUES(?, ?, ?, ?)', id, now, by, change.note);
  }
  return toIncident(db, incidentRow(db, id) ?? row);
}

function enter(ledger: Ledger, row: IncidentRow, state: number, by: string, now: number): void {
  const { db } = ledger;
  const { id, key } = row;
  if (row.state === incidentState.closed) refuseSecond(db, id, key);
  const change = (columns: string, ...values: (string | number)[]): void => {
    db.run(`UPDATE incident SET state = ?, ${columns} WHERE id = ?`, state, ...values, id);
  };
  switch (state) {
    case incidentState.open:
      change(
        'acked_by = NULL, acked_at = NULL, closed_by = NULL, closed_at = NULL, check_at = last_at + window_ms',
      );
      break;
    case incidentState.acked:
      change('acked_by = ?, acked_at = ?, closed_by = NULL, closed_at = NULL', by, now);
      break;
    default:
      change('closed_by = ?, closed_at = ?', by, now);
      dropEscalations(ledger, id);
  }
  countIncident(ledger, row.state, state);
}

/** Two open incidents of one key would divide what belongs together. */
function refuseSecond(db: Ledger['db'], id: number, key: string): void {
  const other = db.get<{ id: number }>('SELECT id FROM incident WHERE key = ? AND state < 2', key);
  if (other === undefined) return;
  throw new RelayError('BAD_REQUEST', `incident ${id}: it goes on as incident ${other.id}, which is open`, {
    hint: `change incident ${other.id} instead`,
  });
}

/** Within a transaction. */
export function closeSilent(ledger: Ledger, now: number): Part {
  const { db } = ledger;
  const rows = db.all<{ id: number; state: number; endsAt: number }>(
    `SELECT id, state, last_at + window_ms AS endsAt FROM incident INDEXED BY incident_check
      WHERE state < 2 AND check_at <= ? ORDER BY check_at LIMIT ?`,
    now,
    storeLimits.incidentRows,
  );
  let moved = 0;
  for (const { id, state, endsAt } of rows) {
    // Its messages did not move the time of looking: that is done now, once.
    if (endsAt >= now) {
      db.run('UPDATE incident SET check_at = ? WHERE id = ?', endsAt + 1, id);
      continue;
    }
    db.run(`UPDATE incident SET state = 2, closed_by = 'silence', closed_at = ? WHERE id = ?`, now, id);
    dropEscalations(ledger, id);
    countIncident(ledger, state, incidentState.closed);
    moved++;
  }
  return { moved, more: rows.length === storeLimits.incidentRows };
}

function toIncident(db: Ledger['db'], row: IncidentRow): Incident {
  return {
    id: row.id,
    key: row.key,
    title: row.title,
    state: stateNames[row.state] ?? 'closed',
    severity: toSeverity(row.severity),
    firstAt: row.first_at,
    lastAt: row.last_at,
    count: row.count,
    ...(row.acked_by === null ? {} : { ackedBy: row.acked_by }),
    ...(row.acked_at === null ? {} : { ackedAt: row.acked_at }),
    ...(row.closed_by === null ? {} : { closedBy: row.closed_by }),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at }),
    notes: db
      .all<Incident['notes'][number]>(
        'SELECT at, by, text FROM note WHERE incident = ? ORDER BY id LIMIT ?',
        row.id,
        storeLimits.listedRows,
      )
      .map((note) => ({ ...note })),
  };
}
