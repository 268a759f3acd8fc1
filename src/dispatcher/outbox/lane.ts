/**
 * The loop of one recipient: when its pause, its round and its storm allow, it asks for a turn, claims what is most urgent, delivers,
 * and rests until something is due. One lane each, so a slow, held or failing recipient delays no other; one call at a time.
 *
 * Made by outbox.ts. Nothing ends the loop but `stop`: what throws is a bug, is said, and is tried again later like any failure.
 */

import { isDeepStrictEqual } from 'node:util';

import { backoff, unitInterval } from '../../core/backoff.ts';
import { messageOf, RelayError } from '../../core/errors.ts';
import { outboxLimits } from '../../core/limits.ts';
import { isChannel, type Recipient } from '../model/recipient.ts';
import { createBell, type Bell } from './bell.ts';
import { choose } from './choose.ts';
import { deliver, type Way } from './deliver.ts';
import type { EndpointSink, LaneStatus } from './deps.ts';
import { fullJitter } from './full-jitter.ts';
import { insist } from './insist.ts';
import { BROKEN, shorten } from './fates.ts';
import { noteHold, type LaneContext, type LaneState } from './lane-state.ts';
import type { Load } from './notify.ts';
import { forgetFailures, noteFailure } from './note-verdict.ts';
import { quietUntil } from './storm.ts';
import type { TurnRequest } from './turns.ts';

export class Lane {
  readonly state: LaneState;
  readonly #context: LaneContext;
  readonly #bell: Bell;
  #configured: Recipient;
  #sink: EndpointSink['sink'] | undefined;
  #request: TurnRequest | undefined;
  #calls: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Times in a row that the store could not be read or written. */
  #storeFaults = 0;
  /** The last failure was one of the endpoint itself: it is over as soon as the endpoint can be used. */
  #unready = false;

  constructor(state: LaneState, context: LaneContext) {
    this.state = state;
    this.#configured = state.recipient;
    this.#context = context;
    this.#bell = createBell(context.deps.timers);
  }

  /** `predecessor`: an earlier lane of the recipient that may still be calling. */
  start(predecessor: Promise<void> = Promise.resolve()): void {
    this.#calls = predecessor;
    const now = this.#context.deps.timers.monotonic();
    this.state.patientUntil = Math.max(this.state.patientUntil, now + outboxLimits.startPatienceMs);
    this.#loop = this.#run();
  }

  /** Something may be due. */
  wake(): void {
    this.#bell.ring();
  }

  /** No further call; resolves when the one under way, if any, has its fate. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#interrupt();
    return this.#loop;
  }

  /** Waits for the call under way; then nothing is called until `work` is done. Goes before what only waits for its turn. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#alone(work);
    this.#interrupt();
    return result;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#calls.then(work);
    this.#calls = result.catch(() => undefined);
    return result;
  }

  /** As it is configured from now on. Whatever has changed may have been the cause of its trouble: it is tried at once. */
  async reconfigure(recipient: Recipient): Promise<void> {
    const before = this.#configured;
    const endpoint = await this.#context.deps.sinks(recipient.endpoint).catch(() => undefined);
    const newSink = endpoint !== undefined && endpoint.sink !== this.#sink;
    const changed = newSink || !isDeepStrictEqual(withoutCriteria(before), withoutCriteria(recipient));
    this.#configured = recipient;
    if (!changed) return;
    const { params } = this.state.recipient;
    const keep = isDeepStrictEqual(before.params, recipient.params);
    this.state.recipient = keep ? { ...recipient, params } : recipient;
    this.state.batch = undefined;
    this.state.pace.open();
    if (this.state.held?.startsWith(BROKEN) === true) await this.resume();
    this.#interrupt();
  }

  /** The queue goes on, whatever held it. How many pairs. */
  async resume(): Promise<number> {
    const { deps } = this.#context;
    const resumed = await deps.store.resume(this.state.recipient.name, deps.timers.now());
    noteHold(this.state, undefined, deps.timers.monotonic());
    this.state.pace.open();
    forgetFailures(this.state);
    this.#interrupt();
    return resumed;
  }

  status(): LaneStatus {
    const { recipient, attempts, thrown, digests, failures, storm } = this.state;
    const { failingSince, lastError, lastOkAt, held } = this.state;
    const retryAt = failures > 0 ? this.state.pace.pausedUntil : undefined;
    return {
      recipient: recipient.name,
      endpoint: recipient.endpoint,
      state: this.#word(),
      attempts: { ...attempts },
      thrown,
      digests,
      failures,
      ...(failingSince === undefined ? {} : { failingSince }),
      ...(retryAt === undefined ? {} : { retryAt }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(lastOkAt === undefined ? {} : { lastOkAt }),
      ...(held === undefined ? {} : { heldReason: held }),
      ...(storm === undefined
        ? {}
        : { storm: { since: storm.state.since, nextDigestAt: storm.state.nextDigestAt } }),
    };
  }

  #word(): LaneStatus['state'] {
    const { recipient, held, failures, calling, pace, rhythm, storm } = this.state;
    if (!recipient.enabled) return 'disabled';
    if (held !== undefined) return 'held';
    if (calling) return 'calling';
    if (failures > 0) return 'failing';
    return this.#request !== undefined || storm !== undefined || pace.waitMs(rhythm) > 0 ? 'waiting' : 'idle';
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#step();
        this.#storeFaults = 0;
      } catch (error) {
        if (this.#stopped) break;
        await this.#trouble(error);
      }
    }
  }

  async #step(): Promise<void> {
    const { state } = this;
    if ((await this.#restsAnyway()) || (await this.#restsForPace())) return;
    const endpoint = await this.#ready();
    // The type may have brought rounds with it.
    if (endpoint === undefined || (await this.#restsForPace())) return;
    const restMs = await this.#alone(() => this.#send(endpoint));
    if (restMs === undefined || restMs <= 0) return;
    state.pace.nothingDue();
    await this.#bell.wait(restMs);
  }

  /** One call; or, when there is nothing to send, for how long. */
  async #send(endpoint: EndpointSink): Promise<number | undefined> {
    const { state } = this;
    const specs = endpoint.sink.limits(state.recipient);
    if (this.#stopped) return 0;
    this.#request = this.#context.turns.request(specs, state.recipient.priority);
    const turn = await this.#request.turn;
    this.#request = undefined;
    if (turn === undefined) return 0;
    try {
      const choice = this.#stopped ? { restMs: 0 } : await choose(state, endpoint.type, this.#context);
      if (!('load' in choice)) return choice.restMs;
      await this.#deliver(choice.load, { endpoint, specs, turn });
      return undefined;
    } finally {
      turn.end();
    }
  }

  async #deliver(load: Load, way: Way): Promise<void> {
    const { state } = this;
    const { deps, abort } = this.#context;
    state.pace.callBegins(state.rhythm);
    state.calling = true;
    try {
      await deliver(load, state, way, this.#context);
    } catch (error) {
      const what = `${state.recipient.name}: a call that failed`;
      await insist(what, () => deps.store.abandon([load.claim.id]), deps, abort);
      throw error;
    } finally {
      state.calling = false;
    }
  }

  /** While it is held or disabled; and in a storm until its next digest, or until something may break out. */
  async #restsAnyway(): Promise<boolean> {
    const { state } = this;
    const { store, timers } = this.#context.deps;
    if (!state.recipient.enabled) {
      await this.#bell.pause(Infinity);
      return true;
    }
    if (state.held !== undefined) {
      // Somebody may have resumed it in the store.
      const { heldReason } = await store.queue(state.recipient.name, timers.now());
      noteHold(state, heldReason, timers.monotonic());
      if (heldReason === undefined) forgetFailures(state);
      else await this.#bell.wait(Infinity);
      return heldReason !== undefined;
    }
    if (state.storm === undefined) return false;
    if (this.#bell.rung) state.storm = { ...state.storm, look: true };
    const restMs = quietUntil(state.storm, this.#context.rules, timers.now()) - timers.now();
    if (restMs <= 0) return false;
    // Once something has come it is looked for in a moment; what comes until then is found too.
    if (state.storm.look) await this.#bell.pause(restMs);
    else await this.#bell.wait(restMs);
    return true;
  }

  async #restsForPace(): Promise<boolean> {
    const restMs = this.state.pace.waitMs(this.state.rhythm);
    if (restMs > 0) await this.#bell.pause(restMs);
    return restMs > 0;
  }

  /** The sink, or undefined after a note that it cannot be used now. */
  async #ready(): Promise<EndpointSink | undefined> {
    const { state } = this;
    let reason: string | undefined;
    try {
      const endpoint = await this.#context.deps.sinks(state.recipient.endpoint);
      this.#sink = endpoint.sink;
      const { recipient } = state;
      const { everyMs = isChannel(recipient) ? undefined : endpoint.type.everyMs, budget } = recipient;
      state.rhythm = { everyMs, budget };
      reason = await endpoint.sink.isAvailable?.();
      if (reason === undefined) {
        if (this.#unready) forgetFailures(state);
        this.#unready = false;
        return endpoint;
      }
    } catch (error) {
      reason = messageOf(error);
    }
    this.#unready = true;
    this.#fail(`cannot be used: ${shorten(reason)}`);
    return undefined;
  }

  #fail(reason: string): void {
    const { state } = this;
    const range = { minMs: outboxLimits.backoffMinMs, maxMs: outboxLimits.backoffMaxMs };
    const random = unitInterval(this.#context.deps.random.bytes(4));
    const pauseMs = fullJitter(state.failures + 1, range, random);
    state.pace.pause(pauseMs);
    noteFailure(reason, pauseMs, state, this.#context);
  }

  /** The store's faults, for which the recipient is not to blame, and bugs. Neither ends the loop. */
  async #trouble(error: unknown): Promise<void> {
    const { log, random } = this.#context.deps;
    const { name } = this.state.recipient;
    if (!(error instanceof RelayError) || error.kind === 'bug') {
      log.error(`${name}: a bug: ${error instanceof Error ? error.stack : messageOf(error)}`);
      this.#fail('a bug of the outbox');
      return;
    }
    this.#storeFaults += 1;
    if (this.#storeFaults === 1) log.error(`${name}: waits for the store: ${error.message}`);
    const range = { minMs: outboxLimits.storeRetryMinMs, maxMs: outboxLimits.storeRetryMaxMs };
    await this.#bell.pause(backoff(this.#storeFaults, range, unitInterval(random.bytes(4))));
  }

  #interrupt(): void {
    this.#bell.interrupt();
    this.#request?.withdraw();
  }
}

/** Criteria are routing's, and made anew at each reload. */
function withoutCriteria({ when: _when, ...rest }: Recipient): Omit<Recipient, 'when'> {
  return rest;
}
