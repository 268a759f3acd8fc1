/**
 * Keeps `expect:` while the service runs: an incident when somebody has fallen silent, closed by the next sign of life.
 *
 * Made by src/app. What is said comes in by the door as an Alert of our own, so that routes, recipients and silences treat it
 * like any other. What is known is kept in the store (expect-state.ts): a restart says nothing twice, forgets no silence, and closes what
 * came back meanwhile. An expectation that is no longer configured is closed too.
 */

import { messageOf } from '../../core/errors.ts';
import { expectLimits } from '../../core/limits.ts';
import type { Logger, Random } from '../../core/ports.ts';
import { composeAlert } from '../../idmef/compose.ts';
import type { Expectation } from '../model/config.ts';
import { DELIVERY_MARK, OWN_SOURCE } from '../model/delivery-mark.ts';
import type { Inbound } from '../model/message.ts';
import type { Door } from '../model/ports.ts';
import type { Store } from '../model/store.ts';
import type { Timers } from '../model/timers.ts';
import { type ExpectState, readExpectState, writeExpectState } from './expect-state.ts';
import { type Judgement, judgeExpectation } from './expect.ts';

export interface ExpectationsDeps {
  /** Those of the configuration in force. */
  readonly expectations: () => readonly Expectation[];
  readonly store: Pick<Store, 'analyzers' | 'state' | 'setState'>;
  readonly door: Pick<Door, 'accept'>;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Name of this place, and the id it marks its messages with. */
  readonly instance: () => string;
  readonly mark: () => string;
  readonly version: string;
}

export interface Expectations {
  /** Looks once; calls do not overlap. For tests and the start. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Key of the store's state. */
const STATE = 'expect';
const MINUTE_MS = 60_000;

function lookMs(expectations: readonly Expectation[]): number {
  const shortest = Math.min(...expectations.map(({ withinMs }) => withinMs), Number.MAX_SAFE_INTEGER);
  const { looksPerSpan, minLookMs, maxLookMs } = expectLimits;
  return Math.min(maxLookMs, Math.max(minLookMs, shortest / looksPerSpan));
}

function span(ms: number): string {
  return ms < MINUTE_MS ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / MINUTE_MS)} min`;
}

async function reportOf(
  deps: ExpectationsDeps,
  name: string,
  judgement: Judgement | undefined,
  action: 'engage' | 'release',
): Promise<Inbound> {
  const { timers, random, version } = deps;
  const now = timers.now();
  const instance = deps.instance();
  const { expectation, lastAt } = judgement ?? {};
  const heard = lastAt === undefined ? 'never heard of' : `last heard of ${new Date(lastAt).toISOString()}`;
  const words =
    action === 'engage'
      ? `${heard}, expected every ${span(expectation?.withinMs ?? 0)}`
      : judgement === undefined
        ? 'no longer expected'
        : 'heard of again';
  const body = await composeAlert({
    messageid: Buffer.from(random.bytes(16)).toString('hex'),
    analyzer: {
      analyzerid: `alert-dispatcher@${instance}`,
      name: 'alert-dispatcher',
      manufacturer: 'idmef-relay',
      model: 'alert-dispatcher',
      version,
      class: 'Concentrator',
      node: instance,
    },
    createTime: now,
    classification: `Silent sensor: ${name}`,
    severity: action === 'engage' ? (expectation?.severity ?? 'medium') : 'info',
    impactType: 'other',
    impact: words,
    targets: [{ nodeName: expectation?.sensor ?? expectation?.analyzer ?? name }],
    data: [
      { meaning: 'silence', type: 'string', value: words },
      { meaning: DELIVERY_MARK, type: 'string', value: deps.mark() },
    ],
  });
  return { body, origin: { source: OWN_SOURCE }, lifecycle: { action, key: `expect:${name}` } };
}

/** Looks from time to time until it is closed. */
export function createExpectations(deps: ExpectationsDeps): Expectations {
  const { store, timers, log } = deps;
  let known: ExpectState | undefined;
  /** Monotonic ms: when the clock in `known` was set, and when that was last kept. */
  let setAt = timers.monotonic();
  let keptAt = -Infinity;
  let isFailing = false;
  let looking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  function setClock(state: ExpectState): void {
    const now = timers.monotonic();
    state.upMs += now - setAt;
    setAt = now;
  }

  async function keep(state: ExpectState): Promise<void> {
    await store.setState(STATE, writeExpectState(state));
    keptAt = timers.monotonic();
  }

  async function say(
    state: ExpectState,
    name: string,
    judgement: Judgement | undefined,
    action: 'engage' | 'release',
  ): Promise<void> {
    await deps.door.accept([await reportOf(deps, name, judgement, action)]);
    if (action === 'engage') state.overdue.add(name);
    else state.overdue.delete(name);
    log.warning(`${name}: ${action === 'engage' ? 'silent for too long' : 'no longer silent'}`);
    await keep(state);
  }

  async function judgeAll(): Promise<void> {
    const state = (known ??= readExpectState(await store.state(STATE)));
    setClock(state);
    const expectations = deps.expectations();
    if (expectations.length === 0 && state.overdue.size === 0) return;
    const records = await store.analyzers();
    const judgements = new Map(
      expectations.map((expectation) => {
        const before = state.heard.get(expectation.name);
        return [expectation.name, judgeExpectation(expectation, records, before, state.upMs)];
      }),
    );
    state.heard = new Map([...judgements].map(([name, { hearing }]) => [name, hearing]));
    for (const [name, judgement] of judgements) {
      if (judgement.overdue && !state.overdue.has(name)) await say(state, name, judgement, 'engage');
    }
    for (const name of state.overdue) {
      const judgement = judgements.get(name);
      if (judgement?.overdue !== true) await say(state, name, judgement, 'release');
    }
    if (timers.monotonic() - keptAt >= expectLimits.keepMs) await keep(state);
  }

  async function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    await looking;
  }

  async function lookOnce(): Promise<void> {
    try {
      await judgeAll();
      isFailing = false;
    } catch (error) {
      // Tried again at the next look.
      if (!isFailing) log.error(`expectations cannot be looked at: ${messageOf(error)}`);
      isFailing = true;
    }
  }

  function plan(): void {
    if (isClosed) return;
    cancel = timers.after(lookMs(deps.expectations()), () => {
      void look().then(plan);
    });
  }

  plan();
  return {
    look,
    close: async () => {
      isClosed = true;
      cancel?.();
      await looking;
      if (known === undefined || known.heard.size === 0) return;
      setClock(known);
      await keep(known);
    },
  };
}
