/**
 * Store messages with their pairs: the one transaction between the door and everything else.
 *
 * Called by core.ts with all that arrived together. Recognises duplicates, opens and extends incidents, decides each
 * pair's fate, counts. Few statements a message: rows are inserted many at a time, and what a batch changes often
 * (incidents, counters, analyzers) is written once.
 */

import { RelayError } from '../../core/errors.ts';
import { storeLimits } from '../../core/limits.ts';
import { loadChecksum } from '../../journal/checksum.ts';
import type { Receipt } from '../model/message.ts';
import type { PlannedPair } from '../model/plan.ts';
import type { Arrival } from '../model/store.ts';
import { Drafts } from './drafts.ts';
import { IncidentOpening, type LiveIncident } from './incident-opening.ts';
import { nextNumber, type Ledger } from './ledger.ts';
import { PairFates } from './pair-fate.ts';
import { PairTally } from './pair-counters.ts';
import { Recognition } from './recognition.ts';
import { Rows } from './rows.ts';
import { pairState, POINT_MS } from './schema.ts';

const HIGH = 4;

interface Analyzer {
  readonly origin: string;
  readonly analyzer: string;
  lastAt: number;
  heartbeatAt: number | null;
  messages: number;
}

/** Throws before anything is done with a batch that cannot be stored. */
export function checkArrivals(batch: readonly Arrival[]): void {
  for (const { id, hash, plan } of batch) {
    if (!/^[0-9a-f]{32}$/.test(id))
      throw new RelayError('BUG', `message id ${id.slice(0, 64)}: not 32 hex digits`);
    if (hash.byteLength !== 32)
      throw new RelayError('BUG', `message ${id}: its hash has ${hash.byteLength} bytes`);
    const known = plan.incidents.length;
    if (plan.pairs.some(({ incident }) => incident !== undefined && !(incident >= 0 && incident < known)))
      throw new RelayError('BUG', `message ${id}: a pair of an incident that is not planned`);
  }
}

/** Within a transaction. Receipts in the order of the messages. */
export function acceptAll(ledger: Ledger, batches: readonly (readonly Arrival[])[]): Receipt[][] {
  const acceptance = new Acceptance(ledger);
  const receipts = batches.map((batch) => batch.map((arrival) => acceptance.take(arrival)));
  acceptance.finish();
  return receipts;
}

class Acceptance {
  readonly #ledger: Ledger;
  readonly #recognition: Recognition;
  readonly #incidents: IncidentOpening;
  readonly #fates: PairFates;
  readonly #analyzers = new Drafts<Analyzer>();
  readonly #tally = new PairTally();
  readonly #messages: Rows;
  readonly #bodies: Rows;
  readonly #pairs: Rows;
  readonly #checksum = loadChecksum();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#recognition = new Recognition(ledger);
    this.#incidents = new IncidentOpening(ledger);
    this.#fates = new PairFates(ledger);
    const { db, inserts } = ledger;
    this.#messages = new Rows(db, inserts.message);
    this.#bodies = new Rows(db, inserts.body);
    this.#pairs = new Rows(db, inserts.pair);
  }

  take(arrival: Arrival): Receipt {
    const { counters } = this.#ledger;
    counters.add('offered', 1);
    const verdict = this.#recognition.judge(arrival);
    if (verdict.kind === 'duplicate') {
      counters.add('duplicate', 1);
      return { status: 'duplicate', seq: verdict.seq, id: arrival.id };
    }
    counters.add('stored', 1);
    counters.add('retained', 1);
    if (verdict.kind === 'conflict') counters.add('conflict', 1);
    const seq = nextNumber(this.#ledger, 'message');
    const id = Buffer.from(arrival.id, 'hex');
    const { incidents, pairs } = arrival.plan;
    const joined = incidents.map((planned) => this.#incidents.join(planned, arrival, seq));
    this.#store(arrival, { seq, id, conflict: verdict.kind === 'conflict' }, joined);
    for (const planned of onePerRecipient(pairs)) {
      const incident = planned.incident === undefined ? undefined : joined[planned.incident];
      this.#plan(planned, arrival, seq, incident);
    }
    incidents.forEach((planned, index) => {
      const incident = joined[index];
      if (incident !== undefined) this.#incidents.keep(planned, arrival, incident);
    });
    this.#recognition.remember(arrival, seq, id);
    this.#hear(arrival);
    return { status: verdict.kind, seq, id: arrival.id };
  }

  finish(): void {
    const { db } = this.#ledger;
    for (const rows of [this.#messages, this.#bodies, this.#pairs]) rows.finish();
    for (const part of [this.#recognition, this.#incidents, this.#fates]) part.finish();
    this.#tally.finish(this.#ledger.counters);
    this.#analyzers.finish(({ origin, analyzer, lastAt, heartbeatAt, messages }) => {
      db.run(
        'INSERT OR REPLACE INTO analyzer(origin, analyzer, last_at, heartbeat_at, messages) VALUES(?, ?, ?, ?, ?)',
        origin,
        analyzer,
        lastAt,
        heartbeatAt,
        messages,
      );
    });
  }

  #store(
    arrival: Arrival,
    as: { readonly seq: number; readonly id: Buffer; readonly conflict: boolean },
    joined: readonly (LiveIncident | undefined)[],
  ): void {
    const { at, facts, origin, body, verbatim, config } = arrival;
    const { seq, id, conflict } = as;
    const incidents = joined.flatMap((incident) => (incident === undefined ? [] : [incident.id]));
    this.#messages.add(
      seq,
      id,
      at,
      facts.kind === 'heartbeat' ? 1 : 0,
      facts.severity,
      conflict ? 1 : 0,
      this.#ledger.words.id(config, at),
      facts.createTime === undefined ? null : Math.round(facts.createTime),
      body.byteLength,
      shortened(facts.messageid),
      shortened(facts.analyzer),
      shortened(facts.classification),
      shortened(facts.source),
      shortened(facts.target),
      JSON.stringify(origin),
      incidents.join(','),
    );
    const crc = this.#checksum(body);
    const whole = verbatim === undefined ? crc : this.#checksum(Buffer.from(verbatim), crc);
    this.#bodies.add(seq, whole, body, verbatim ?? null);
  }

  #plan(planned: PlannedPair, arrival: Arrival, seq: number, incident: LiveIncident | undefined): void {
    const { words, recipients, due } = this.#ledger;
    const { at, facts } = arrival;
    const { id, name } = recipients.named(planned.recipient);
    // A machine gets everything in the order of acceptance.
    const priority = planned.audience === 'machine' ? 0 : planned.priority;
    const fate = this.#fates.decide(planned, arrival, incident, id);
    const isDue = fate.kind === 'due';
    const notBefore = isDue ? Math.ceil(fate.notBefore) : at;
    const open = notBefore > at ? pairState.waiting : pairState.ready;
    const state = isDue ? open : pairState.suppressed;
    this.#pairs.add(
      seq,
      id,
      state,
      at - priority * POINT_MS,
      priority,
      notBefore,
      isDue && facts.severity === HIGH ? 1 : 0,
      words.id(planned.route, at),
      isDue ? 0 : words.id(fate.reason, at),
      isDue ? 0 : words.id(shortened(fate.detail), at),
      incident?.id ?? null,
    );
    this.#tally.add(id, state, isDue ? '' : fate.reason);
    if (isDue) due.add(name);
  }

  /** The analyzers table: who was heard of, and when. */
  #hear({ at, facts, origin: { sensor, profile, peer, source } }: Arrival): void {
    const origin = sensor ?? profile ?? peer ?? source;
    const analyzer = shortened(facts.analyzer);
    const key = `${origin.length} ${origin} ${analyzer}`;
    const known = this.#analyzers.get(key, () =>
      this.#ledger.db.get<Analyzer>(
        `SELECT origin, analyzer, last_at AS lastAt, heartbeat_at AS heartbeatAt, messages FROM analyzer
          WHERE origin = ? AND analyzer = ?`,
        origin,
        analyzer,
      ),
    );
    const row = known ?? { origin, analyzer, lastAt: at, heartbeatAt: null, messages: 0 };
    row.lastAt = Math.max(row.lastAt, at);
    row.messages++;
    if (facts.kind === 'heartbeat') row.heartbeatAt = Math.max(row.heartbeatAt ?? at, at);
    this.#analyzers.set(key, row);
  }
}

/** A recipient reached by two routes gets a message once: by the first that does not suppress it. */
function onePerRecipient(pairs: readonly PlannedPair[]): readonly PlannedPair[] {
  if (new Set(pairs.map(({ recipient }) => recipient)).size === pairs.length) return pairs;
  const chosen = new Map<string, PlannedPair>();
  for (const pair of pairs) {
    const other = chosen.get(pair.recipient);
    const isBetter = other?.suppress !== undefined && pair.suppress === undefined;
    if (other === undefined || isBetter) chosen.set(pair.recipient, pair);
  }
  return [...chosen.values()];
}

/** Facts are for listings: an attacker's kilobytes are not. */
function shortened(text: string): string {
  return text.length <= storeLimits.factChars ? text : text.slice(0, storeLimits.factChars);
}
