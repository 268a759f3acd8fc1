/**
 * What a source of this folder is given in tests: a door that remembers and can be told to fail or wait, keys, channels, a clock
 * that stands still, and a log that is kept.
 */

import type { Inbound, Receipt } from '../../../src/dispatcher/model/message.ts';
import type { Channels, Door, KeyRing } from '../../../src/dispatcher/model/ports.ts';
import type { ApiKey } from '../../../src/dispatcher/model/records.ts';
import type { Timers } from '../../../src/dispatcher/model/timers.ts';
import type { LineDeps } from '../../../src/dispatcher/sources/line/deps.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';

/** As AlertGateway made them: a uuid4 in hex. */
export const ANA_KEY = '0123456789abcdef0123456789abcdef';
export const BOB_KEY = 'fedcba9876543210fedcba9876543210';
/** May post to `shared` and `off` only. */
export const NARROW_KEY = '00112233445566778899aabbccddeeff';

interface ChannelRow {
  readonly name: string;
  readonly owner: string | undefined;
  readonly enabled: boolean;
}

const CHANNELS: readonly ChannelRow[] = [
  { name: 'ops', owner: 'ana', enabled: true },
  { name: 'night', owner: 'ana', enabled: true },
  { name: 'off', owner: 'ana', enabled: false },
  { name: 'bobs', owner: 'bob', enabled: true },
  { name: 'shared', owner: undefined, enabled: true },
];

function keyOf(id: number, owner: string, channels?: readonly string[]): ApiKey {
  const base = { id, owner, hash: Buffer.alloc(32), prefix: '', scopes: ['ingest'] as const, createdAt: 0 };
  return channels === undefined ? base : { ...base, channels };
}

const KEYS: ReadonlyMap<string, ApiKey> = new Map([
  [ANA_KEY, keyOf(1, 'ana')],
  [BOB_KEY, keyOf(2, 'bob')],
  [NARROW_KEY, keyOf(3, 'carol', ['shared', 'off'])],
]);

export interface FakeDoor extends Door {
  /** All that was committed, in order. */
  readonly stored: readonly Inbound[];
  /** Sizes of the batches. */
  readonly batches: readonly number[];
  readonly refusals: ReadonlyMap<string, number>;
  /** What the next accepts fail with; undefined: nothing. */
  fail: Error | undefined;
  /** While set, accepts wait for it before they commit. */
  gate: Promise<void> | undefined;
  /** Resolves once so many are stored. */
  until(count: number): Promise<void>;
  /** Resolves once so many were refused for a reason. */
  untilRefused(reason: string, count?: number): Promise<void>;
}

export function fakeDoor(): FakeDoor {
  const stored: Inbound[] = [];
  const batches: number[] = [];
  const refusals = new Map<string, number>();
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const look of waiting) look();
  };
  const when = async (holds: () => boolean): Promise<void> => {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
    });
  };
  return {
    stored,
    batches,
    refusals,
    fail: undefined,
    gate: undefined,
    async accept(batch) {
      await this.gate;
      if (this.fail !== undefined) throw this.fail;
      for (const { body } of batch) {
        const verdict = validateElement(body);
        if (!verdict.readable || !verdict.valid) throw new TypeError('the door was given an invalid message');
      }
      const receipts = batch.map((_, index): Receipt => {
        const seq = stored.length + index + 1;
        return { status: 'stored', seq, id: String(seq) };
      });
      stored.push(...batch);
      batches.push(batch.length);
      changed();
      return receipts;
    },
    refused(reason, count = 1) {
      refusals.set(reason, (refusals.get(reason) ?? 0) + count);
      changed();
    },
    until: async (count) => when(() => stored.length >= count),
    untilRefused: async (reason, count = 1) => when(() => (refusals.get(reason) ?? 0) >= count),
  };
}

export interface ManualTimers extends Timers {
  /** Moves the clock and runs what is due, in order. */
  advance(ms: number): void;
  /** Works that wait. */
  readonly pending: number;
}

export function manualTimers(clock: ManualClock): ManualTimers {
  const works = new Map<number, { readonly at: number; readonly work: () => void }>();
  let last = 0;
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after(ms, work) {
      const id = ++last;
      works.set(id, { at: clock.monotonic() + ms, work });
      return () => works.delete(id);
    },
    get pending() {
      return works.size;
    },
    advance(ms) {
      clock.advance(ms);
      const due = [...works].filter(([, { at }]) => at <= clock.monotonic());
      due.sort(([, a], [, b]) => a.at - b.at);
      for (const [id, { work }] of due) if (works.delete(id)) work();
    },
  };
}

export interface LineWorld extends LineDeps {
  readonly door: FakeDoor;
  readonly timers: ManualTimers;
  readonly log: RecordingLogger;
}

export function lineWorld(): LineWorld {
  const clock = manualClock(Date.UTC(2026, 10, 30, 10, 0, 0));
  let drawn = 0;
  const channels: Channels = {
    find: (name) => CHANNELS.find((channel) => channel.name === name),
    ofOwner: (owner) => CHANNELS.filter((channel) => channel.owner === owner),
  };
  const keyRing: KeyRing = {
    check: (key, scope) => Promise.resolve(scope === 'ingest' ? KEYS.get(key) : undefined),
  };
  return {
    door: fakeDoor(),
    keyRing,
    channels,
    clock,
    random: { bytes: (count) => new Uint8Array(count).fill(++drawn) },
    timers: manualTimers(clock),
    log: recordingLogger(),
    hostname: 'manager.example',
    mark: () => 'STORE1',
  };
}

/** Everything of what was stored and said that a key could hide in. */
export function everything({ door, log }: LineWorld): string {
  const stored = door.stored.map(({ body, ...rest }) => `${body.toString()} ${JSON.stringify(rest)}`);
  return [...stored, JSON.stringify(log.lines)].join('\n').toLowerCase();
}
