/**
 * What the store should do, as simply as it can be said: arrays and maps, everything looked at each time. For
 * model.test.ts. Incidents and repeats have tables of their own; here plans are due, waiting or suppressed.
 */

import type { Fate } from '../../../src/dispatcher/model/delivery.ts';
import type { RecipientQueue } from '../../../src/dispatcher/model/store.ts';

type State = 'open' | 'leased' | 'sent' | 'dead' | 'suppressed';

export interface ModelPair {
  readonly seq: number;
  readonly recipient: string;
  readonly at: number;
  /** Owed to the recipient since: unless it was accepted for it. */
  since?: number;
  readonly priority: number;
  state: State;
  reason: string;
  notBefore: number;
  /** Due whatever `notBefore` says: given back, or held meanwhile. */
  ready: boolean;
  attempts: number;
  uncertain: boolean;
  claim: number;
}

export interface ModelArrival {
  readonly id: string;
  readonly text: string;
  readonly pairs: readonly {
    readonly recipient: string;
    readonly priority: number;
    readonly waitMs: number;
    readonly suppressed: boolean;
  }[];
}

interface ModelRecipient {
  named: boolean;
  held: boolean;
  planned: number;
  sent: number;
  suppressed: Record<string, number>;
  dropped: number;
}

interface ModelMessage {
  readonly at: number;
  readonly id: string;
  readonly text: string;
}

export class StoreModel {
  now: number;
  offered = 0;
  duplicate = 0;
  conflict = 0;
  stored = 0;
  lastClaim = 0;
  readonly messages = new Map<number, ModelMessage>();
  /** Id and text of all that were ever stored, with their numbers. */
  readonly seen: { readonly id: string; readonly text: string; readonly seq: number }[] = [];
  readonly recipients = new Map<string, ModelRecipient>();
  readonly claims = new Map<number, string>();
  pairs: ModelPair[] = [];

  constructor(now: number) {
    this.now = now;
  }

  accept(arrival: ModelArrival): string {
    this.offered++;
    const known = this.seen.filter(({ id }) => id === arrival.id);
    const same = known.find(({ text }) => text === arrival.text);
    if (same !== undefined) {
      this.duplicate++;
      return `duplicate ${same.seq}`;
    }
    if (known.length > 0) this.conflict++;
    const seq = ++this.stored;
    this.seen.push({ id: arrival.id, text: arrival.text, seq });
    this.messages.set(seq, { at: this.now, id: arrival.id, text: arrival.text });
    for (const { recipient, priority, waitMs, suppressed } of arrival.pairs) {
      const row = this.recipient(recipient);
      row.planned++;
      if (suppressed) row.suppressed['silence'] = (row.suppressed['silence'] ?? 0) + 1;
      this.pairs.push({
        seq,
        recipient,
        at: this.now,
        priority,
        state: suppressed ? 'suppressed' : 'open',
        reason: suppressed ? 'silence' : '',
        notBefore: this.now + waitMs,
        ready: false,
        attempts: 0,
        uncertain: false,
        claim: 0,
      });
    }
    return `${known.length > 0 ? 'conflict' : 'stored'} ${seq}`;
  }

  recipient(name: string): ModelRecipient {
    const known = this.recipients.get(name);
    if (known !== undefined) return known;
    const made = { named: true, held: false, planned: 0, sent: 0, suppressed: {}, dropped: 0 };
    this.recipients.set(name, made);
    return made;
  }

  isHeld(name: string): boolean {
    const row = this.recipients.get(name);
    return row === undefined || row.held || !row.named;
  }

  due(name: string): ModelPair[] {
    const rank = ({ at, since = at, priority }: ModelPair): number => since - priority * 60_000;
    return this.open(name)
      .filter(({ ready, notBefore }) => ready || notBefore <= this.now)
      .toSorted((a, b) => rank(a) - rank(b) || a.seq - b.seq);
  }

  open(name: string): ModelPair[] {
    return this.pairs.filter(({ recipient, state }) => recipient === name && state === 'open');
  }

  owed(name: string): ModelPair[] {
    return this.pairs.filter(
      ({ recipient, state }) => recipient === name && (state === 'open' || state === 'leased'),
    );
  }

  /** Numbers of the messages, in order; undefined when there is nothing to give. */
  claim(name: string, count: number): number[] | undefined {
    return this.#lease(name, this.due(name).slice(0, count));
  }

  claimDigest(name: string): number[] | undefined {
    return this.#lease(name, this.open(name));
  }

  #lease(name: string, pairs: readonly ModelPair[]): number[] | undefined {
    if (this.isHeld(name) || pairs.length === 0) return undefined;
    const id = ++this.lastClaim;
    this.claims.set(id, name);
    for (const pair of pairs) Object.assign(pair, { state: 'leased', claim: id });
    return pairs.map(({ seq }) => seq);
  }

  /** False: there is no such claim. */
  finish(id: number, all: Fate, fateOf: (seq: number) => Fate): boolean {
    const name = this.claims.get(id);
    if (name === undefined) return false;
    this.claims.delete(id);
    if (all.kind === 'held') this.recipient(name).held = true;
    for (const pair of this.leased(id)) {
      const fate = fateOf(pair.seq);
      if (fate.kind === 'sent') {
        pair.state = 'sent';
        this.recipient(name).sent++;
      } else if (fate.kind === 'dead') {
        Object.assign(pair, { state: 'dead', reason: fate.reason, attempts: pair.attempts + 1 });
      } else if (fate.kind === 'held') {
        Object.assign(pair, { state: 'open', ready: true, reason: '' });
        this.recipient(name).held = true;
      } else {
        const { notBefore, reason, uncertain = pair.uncertain } = fate;
        Object.assign(pair, {
          state: 'open',
          ready: false,
          notBefore,
          reason,
          uncertain,
          attempts: pair.attempts + 1,
        });
      }
    }
    return true;
  }

  leased(id: number): ModelPair[] {
    return this.pairs.filter(({ state, claim }) => state === 'leased' && claim === id);
  }

  abandon(ids: readonly number[]): number {
    let count = 0;
    for (const id of ids) {
      for (const pair of this.leased(id)) {
        Object.assign(pair, { state: 'open', ready: true, uncertain: true, attempts: pair.attempts + 1 });
        count++;
      }
      this.claims.delete(id);
    }
    return count;
  }

  resume(name: string): number {
    const row = this.recipients.get(name);
    if (row?.held !== true) return 0;
    row.held = false;
    return this.isHeld(name) ? 0 : this.open(name).length;
  }

  giveUp(name: string, before: number): number {
    const old = this.open(name).filter(({ at, since = at }) => since < before);
    for (const pair of old) Object.assign(pair, { state: 'dead', reason: 'given up' });
    return old.length;
  }

  fallBack(name: string, to: string, before: number): number {
    if (name === to || !this.owed(name).some(({ at }) => at < before)) return 0;
    const target = this.recipient(to);
    let moved = 0;
    for (const pair of this.open(name).filter(({ at, since = at }) => since < before)) {
      const other = this.pairs.find(({ seq, recipient }) => seq === pair.seq && recipient === to);
      if (other?.state === 'dead' || other?.state === 'suppressed') continue;
      if (other === undefined) {
        target.planned++;
        const { seq, at, priority } = pair;
        const fresh = {
          reason: '',
          notBefore: this.now,
          ready: true,
          attempts: 0,
          uncertain: false,
          claim: 0,
          since: this.now,
        };
        this.pairs.push({ seq, at, priority, recipient: to, state: 'open', ...fresh });
      }
      Object.assign(pair, { state: 'suppressed', reason: 'fallback' });
      const row = this.recipient(name);
      row.suppressed['fallback'] = (row.suppressed['fallback'] ?? 0) + 1;
      moved++;
    }
    return moved;
  }

  redrive(name: string | undefined, seq: number | undefined): number {
    const dead = this.#dead(name, seq);
    const anew = { state: 'open', ready: true, reason: '', attempts: 0, since: this.now };
    for (const pair of dead) Object.assign(pair, anew);
    return dead.length;
  }

  dismiss(name: string | undefined, seq: number | undefined): number {
    const dead = this.#dead(name, seq);
    for (const pair of dead) {
      Object.assign(pair, { state: 'suppressed', reason: 'dismissed' });
      const { suppressed } = this.recipient(pair.recipient);
      suppressed['dismissed'] = (suppressed['dismissed'] ?? 0) + 1;
    }
    return dead.length;
  }

  #dead(name: string | undefined, seq: number | undefined) {
    return this.pairs.filter(
      (pair) =>
        pair.state === 'dead' &&
        (name === undefined || pair.recipient === name) &&
        (seq === undefined || pair.seq === seq),
    );
  }

  tidy(maxAgeMs: number): void {
    for (const [seq, { at }] of this.messages) {
      const own = this.pairs.filter((pair) => pair.seq === seq);
      const owed = own.some(({ state }) => state === 'open' || state === 'leased');
      if (owed || at >= this.now - maxAgeMs) continue;
      for (const { state, recipient } of own) if (state === 'dead') this.recipient(recipient).dropped++;
      this.pairs = this.pairs.filter((pair) => pair.seq !== seq);
      this.messages.delete(seq);
    }
  }

  queue(
    name: string,
  ): Omit<RecipientQueue, 'heldReason' | 'heldSince' | 'lastSentAt' | 'lastError' | 'nextAt'> {
    const row = this.recipient(name);
    const held = this.isHeld(name);
    const open = this.open(name);
    const states = (wanted: State): number =>
      this.pairs.filter(({ recipient, state }) => recipient === name && state === wanted).length;
    const oldest = this.owed(name).reduce((least, { at }) => Math.min(least, at), Infinity);
    return {
      recipient: name,
      due: held ? 0 : this.due(name).length,
      pending: held ? 0 : open.length,
      held: held ? open.length : 0,
      leased: states('leased'),
      dead: states('dead'),
      sent: row.sent,
      suppressed: row.suppressed,
      dropped: row.dropped === 0 ? {} : { retention: row.dropped },
      planned: row.planned,
      ...(oldest === Infinity ? {} : { oldestAt: oldest }),
    };
  }
}
