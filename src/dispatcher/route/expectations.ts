/**
 * Keeps `expect:` while the service runs: an incident when somebody has fallen silent, closed by the next sign of life.
 *
 * Made by src/app. What is said comes in by the door as an Alert of our own, so that routes, recipients and silences treat it
 * like any other. Which expectations are overdue is kept in the store: after a restart nothing is said twice, and what came
 * back meanwhile is closed. An expectation that is no longer configured is closed too.
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
import { type Judgement, judgeExpectations } from './expect.ts';

export interface ExpectationsDeps {
  /** Those of the configuration in force. */
  readonly expectations: () => readonly Expectation[];
  readonly store: Pick<Store, 'analyzers' | 'state' | 'setState'>;
  readonly door: Pick<Door, 'accept'>;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Name of this place, and the id it marks its messages with. */
  readonly instance: string;
  readonly mark: () => string;
  readonly version: string;
}

export interface Expectations {
  /** Looks once; calls do not overlap. For tests and the start. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Key of the store's state that holds the names of overdue expectations. */
const STATE = 'expect.overdue';
const MINUTE_MS = 60_000;

function lookMs(expectations: readonly Expectation[]): number {
  const shortest = Math.min(...expectations.map(({ withinMs }) => withinMs), Number.MAX_SAFE_INTEGER);
  const { looksPerSpan, minLookMs, maxLookMs } = expectLimits;
  return Math.min(maxLookMs, Math.max(minLookMs, shortest / looksPerSpan));
}

function namesIn(state: string | undefined): string[] {
  const names: unknown = state === undefined ? [] : JSON.parse(state);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
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
  const { timers, random, instance, version } = deps;
  const now = timers.now();
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
  const upSince = timers.now();
  let overdue: Set<string> | undefined;
  let looking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  async function say(
    name: string,
    judgement: Judgement | undefined,
    action: 'engage' | 'release',
  ): Promise<void> {
    await deps.door.accept([await reportOf(deps, name, judgement, action)]);
    const names = (overdue ??= new Set());
    if (action === 'engage') names.add(name);
    else names.delete(name);
    await store.setState(STATE, JSON.stringify([...names]));
    log.warning(`${name}: ${action === 'engage' ? 'silent for too long' : 'no longer silent'}`);
  }

  async function judgeAll(): Promise<void> {
    overdue ??= new Set(namesIn(await store.state(STATE)));
    const expectations = deps.expectations();
    if (expectations.length === 0 && overdue.size === 0) return;
    const judgements = judgeExpectations(expectations, await store.analyzers(), timers.now(), upSince);
    const configured = new Map(judgements.map((judgement) => [judgement.expectation.name, judgement]));
    for (const [name, judgement] of configured) {
      if (judgement.overdue && !overdue.has(name)) await say(name, judgement, 'engage');
    }
    for (const name of overdue) {
      const judgement = configured.get(name);
      if (judgement === undefined || isBack(judgement)) await say(name, judgement, 'release');
    }
  }

  /** Overdue from before a restart, a sensor is back when it is heard of, not when the service comes up. */
  function isBack({ expectation, lastAt, overdue: isOverdue }: Judgement): boolean {
    return !isOverdue && lastAt !== undefined && timers.now() - lastAt <= expectation.withinMs;
  }

  async function look(): Promise<void> {
    looking ??= judgeAll()
      .catch((error: unknown) => {
        // Tried again at the next look.
        log.error(`expectations cannot be looked at: ${messageOf(error)}`);
      })
      .finally(() => {
        looking = undefined;
      });
    await looking;
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
    },
  };
}
