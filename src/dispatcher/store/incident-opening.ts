/**
 * Which incident a message opens or extends, for one transaction of accept.ts.
 *
 * An incident goes on while it is not closed and the next message of its key comes within the window; one that was silent for
 * longer is closed here, should closeSilent not have come by yet. What is `released` is closed by its last message.
 */

import type { PlannedIncident } from '../model/plan.ts';
import type { Arrival } from '../model/store.ts';
import { Drafts } from './drafts.ts';
import { nextNumber, type Ledger } from './ledger.ts';
import { Rows } from './rows.ts';
import { incidentState } from './schema.ts';

export interface LiveIncident {
  readonly id: number;
  state: number;
  severity: number;
  lastAt: number;
  count: number;
  windowMs: number;
  /** Its gravest message. */
  gravest: number;
  /** Gravity of the gravest notification of it, to whomever; 0 for none. */
  notified: number;
  /** Of one opened in this transaction, which has no row yet. */
  readonly opened?: { readonly key: string; readonly title: string; readonly at: number };
  closed?: { readonly by: string; readonly at: number };
  /** Whom a step is known to be planned for: not asked of the table again within this transaction. */
  steps?: Set<string>;
}

/** To compare severities by: unrated counts as medium. */
export function gravity(severity: number): number {
  return severity === 0 ? 3 : severity;
}

export const incidentCounters = ['incidents:open', 'incidents:acked', 'incidents:closed'] as const;

/** Move an incident between the counters. `from` undefined: it is new. */
export function countIncident({ counters }: Ledger, from: number | undefined, to: number | undefined): void {
  if (from !== undefined) counters.add(incidentCounters[from] ?? '', -1);
  if (to !== undefined) counters.add(incidentCounters[to] ?? '', 1);
}

/** Once for each recipient as long as the incident is open, whenever its routes first ask for it. */
function planEscalation({ db }: Ledger, live: LiveIncident, to: string, dueAt: number): void {
  const steps = (live.steps ??= new Set());
  if (steps.has(to)) return;
  steps.add(to);
  db.run('INSERT OR IGNORE INTO escalation(incident, recipient, due_at) VALUES(?, ?, ?)', live.id, to, dueAt);
}

export class IncidentOpening {
  readonly #ledger: Ledger;
  readonly #live = new Drafts<LiveIncident | 'none'>();
  readonly #opened: LiveIncident[] = [];
  readonly #members: Rows;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#members = new Rows(ledger.db, ledger.inserts.member);
  }

  /** Undefined when a release finds nothing to close. */
  join(planned: PlannedIncident, { at, facts }: Arrival, seq: number): LiveIncident | undefined {
    const { key, windowMs } = planned;
    let live = this.#find(key);
    if (live !== undefined && at - live.lastAt > windowMs) {
      this.#close(key, live, 'silence', at);
      live = undefined;
    }
    if (live === undefined && planned.closes === true) return undefined;
    live ??= this.#open(planned, at, seq);
    if (live.count === 0 || gravity(facts.severity) > gravity(live.severity)) live.gravest = seq;
    live.severity = Math.max(live.severity, facts.severity);
    live.count++;
    live.lastAt = Math.max(live.lastAt, at);
    live.windowMs = windowMs;
    this.#members.add(live.id, seq);
    this.#live.set(key, live);
    if (planned.closes === true) this.#close(key, live, 'release', at);
    return live;
  }

  /** What becomes of the message's pairs is decided: the incident was changed, and its step is planned once people are told of it. */
  keep({ key, escalate }: PlannedIncident, { at }: Arrival, live: LiveIncident): void {
    if (live.state === incidentState.closed) return;
    if (live.state === incidentState.open && live.notified > 0) {
      for (const { afterMs, to } of escalate) planEscalation(this.#ledger, live, to, at + afterMs);
    }
    this.#live.set(key, live);
  }

  finish(): void {
    this.#members.finish();
    this.#live.finish((live) => {
      if (live !== 'none' && live.opened === undefined) this.#write(live);
    });
    this.#insert();
  }

  #find(key: string): LiveIncident | undefined {
    const found = this.#live.get(key, () =>
      this.#ledger.db.get<LiveIncident>(
        `SELECT id, state, severity, last_at AS lastAt, count, window_ms AS windowMs, gravest, notified
          FROM incident INDEXED BY incident_key WHERE key = ? AND state < 2`,
        key,
      ),
    );
    return found === 'none' ? undefined : found;
  }

  #open({ key, title, windowMs }: PlannedIncident, at: number, seq: number): LiveIncident {
    const id = nextNumber(this.#ledger, 'incident');
    countIncident(this.#ledger, undefined, incidentState.open);
    const opened = { key, title, at };
    const live = {
      id,
      state: 0,
      severity: 0,
      lastAt: at,
      count: 0,
      windowMs,
      gravest: seq,
      notified: 0,
      opened,
    };
    this.#opened.push(live);
    return live;
  }

  #close(key: string, live: LiveIncident, by: string, at: number): void {
    countIncident(this.#ledger, live.state, incidentState.closed);
    live.state = incidentState.closed;
    live.closed = { by, at };
    if (live.opened === undefined) this.#write(live);
    this.#live.set(key, 'none');
  }

  #insert(): void {
    const { db, inserts } = this.#ledger;
    const rows = new Rows(db, inserts.incident);
    for (const { opened, closed, ...live } of this.#opened) {
      const { id, state, severity, lastAt, count, windowMs, gravest, notified } = live;
      const { key = '', title = '', at = lastAt } = opened ?? {};
      const ends = [closed?.by ?? null, closed?.at ?? null];
      rows.add(
        id,
        key,
        title,
        state,
        severity,
        at,
        lastAt,
        count,
        windowMs,
        at + windowMs,
        gravest,
        notified,
        ...ends,
      );
    }
    rows.finish();
  }

  #write({ id, state, severity, lastAt, count, windowMs, gravest, notified, closed }: LiveIncident): void {
    this.#ledger.db.run(
      `UPDATE incident SET state = ?, severity = ?, last_at = ?, count = ?, window_ms = ?, gravest = ?, notified = ?,
          closed_by = ?, closed_at = ?
        WHERE id = ?`,
      state,
      severity,
      lastAt,
      count,
      windowMs,
      gravest,
      notified,
      closed?.by ?? null,
      closed?.at ?? null,
      id,
    );
  }
}
