/**
 * The outbox: what was accepted is delivered, by one lane per recipient, within the providers' limits, until every pair has its fate.
 *
 * Made by src/app. Owns when and how often; the store owns what is owed (claims, fates), a sink how it is said. Nothing leaves a queue
 * before the provider has answered and the answer is stored: a crash at any point costs at most a repetition, which is marked. A
 * recipient held for a provider's words is tried once more after each start and each change of its configuration. dispatch.md E.6.
 */

import { setMaxListeners } from 'node:events';

import { messageOf, RelayError } from '../../core/errors.ts';
import { outboxLimits, stormLimits } from '../../core/limits.ts';
import type { Recipient } from '../model/recipient.ts';
import type { SinkAnswer } from '../model/sink.ts';
import { Buckets } from './buckets.ts';
import type { OutboxDeps, OutboxStatus } from './deps.ts';
import { BROKEN } from './fates.ts';
import { Lane } from './lane.ts';
import { newLaneState, type LaneContext } from './lane-state.ts';
import { Pace, pacedBy } from './pace.ts';
import { loadStorm } from './storm.ts';
import { startTicks } from './ticks.ts';
import { tryOut } from './try-out.ts';
import { Turns } from './turns.ts';

export interface Outbox {
  /** Takes up what an earlier process left, then delivers until `drain`. Rejects when the store cannot be read. */
  start(): Promise<void>;
  /** After a reload: recipients come, go and change. What vanishes keeps its queue, held. */
  configure(recipients: readonly Recipient[]): Promise<void>;
  /** Something may be due, or may have been resumed, that the store has not told of itself. */
  wake(recipients: readonly string[]): void;
  /** One marked call past routes and queues; the provider's answer. Rejects with NOT_FOUND. */
  test(recipient: string, by: string): Promise<SinkAnswer>;
  /** Claims nothing more; calls under way may end within `deadlineMs`, then they are cut off (uncertain). How many were. */
  drain(deadlineMs: number): Promise<number>;
  /** `drain(0)`; store and sinks are closed by who made them. */
  close(): Promise<void>;
  status(): OutboxStatus;
}

const SECRET_KEY = 'outbox.secret';
const SECRET_BYTES = 32;
/** Set as long as calls may be under way whose tokens are not written down. */
const RUNNING_KEY = 'outbox.running';
const RUNNING = 'yes';
const UNCLEAN_KEY = 'outbox.unclean';

export function createOutbox(deps: OutboxDeps): Outbox {
  return new Dispatching(deps);
}

class Dispatching implements Outbox {
  readonly #deps: OutboxDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #abort = new AbortController();
  readonly #buckets: Buckets;
  readonly #turns: Turns;
  /** Lanes of recipients that are gone, until their last call is over. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** By recipient; one that goes and comes back finds its own again. */
  readonly #paces = new Map<string, Pace>();
  #changes: Promise<void> = Promise.resolve();
  #context: LaneContext | undefined;
  #stopHearing: () => void = () => undefined;
  #stopTicks: () => Promise<void> = () => Promise.resolve();
  #drained: Promise<number> | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#buckets = new Buckets(deps.timers);
    this.#turns = new Turns(deps.timers, this.#buckets, deps.callsUnderWay);
    // Each call under way listens to it, and there are more than Node's ten.
    setMaxListeners(0, this.#abort.signal);
  }

  start(): Promise<void> {
    const started = this.#start();
    this.#changes = started.catch(() => undefined);
    return started;
  }

  async #start(): Promise<void> {
    const { store, storms } = this.#deps;
    const secret = await this.#secret();
    const uncleanAt = await this.#lastUnclean();
    await store.abandon();
    const states = await store.limits();
    this.#buckets.load(states, uncleanAt);
    for (const state of states) {
      const recipient = pacedBy(state.key);
      if (recipient !== undefined) this.#paceOf(recipient).load(state, uncleanAt);
    }
    const { signal: abort } = this.#abort;
    const rules = { ...stormLimits, ...storms };
    this.#context = {
      deps: this.#deps,
      buckets: this.#buckets,
      turns: this.#turns,
      rules,
      secret,
      takesOver: (name) => this.#lanes.get(name)?.state.recipient.enabled === true,
      abort,
    };
    if (this.#drained !== undefined) return;
    this.#stopHearing = store.onDue((recipients) => this.wake(recipients));
    await this.#add(this.#deps.recipients(), this.#context);
    if (this.#drained === undefined) this.#stopTicks = startTicks(this.#lanes, this.#context);
  }

  /** One after the other. */
  configure(recipients: readonly Recipient[]): Promise<void> {
    const changed = this.#changes.then(() => this.#change(recipients));
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  async #change(recipients: readonly Recipient[]): Promise<void> {
    const context = this.#context;
    if (context === undefined || this.#drained !== undefined) return;
    this.#buckets.relearn();
    const names = new Set(recipients.map(({ name }) => name));
    for (const [name, lane] of this.#lanes) {
      if (names.has(name)) continue;
      this.#lanes.delete(name);
      const leaving = Promise.all([this.#leaving.get(name), lane.stop()]).then(() => undefined);
      this.#leaving.set(name, leaving);
    }
    for (const recipient of recipients) await this.#lanes.get(recipient.name)?.reconfigure(recipient);
    await this.#add(recipients, context);
    this.#turns.serve();
  }

  /** Lanes for those that have none. */
  async #add(recipients: readonly Recipient[], context: LaneContext): Promise<void> {
    const { store, timers } = this.#deps;
    const now = timers.now();
    await store.nameRecipients(
      recipients.map(({ name }) => name),
      now,
    );
    const storms = new Map((await store.storms()).map((storm) => [storm.recipient, storm]));
    const queues = new Map((await store.queues(now)).map((queue) => [queue.recipient, queue]));
    for (const recipient of recipients) {
      const { name } = recipient;
      if (this.#lanes.has(name)) continue;
      const state = newLaneState(recipient, this.#paceOf(name));
      const storm = storms.get(name);
      state.storm = storm && loadStorm(storm, context.rules);
      state.held = queues.get(name)?.heldReason;
      const lane = new Lane(state, context);
      // What an operator must mend may have been mended before the restart: one call tells.
      if (state.held?.startsWith(BROKEN) === true) await lane.resume();
      if (this.#drained !== undefined) return;
      this.#lanes.set(name, lane);
      lane.start(this.#leaving.get(name));
    }
  }

  #paceOf(recipient: string): Pace {
    const pace = this.#paces.get(recipient) ?? new Pace(this.#deps.timers, recipient);
    this.#paces.set(recipient, pace);
    return pace;
  }

  wake(recipients: readonly string[]): void {
    for (const name of recipients) this.#lanes.get(name)?.wake();
  }

  async test(recipient: string, by: string): Promise<SinkAnswer> {
    const lane = this.#lanes.get(recipient);
    if (lane === undefined || this.#context === undefined) {
      throw new RelayError('NOT_FOUND', `there is no recipient ${recipient}`);
    }
    if (this.#drained !== undefined) return { outcome: { kind: 'again', reason: 'the program ends' } };
    return tryOut(lane, by, this.#context);
  }

  drain(deadlineMs: number): Promise<number> {
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async close(): Promise<void> {
    await this.drain(0);
  }

  status(): OutboxStatus {
    const lanes = [...this.#lanes.values()].map((lane) => lane.status());
    return { lanes, callsUnderWay: this.#turns.underWay };
  }

  async #drain(deadlineMs: number): Promise<number> {
    this.#stopHearing();
    const stopping = [...this.#lanes.values()].map((lane) => lane.stop());
    this.#turns.close();
    const ended = Promise.all([...stopping, ...this.#leaving.values(), this.#changes, this.#stopTicks()]);
    if (await this.#within(ended, deadlineMs)) {
      await this.#ended();
      return 0;
    }
    const cut = this.#turns.underWay;
    this.#abort.abort();
    if (await this.#within(ended, 2 * outboxLimits.abortGraceMs)) await this.#ended();
    return cut;
  }

  /**
   * When (wall ms) this process, or the last one that had to, took over from one that did not end cleanly: what is known of
   * limits from before does not count the calls that were under way. -Infinity: never. Claims alone do not tell, because a process
   * may die after giving them back.
   */
  async #lastUnclean(): Promise<number> {
    const { store, timers } = this.#deps;
    const isUnclean = (await store.state(RUNNING_KEY)) === RUNNING;
    if (isUnclean) await store.setState(UNCLEAN_KEY, String(timers.now()));
    await store.setState(RUNNING_KEY, RUNNING);
    return Number((await store.state(UNCLEAN_KEY)) ?? -Infinity);
  }

  async #ended(): Promise<void> {
    const { store, log } = this.#deps;
    // Not started: how the last process ended is not written down yet.
    if (this.#context === undefined) return;
    try {
      await store.setState(RUNNING_KEY, 'no');
    } catch (error) {
      log.error(`the outbox’s clean end cannot be stored: ${messageOf(error)}`);
    }
  }

  async #within(work: Promise<unknown>, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#deps.timers.after(ms, () => resolve(false));
      void work.finally(() => {
        cancel();
        resolve(true);
      });
    });
  }

  /** Made once a store: names of notifications are the same after a restart. */
  async #secret(): Promise<string> {
    const { store, random } = this.#deps;
    const known = await store.state(SECRET_KEY);
    if (known !== undefined) return known;
    const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('hex');
    await store.setState(SECRET_KEY, secret);
    return secret;
  }
}
