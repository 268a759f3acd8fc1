/**
 * A provider with faults, outside of the process that is killed: what has arrived here has arrived. It judges at once what must
 * hold at every call: limits and bans obeyed, one call a recipient at a time, repetitions marked.
 */

import type { Outcome } from '../../../src/core/outcome.ts';
import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { LimitSpec, Notification, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { OK, silent, sleep } from '../../support/outbox-world.ts';
import type { VirtualTimers } from '../../support/virtual-timers.ts';
import type { Chance } from './chance.ts';
import type { Mortal } from './mortal.ts';

export const MODES = [
  'well',
  'well',
  'well',
  'down',
  'doubtful',
  'silent',
  'deaf',
  'limiting',
  'broken',
  'refusing',
  'throwing',
  'partly',
] as const;

export type Mode = (typeof MODES)[number];

/** Something that arrived. */
export interface Effect {
  readonly claim: number;
  readonly recipient: string;
  readonly seqs: readonly number[];
  readonly digest: boolean;
  readonly repeated: boolean;
  readonly key: string;
  readonly at: number;
}

export interface Ledger {
  readonly effects: Effect[];
  /** What a digest's notification carries. */
  carried(claim: number): readonly number[];
  /** Whether the end of a call was written down. */
  finished(claim: number): boolean;
  violation(words: string): void;
}

export interface Habits {
  readonly limits: readonly LimitSpec[];
  /** Judges messages of a batch one by one. */
  readonly each: boolean;
  /** Every so many-th message is refused: unless plain, or in any form. 0: none. */
  readonly curable: number;
  readonly hopeless: number;
  /** … or fails every call that carries it, though nobody refuses it. */
  readonly poison: number;
  readonly slowMs: number;
}

/** Longest way of an answer back to the outbox. */
const HEARD_MS = 30;

/** Longest way from the beginning of a round to its first call: claim, views, text. */
const CLAIMED_MS = 300;

interface Ban {
  readonly since: number;
  readonly until: number;
  readonly process: Mortal;
  readonly claim: number;
}

export class FakeProvider {
  mode: Mode = 'well';
  unavailable: string | undefined;
  /** Messages behind this one are good ones. */
  badUntil = Infinity;
  readonly habits: Habits;
  readonly #timers: VirtualTimers;
  readonly #chance: Chance;
  readonly #ledger: Ledger;
  /** Reference buckets: full at the beginning, never below nothing. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #bans = new Map<string, Ban>();
  readonly #calling = new Map<string, Mortal>();
  readonly #arrived = new Set<string>();
  /** Notifications that one of several receivers has. */
  readonly #had = new Set<string>();
  #calls: readonly { readonly process: Mortal; readonly at: number }[] = [];

  constructor(habits: Habits, timers: VirtualTimers, chance: Chance, ledger: Ledger) {
    this.habits = habits;
    this.#timers = timers;
    this.#chance = chance;
    this.#ledger = ledger;
  }

  async answer(notification: Notification, signal: AbortSignal, process: Mortal): Promise<SinkAnswer> {
    const { name } = notification.recipient;
    this.#calling.set(name, process);
    // After its abort the call is none of the outbox's any more.
    const over = (): void => void this.#calling.delete(name);
    signal.addEventListener('abort', over);
    try {
      if (this.#chance.is(0.5)) await sleep(this.#timers, this.#chance.between(1, this.habits.slowMs));
      return await this.#judge(notification, signal, process);
    } finally {
      over();
    }
  }

  /** The call leaves the outbox. */
  admit(notification: Notification, process: Mortal): void {
    const { name } = notification.recipient;
    const now = this.#timers.monotonic();
    if (this.#calling.get(name)?.alive === true) this.#ledger.violation(`two calls at once for ${name}`);
    // A test leaves no trace in the store: its token is forgotten with its process.
    if (notification.form === 'test') return;
    this.#countCall(notification.recipient, process);
    for (const { key, rate, burst } of this.habits.limits) {
      const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * rate) / 1000) - 1;
      bucket.at = now;
      this.#buckets.set(key, bucket);
      if (bucket.tokens < -1e-3) this.#ledger.violation(`${key}: ${bucket.tokens} tokens at ${now}`);
      const ban = this.#bans.get(key);
      // An answer takes a moment to be heard.
      if (ban === undefined || now >= ban.until || now <= ban.since + HEARD_MS) continue;
      if (ban.process === process || this.#ledger.finished(ban.claim)) {
        this.#ledger.violation(`${key}: called at ${now}, banned until ${ban.until}`);
      }
    }
  }

  /** Of one call more than two rounds may have, the first and the last belong to rounds that are not neighbours. */
  #countCall({ name, everyMs, budget }: Recipient, process: Mortal): void {
    if (everyMs === undefined || budget === undefined) return;
    const now = this.#timers.monotonic();
    const calls = [...this.#calls, { process, at: now }].slice(-(2 * budget + 1));
    this.#calls = calls;
    const [first] = calls;
    if (calls.length <= 2 * budget || first?.process !== process) return;
    if (now - first.at < everyMs - CLAIMED_MS) this.#ledger.violation(`${name}: beyond its budget at ${now}`);
  }

  async #judge(notification: Notification, signal: AbortSignal, process: Mortal): Promise<SinkAnswer> {
    switch (this.mode) {
      case 'well':
        return this.#take(notification, process);
      case 'down':
        return { outcome: { kind: 'again', reason: 'connection refused' } };
      case 'doubtful':
        if (this.#chance.is(0.5)) this.#take(notification, process);
        return { outcome: { kind: 'again', reason: 'connection reset' }, uncertain: true };
      case 'silent':
        if (this.#chance.is(0.5)) this.#take(notification, process);
        return await silent(notification, signal);
      case 'deaf':
        if (this.#chance.is(0.5)) this.#take(notification, process);
        return await new Promise(() => undefined);
      case 'limiting':
        return this.#limit(notification, process);
      case 'broken':
        return { outcome: { kind: 'broken', reason: '401 unauthorized' } };
      case 'refusing':
        return { outcome: { kind: 'refused', reason: '400 bad request' } };
      case 'partly':
        return this.#takePartly(notification, process);
      case 'throwing':
        break;
    }
    if (this.#chance.is(0.5)) this.#take(notification, process);
    throw new TypeError('cannot read properties of undefined');
  }

  #limit({ id }: Notification, process: Mortal): SinkAnswer {
    const retryAfterMs = this.#chance.between(500, 20_000);
    const keys = this.habits.limits.map(({ key }) => key);
    const now = this.#timers.monotonic();
    const named = this.#chance.is(0.5) ? keys.slice(0, 1) : [];
    for (const key of named.length > 0 ? named : keys) {
      this.#bans.set(key, { since: now, until: now + retryAfterMs, process, claim: id });
    }
    const notBefore = this.#timers.now() + retryAfterMs;
    const outcome: Outcome = { kind: 'again', reason: '429 too many requests', retryAfterMs };
    return named.length > 0 ? { outcome, limits: named.map((key) => ({ key, notBefore })) } : { outcome };
  }

  #take(notification: Notification, process: Mortal): SinkAnswer {
    const { form, messages } = notification;
    const refused: Outcome = { kind: 'refused', reason: '422 cannot be shown' };
    const { curable, hopeless, poison, each } = this.habits;
    const suspicious = messages.filter(({ seq }) => seq <= this.badUntil);
    if (suspicious.some(({ seq }) => isEvery(seq, poison))) {
      const outcome: Outcome = { kind: 'again', reason: '500 internal error' };
      if (!each) return { outcome, uncertain: true };
      const poisonous = suspicious.flatMap(({ seq }) => (isEvery(seq, poison) ? [seq] : []));
      this.#arrive(notification, new Set(poisonous), process);
      return { ...OK, each: new Map(poisonous.map((seq) => [seq, outcome])) };
    }
    const bad = suspicious.flatMap(({ seq }) => {
      const isBad = isEvery(seq, hopeless) || (form !== 'plain' && isEvery(seq, curable));
      return isBad ? [seq] : [];
    });
    if (bad.length > 0 && !this.habits.each) return { outcome: refused };
    this.#arrive(notification, new Set(bad), process);
    return bad.length === 0 ? OK : { ...OK, each: new Map(bad.map((seq) => [seq, refused])) };
  }

  /** One of its receivers has it, unless it was the same before; another one does not take it. */
  #takePartly(notification: Notification, process: Mortal): SinkAnswer {
    const { recipient, messages, idempotencyKey } = notification;
    const what = messages.length === 0 ? idempotencyKey : messages.map(({ seq }) => seq).join();
    const key = `${recipient.name} ${what}`;
    if (!this.#had.has(key)) this.#arrive(notification, new Set(), process);
    this.#had.add(key);
    return { outcome: { kind: 'again', reason: '1 of 2 receivers: 451 later' }, partly: true };
  }

  #arrive(notification: Notification, bad: ReadonlySet<number>, process: Mortal): void {
    const { id, recipient, messages, digest, repeated, idempotencyKey } = notification;
    const { name } = recipient;
    const carried = digest === undefined ? messages.map(({ seq }) => seq) : this.#ledger.carried(id);
    const seqs = carried.filter((seq) => !bad.has(seq));
    const twice = seqs.filter((seq) => this.#arrived.has(`${name} ${seq}`));
    // What was under way when its sender died may arrive after the repetition.
    if (twice.length > 0 && !repeated && process.alive) {
      this.#ledger.violation(`${name}: ${twice.join(', ')} came again and is not marked`);
    }
    for (const seq of seqs) this.#arrived.add(`${name} ${seq}`);
    this.#ledger.effects.push({
      claim: id,
      recipient: name,
      seqs,
      digest: digest !== undefined,
      repeated,
      key: idempotencyKey,
      at: this.#timers.monotonic(),
    });
  }
}

export function isEvery(seq: number, step: number): boolean {
  return step > 0 && seq % step === 0;
}
