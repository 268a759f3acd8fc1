/**
 * The part of the store the outbox works with, in memory: queues, claims, fates, limits and storms by the rules of
 * model/store.ts, without incidents, repeats and thresholds. What a method has done is committed; a test that kills the outbox keeps the
 * store. Quick enough for thousands of simulated lives.
 */

import { RelayError } from '../../src/core/errors.ts';
import type { Severity } from '../../src/core/severity.ts';
import type {
  AttemptRecord,
  ClaimedPair,
  DigestFacts,
  Fate,
  LimitState,
  StormState,
  Tally,
} from '../../src/dispatcher/model/delivery.ts';
import type {
  Arrival,
  ClaimWish,
  Finish,
  PairRecord,
  RecipientQueue,
  Store,
} from '../../src/dispatcher/model/store.ts';
import type { OutboxStore } from '../../src/dispatcher/outbox/deps.ts';

export type TestStore = OutboxStore & Pick<Store, 'accept' | 'pairs' | 'redrive'>;

/** A minute of waiting is worth a point of priority, as in the real store. */
const POINT_MS = 60_000;
const MOST_COUNTED = 1_000;

interface Pair {
  readonly seq: number;
  readonly arrival: Arrival;
  readonly recipient: string;
  readonly route: string;
  rank: number;
  /** Owed to this recipient since. */
  since: number;
  state: 'due' | 'leased' | 'sent' | 'dead' | 'suppressed';
  reason: string;
  notBefore: number;
  attempts: number;
  uncertain: boolean;
  plain: boolean;
  readonly claims: Claimed[];
}

interface Claimed {
  readonly id: number;
  readonly recipient: string;
  readonly pairs: readonly Pair[];
  attempt: AttemptRecord | undefined;
}

interface Queue {
  readonly name: string;
  named: boolean;
  machine: boolean;
  heldReason: string | undefined;
  heldSince: number | undefined;
  /** Due and leased ones, by sequence. */
  readonly open: Map<number, Pair>;
  readonly all: Map<number, Pair>;
  /** High ones that no storm has looked at yet. */
  fresh: Pair[];
  storm: StormState | undefined;
  readonly seen: Set<string>;
}

export class MemoryStore implements TestStore {
  readonly #queues = new Map<string, Queue>();
  readonly #ids = new Map<string, number>();
  readonly #pairs = new Map<number, Pair[]>();
  readonly #claims = new Map<number, Claimed>();
  readonly #limits = new Map<string, LimitState>();
  readonly #states = new Map<string, string>();
  readonly #listeners = new Set<(recipients: readonly string[]) => void>();
  #due = new Set<string>();
  #seq = 0;
  #claim = 0;

  async accept(batch: readonly Arrival[]) {
    const receipts = batch.map((arrival) => {
      const { id } = arrival;
      const known = this.#ids.get(id);
      if (known !== undefined) return { status: 'duplicate' as const, seq: known, id };
      const seq = (this.#seq += 1);
      this.#ids.set(id, seq);
      for (const planned of arrival.plan.pairs) {
        const queue = this.#queue(planned.recipient);
        queue.machine = planned.audience === 'machine';
        const { suppress, waitMs, priority, route } = planned;
        this.#add(queue, {
          seq,
          arrival,
          recipient: queue.name,
          route,
          rank: queue.machine ? seq : arrival.at - priority * POINT_MS,
          since: arrival.at,
          state: suppress === undefined ? 'due' : 'suppressed',
          reason: suppress?.reason ?? '',
          notBefore: arrival.at + waitMs,
          attempts: 0,
          uncertain: false,
          plain: false,
          claims: [],
        });
      }
      return { status: 'stored' as const, seq, id };
    });
    this.#tell();
    return receipts;
  }

  onDue(listener: (recipients: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async nameRecipients(names: readonly string[]): Promise<void> {
    for (const queue of this.#queues.values()) queue.named = false;
    for (const name of names) {
      this.#queue(name).named = true;
      this.#due.add(name);
    }
    this.#tell();
  }

  async queues(now: number): Promise<RecipientQueue[]> {
    return [...this.#queues.values()].map((queue) => this.#look(queue, now, Infinity));
  }

  async queue(recipient: string, now: number): Promise<RecipientQueue> {
    return this.#look(this.#queue(recipient), now, MOST_COUNTED);
  }

  async claim(recipient: string, wish: ClaimWish) {
    const { now, pairs, bytes = Infinity, breakout } = wish;
    const queue = this.#queue(recipient);
    if (heldReason(queue) !== undefined) return undefined;
    const chosen = breakout === true ? breakouts(queue, now, pairs) : mostUrgent(queue, wish);
    let room = bytes;
    const fitting = chosen.filter(({ arrival }, index) => {
      room -= arrival.body.byteLength;
      return room >= 0 || index === 0;
    });
    if (fitting.length === 0) return undefined;
    const { id } = this.#lease(queue, fitting);
    return { id, recipient, pairs: fitting.map((pair) => claimed(pair)) };
  }

  async claimDigest(recipient: string, _now: number) {
    const queue = this.#queue(recipient);
    const pairs = [...queue.open.values()].filter(({ state }) => state === 'due');
    if (heldReason(queue) !== undefined || pairs.length === 0) return undefined;
    const uncertain = pairs.some((pair) => pair.uncertain);
    for (const { arrival } of pairs) queue.seen.add(arrival.facts.classification);
    return { id: this.#lease(queue, pairs).id, recipient, digest: factsOf(pairs), uncertain };
  }

  async finish({ claim, attempt, fate, except = [], limits = [] }: Finish): Promise<void> {
    const call = this.#openClaim(claim);
    const own = new Map(except.map((one) => [one.seq, one.fate]));
    call.attempt = attempt;
    for (const pair of call.pairs) this.#decide(pair, own.get(pair.seq) ?? fate, attempt.endedAt);
    for (const state of limits) this.#limits.set(state.key, state);
    this.#due.add(call.recipient);
    this.#tell();
  }

  async abandon(claims?: readonly number[]): Promise<number> {
    let count = 0;
    for (const call of this.#claims.values()) {
      if (call.attempt !== undefined || claims?.includes(call.id) === false) continue;
      call.attempt = INTERRUPTED;
      for (const pair of call.pairs) {
        Object.assign(pair, { state: 'due', uncertain: true, attempts: pair.attempts + 1 });
        count += 1;
      }
      this.#due.add(call.recipient);
    }
    this.#tell();
    return count;
  }

  async hold(recipient: string, reason: string, now: number): Promise<void> {
    const queue = this.#queue(recipient);
    queue.heldReason = reason;
    queue.heldSince ??= now;
  }

  async resume(recipient: string): Promise<number> {
    const queue = this.#queue(recipient);
    queue.heldReason = undefined;
    queue.heldSince = undefined;
    this.#due.add(recipient);
    this.#tell();
    return queue.open.size;
  }

  async fallBack(recipient: string, to: string, before: number, now: number): Promise<number> {
    const queue = this.#queue(recipient);
    const target = this.#queue(to);
    let moved = 0;
    for (const pair of Array.from(queue.open.values())) {
      if (pair.state !== 'due' || pair.since >= before) continue;
      const other = target.all.get(pair.seq);
      if (other?.state === 'dead' || other?.state === 'suppressed') continue;
      this.#settle(pair, 'suppressed', 'fallback');
      this.#hand(pair, target, now);
      moved += 1;
    }
    this.#tell();
    return moved;
  }

  async giveUp(recipient: string, before: number, reason: string): Promise<number> {
    const queue = this.#queue(recipient);
    const old = [...queue.open.values()].filter(({ state, since }) => state === 'due' && since < before);
    for (const pair of old) this.#settle(pair, 'dead', reason);
    return old.length;
  }

  async escalate(): Promise<number> {
    return 0;
  }

  async closeSilent(): Promise<number> {
    return 0;
  }

  async limits(): Promise<LimitState[]> {
    return [...this.#limits.values()];
  }

  async storms(): Promise<StormState[]> {
    return [...this.#queues.values()].flatMap(({ storm }) => storm ?? []);
  }

  async setStorm(storm: StormState): Promise<void> {
    const queue = this.#queue(storm.recipient);
    if (queue.storm?.since !== storm.since) queue.seen.clear();
    queue.storm = storm;
  }

  async endStorm(recipient: string): Promise<void> {
    this.#queue(recipient).storm = undefined;
  }

  async redrive({ recipient, now }: Parameters<Store['redrive']>[0]): Promise<number> {
    let count = 0;
    for (const queue of this.#queues.values()) {
      if (recipient !== undefined && queue.name !== recipient) continue;
      for (const pair of queue.all.values()) {
        if (pair.state !== 'dead') continue;
        const fresh = {
          state: 'due',
          reason: '',
          notBefore: now,
          since: now,
          plain: false,
          attempts: 0,
        } as const;
        Object.assign(pair, fresh);
        queue.open.set(pair.seq, pair);
        this.#due.add(queue.name);
        count += 1;
      }
    }
    this.#tell();
    return count;
  }

  async state(key: string): Promise<string | undefined> {
    return this.#states.get(key);
  }

  async setState(key: string, value: string): Promise<void> {
    this.#states.set(key, value);
  }

  async pairs(seq: number): Promise<PairRecord[]> {
    return (this.#pairs.get(seq) ?? []).map((pair) => {
      const held = heldReason(this.#queue(pair.recipient));
      const isHeld = pair.state === 'due' && held !== undefined;
      return {
        seq,
        recipient: pair.recipient,
        route: pair.route,
        state: isHeld ? 'held' : pair.state,
        reason: isHeld ? held : pair.reason,
        attempts: pair.attempts,
        notBefore: pair.notBefore,
        notifications: pair.claims.flatMap(({ id, attempt, pairs }) =>
          attempt === undefined ? [] : [{ id, pairs: pairs.length, ...attempt }],
        ),
      };
    });
  }

  /** Numbers of the messages a notification carried. */
  carried(claim: number): readonly number[] {
    return (this.#claims.get(claim)?.pairs ?? []).map(({ seq }) => seq);
  }

  /** Whether what became of it was written down by who made the call. */
  finished(claim: number): boolean {
    const attempt = this.#claims.get(claim)?.attempt;
    return attempt !== undefined && attempt !== INTERRUPTED;
  }

  #queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const fresh = {
      named: true,
      machine: false,
      heldReason: undefined,
      heldSince: undefined,
      storm: undefined,
    };
    const queue: Queue = { name, ...fresh, open: new Map(), all: new Map(), fresh: [], seen: new Set() };
    this.#queues.set(name, queue);
    return queue;
  }

  #add(queue: Queue, pair: Pair): void {
    queue.all.set(pair.seq, pair);
    this.#pairs.set(pair.seq, [...(this.#pairs.get(pair.seq) ?? []), pair]);
    if (pair.state !== 'due') return;
    queue.open.set(pair.seq, pair);
    if (pair.arrival.facts.severity === 4) queue.fresh.push(pair);
    this.#due.add(queue.name);
  }

  /** As if it had been planned for the other one, unless that has it anyway. */
  #hand(pair: Pair, target: Queue, now: number): void {
    if (target.all.has(pair.seq)) return;
    const fresh = {
      state: 'due',
      reason: '',
      notBefore: now,
      since: now,
      attempts: 0,
      uncertain: false,
      plain: false,
    } as const;
    this.#add(target, { ...pair, ...fresh, recipient: target.name, claims: [] });
  }

  #lease(queue: Queue, pairs: readonly Pair[]): Claimed {
    const call: Claimed = { id: (this.#claim += 1), recipient: queue.name, pairs, attempt: undefined };
    this.#claims.set(call.id, call);
    for (const pair of pairs) {
      pair.state = 'leased';
      pair.claims.push(call);
    }
    return call;
  }

  #openClaim(id: number): Claimed {
    const call = this.#claims.get(id);
    if (call === undefined || call.attempt !== undefined) {
      throw new RelayError('LEASE_EXPIRED', `claim ${id}: it is not open`);
    }
    return call;
  }

  #decide(pair: Pair, fate: Fate, now: number): void {
    switch (fate.kind) {
      case 'sent':
        this.#settle(pair, 'sent', '');
        break;
      case 'dead':
        this.#settle(pair, 'dead', fate.reason);
        if (fate.fallback !== undefined) this.#hand(pair, this.#queue(fate.fallback), now);
        break;
      case 'held': {
        const queue = this.#queue(pair.recipient);
        pair.state = 'due';
        queue.heldReason = fate.reason;
        queue.heldSince ??= now;
        break;
      }
      case 'again':
        pair.state = 'due';
        pair.notBefore = fate.notBefore;
        pair.attempts += 1;
        pair.plain ||= fate.plain === true;
        pair.uncertain ||= fate.uncertain === true;
        pair.reason = fate.reason;
        break;
    }
  }

  #settle(pair: Pair, state: 'sent' | 'dead' | 'suppressed', reason: string): void {
    Object.assign(pair, { state, reason });
    this.#queue(pair.recipient).open.delete(pair.seq);
  }

  #look(queue: Queue, now: number, most: number): RecipientQueue {
    const held = heldReason(queue);
    let due = 0;
    let leased = 0;
    let nextAt = Infinity;
    for (const { state, notBefore } of queue.open.values()) {
      if (due >= most) break;
      if (state === 'leased') leased += 1;
      else if (notBefore <= now) due += 1;
      else nextAt = Math.min(nextAt, notBefore);
    }
    const counted = { due, pending: queue.open.size - leased, held: 0 };
    return {
      recipient: queue.name,
      ...(held === undefined ? counted : { due: 0, pending: 0, held: counted.pending, heldReason: held }),
      leased,
      dead: 0,
      sent: 0,
      suppressed: {},
      dropped: {},
      planned: queue.all.size,
      ...(due > 0 || nextAt === Infinity || held !== undefined ? {} : { nextAt }),
      ...(queue.heldSince === undefined ? {} : { heldSince: queue.heldSince }),
    };
  }

  #tell(): void {
    const due = [...this.#due];
    this.#due = new Set();
    if (due.length > 0) for (const listener of this.#listeners) listener(due);
  }
}

const INTERRUPTED: AttemptRecord = {
  form: 'messages',
  startedAt: 0,
  endedAt: 0,
  outcome: 'again',
  reason: 'the call was interrupted',
};

function heldReason({ named, heldReason: reason }: Queue): string | undefined {
  return named ? reason : 'removed';
}

function mostUrgent({ open, machine }: Queue, { now, pairs, only, except = [] }: ClaimWish): Pair[] {
  const due: Pair[] = [];
  const one = only === undefined ? undefined : open.get(only);
  const unwanted = new Set(except);
  for (const pair of only === undefined ? open.values() : one === undefined ? [] : [one]) {
    // A machine's queue is read from its head: it is in the order of acceptance already.
    if (machine && due.length >= pairs) break;
    if (pair.state === 'due' && pair.notBefore <= now && !unwanted.has(pair.seq)) due.push(pair);
  }
  return due.toSorted((a, b) => a.rank - b.rank || a.seq - b.seq).slice(0, pairs);
}

/** One of each classification the storm has not seen; the others are passed over for good. */
function breakouts(queue: Queue, now: number, count: number): Pair[] {
  const chosen: Pair[] = [];
  queue.fresh = queue.fresh.filter((pair) => {
    const { classification } = pair.arrival.facts;
    if (chosen.length >= count || pair.notBefore > now) return true;
    if (pair.state !== 'due' || queue.seen.has(classification)) return false;
    queue.seen.add(classification);
    chosen.push(pair);
    return false;
  });
  return chosen;
}

function claimed({ seq, arrival, attempts, uncertain, plain, route }: Pair): ClaimedPair {
  const { body, facts, origin, at, verbatim } = arrival;
  const pair = { seq, body, facts, origin, at, attempts, uncertain, plain, route };
  return verbatim === undefined ? pair : { ...pair, verbatim };
}

function factsOf(pairs: readonly Pair[]): DigestFacts {
  const severities: Partial<Record<Severity, number>> = {};
  const times = pairs.map(({ arrival }) => arrival.at);
  for (const { arrival } of pairs) {
    const { severity } = arrival.facts;
    severities[severity] = (severities[severity] ?? 0) + 1;
  }
  const classifications = tally(pairs.map(({ arrival }) => arrival.facts.classification));
  const sources = tally(pairs.map(({ arrival }) => arrival.facts.source));
  const targets = tally(pairs.map(({ arrival }) => arrival.facts.target));
  return {
    count: pairs.length,
    firstAt: times.reduce((least, at) => Math.min(least, at), Infinity),
    lastAt: times.reduce((most, at) => Math.max(most, at), 0),
    severities,
    classifications: classifications.slice(0, 5),
    sources: sources.slice(0, 5),
    targets: targets.slice(0, 5),
    distinct: {
      classifications: classifications.length,
      sources: sources.length,
      targets: targets.length,
    },
  };
}

function tally(values: readonly string[]): Tally[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count);
}
