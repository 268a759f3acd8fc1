/**
 * What becomes of a planned pair when its message is stored, for one transaction of accept.ts: due, due later, or suppressed.
 *
 * In this order: what routing has decided; an acknowledged incident is quiet unless the message is graver than
 * everything notified of it; the threshold counts every message that comes so far; a repeat is quiet until its time has
 * passed, unless graver than what this recipient was told, or unless the notification it would repeat is itself still
 * waiting (group_wait): then it joins that. A recipient counts as notified when its pair is planned, not when it
 * is sent, so that the outcome does not depend on how fast a provider is.
 */

import type { PlannedPair, Threshold } from '../model/plan.ts';
import type { Arrival } from '../model/store.ts';
import { Drafts } from './drafts.ts';
import { gravity, type LiveIncident } from './incident-opening.ts';
import type { Ledger } from './ledger.ts';
import { Rows } from './rows.ts';
import { incidentState } from './schema.ts';

export type PairFate =
  | { readonly kind: 'due'; readonly notBefore: number }
  | { readonly kind: 'suppressed'; readonly reason: string; readonly detail: string };

interface Notified {
  readonly incident: number;
  readonly recipient: number;
  readonly gravity: number;
  /** When the notification is due that counts. */
  readonly dueAt: number;
  /** No repeat before. */
  readonly until: number;
  readonly intervalMs: number;
}

interface Period {
  readonly endsAt: number;
  readonly seen: number;
  readonly passed: number;
}

export class PairFates {
  readonly #ledger: Ledger;
  readonly #notified = new Drafts<Notified>();
  readonly #periods = new Drafts<Period>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  decide(
    planned: PlannedPair,
    { at, facts }: Arrival,
    incident: LiveIncident | undefined,
    recipient: number,
  ): PairFate {
    const { suppress, threshold, audience } = planned;
    if (suppress !== undefined) return { kind: 'suppressed', ...suppress };
    const grave = gravity(facts.severity);
    const isQuiet = audience === 'people' && incident?.state === incidentState.acked;
    const isAcked = isQuiet && grave <= incident.notified;
    const passes = threshold === undefined || this.#passes(threshold, planned.route, recipient, at);
    if (isAcked) return suppressed('acked');
    if (!passes) return suppressed('threshold');
    const notBefore = at + planned.waitMs;
    if (incident === undefined) return { kind: 'due', notBefore };
    const fate = this.#repeat(planned, { at, grave, notBefore }, incident, recipient);
    if (fate.kind === 'due' && audience === 'people') incident.notified = Math.max(incident.notified, grave);
    return fate;
  }

  finish(): void {
    const { db } = this.#ledger;
    const fresh = new Rows(db, this.#ledger.inserts.notified);
    this.#notified.finish(
      ({ incident, recipient, gravity: grave, dueAt, until, intervalMs }, _key, isNew) => {
        if (isNew) {
          fresh.add(incident, recipient, grave, dueAt, until, intervalMs);
          return;
        }
        db.run(
          `UPDATE notified SET gravity = ?, due_at = ?, until = ?, interval_ms = ? WHERE incident = ? AND recipient = ?`,
          grave,
          dueAt,
          until,
          intervalMs,
          incident,
          recipient,
        );
      },
    );
    fresh.finish();
    this.#periods.finish(({ endsAt, seen, passed }, name) => {
      const [route = '', recipient = '', ...key] = name.split(' ');
      db.run(
        `INSERT OR REPLACE INTO threshold(route, recipient, key, ends_at, seen, passed) VALUES(?, ?, ?, ?, ?, ?)`,
        Number(route),
        Number(recipient),
        key.join(' '),
        endsAt,
        seen,
        passed,
      );
    });
  }

  #repeat(
    { repeat }: PlannedPair,
    message: { readonly at: number; readonly grave: number; readonly notBefore: number },
    incident: LiveIncident,
    recipient: number,
  ): PairFate {
    const { at, grave, notBefore } = message;
    const key = `${incident.id} ${recipient}`;
    const load = (): Notified | undefined =>
      this.#ledger.db.get<Notified>(
        `SELECT incident, recipient, gravity, due_at AS dueAt, until, interval_ms AS intervalMs FROM notified
          WHERE incident = ? AND recipient = ?`,
        incident.id,
        recipient,
      );
    // Of an incident opened a moment ago nobody can have been notified before.
    const before = this.#notified.get(key, incident.opened === undefined ? load : () => undefined);
    const due = (intervalMs: number): PairFate => {
      const most = Math.max(before?.gravity ?? 0, grave);
      const until = notBefore + intervalMs;
      const row = { incident: incident.id, recipient, gravity: most, dueAt: notBefore, until, intervalMs };
      this.#notified.set(key, row);
      return { kind: 'due', notBefore };
    };
    if (repeat === undefined) return due(0);
    if (before === undefined || grave > before.gravity) return due(repeat.firstMs);
    if (at < before.dueAt) return { kind: 'due', notBefore: before.dueAt };
    if (at < before.until) return suppressed('repeat');
    return due(Math.min(Math.max(repeat.firstMs, before.intervalMs * 2), repeat.maxMs));
  }

  /** Counts the message, and says whether it passes. A period begins with the first message after the last one. */
  #passes({ key, seconds, limit, count }: Threshold, route: string, recipient: number, at: number): boolean {
    const { db, words } = this.#ledger;
    const routeId = words.id(route, at);
    const name = `${routeId} ${recipient} ${key}`;
    const known = this.#periods.get(name, () =>
      db.get<Period>(
        'SELECT ends_at AS endsAt, seen, passed FROM threshold WHERE route = ? AND recipient = ? AND key = ?',
        routeId,
        recipient,
        key,
      ),
    );
    const goesOn = known !== undefined && at < known.endsAt;
    const period = goesOn ? known : { endsAt: at + seconds * 1000, seen: 0, passed: 0 };
    const seen = period.seen + 1;
    const passes =
      (count === undefined || seen % count === 0) && (limit === undefined || period.passed < limit);
    this.#periods.set(name, { ...period, seen, passed: period.passed + (passes ? 1 : 0) });
    return passes;
  }
}

function suppressed(reason: 'acked' | 'threshold' | 'repeat'): PairFate {
  return { kind: 'suppressed', reason, detail: '' };
}
