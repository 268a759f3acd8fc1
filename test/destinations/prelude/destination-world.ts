/** A destination and a stand-in for its prelude-manager, for the tests of this folder. */

import { join } from 'node:path';

import type { Outcome } from '../../../src/core/outcome.ts';
import type { Destination, Parcel } from '../../../src/destinations/destination.ts';
import {
  createPreludeDestination,
  type PreludeOptions,
} from '../../../src/destinations/prelude/prelude-destination.ts';
import type { PreludeObject } from '../../../src/idmef/prelude/model.ts';
import { systemRandom } from '../../../src/os/random.ts';
import { startFakeManager, type FakeManager, type ManagerOptions } from '../../support/fake-manager.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';
import { makeSite, register, type PreludeSite, type Registration } from '../../support/prelude-site.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { alertElement } from '../../support/tiny-alerts.ts';

export const AGENT = '1978572970187651';
export const MANAGER = '361208545598339';

export interface Ending {
  after(hook: () => void | Promise<void>): void;
}

export interface World {
  readonly site: PreludeSite;
  readonly dir: string;
  readonly manager: FakeManager;
  readonly clock: ManualClock;
  readonly memory: Map<string, string>;
  readonly destination: Destination;
  /** Another one for the same manager and profile. */
  readonly make: (options?: Partial<PreludeOptions>, port?: number) => Destination;
}

interface WorldOptions extends Partial<PreludeOptions> {
  readonly rights?: number;
  readonly manager?: ManagerOptions;
  /** Instead of one registration with the manager. */
  readonly registrations?: (site: PreludeSite) => Promise<readonly Registration[]>;
}

let sites: Promise<PreludeSite> | undefined;

export async function makeWorld(t: Ending, options: WorldOptions = {}): Promise<World> {
  sites ??= makeSite(MANAGER);
  const site = await sites;
  const dir = join(tempDir(t), 'profile');
  const { rights = 5 } = options;
  await register(dir, AGENT, (await options.registrations?.(site)) ?? [{ site, rights }]);
  const manager = await startFakeManager(t, site, options.manager);
  const clock = manualClock(Date.now());
  const memory = new Map<string, string>();
  const make = (more: Partial<PreludeOptions> = {}, port = manager.port): Destination => {
    const url = new URL(`prelude://127.0.0.1:${port}?profile=relay&dir=${dir}`);
    const destination = createPreludeDestination(url, {
      longRunning: true,
      hostname: 'relay.example',
      version: '1.2.3',
      memory: {
        get: (key) => Promise.resolve(memory.get(key)),
        set: (key, value) => {
          memory.set(key, value);
          return Promise.resolve();
        },
      },
      clock,
      random: systemRandom,
      idleMs: 5_000,
      ...options,
      ...more,
    });
    t.after(() => destination.close());
    return destination;
  };
  return { site, dir, manager, clock, memory, destination: make(), make };
}

/** Alerts with these ids, numbered from `first` on. */
export function parcelOf(ids: readonly string[], first = 1, make = alertElement): Parcel {
  return parcelOfTexts(
    ids.map((id) => make(id)),
    first,
  );
}

export function parcelOfTexts(texts: readonly string[], first = 1): Parcel {
  const bodies = texts.map((text) => Buffer.from(text));
  return {
    journal: 'j1',
    sequences: bodies.map((_, index) => first + index),
    ranges: `${first}-${first + bodies.length - 1}`,
    lengths: bodies.map(({ length }) => length),
    bodies,
  };
}

/** What became of each message; a message told of twice, or not at all, is an error. */
export async function deliver(
  destination: Destination,
  parcel: Parcel,
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome[]> {
  const outcomes: (Outcome | undefined)[] = parcel.sequences.map(() => undefined);
  await destination.deliver(
    parcel,
    (index, outcome) => {
      if (outcomes[index] !== undefined) throw new Error(`message ${index} was told of twice`);
      outcomes[index] = outcome;
    },
    signal,
  );
  return outcomes.map((outcome, index) => {
    if (outcome === undefined) throw new Error(`message ${index} was not told of`);
    return outcome;
  });
}

/** `ok again ok` */
export function kinds(outcomes: readonly Outcome[]): string {
  return outcomes.map(({ kind }) => kind).join(' ');
}

export function idsOf(messages: readonly PreludeObject[]): unknown[] {
  return messages.map(({ fields }) => fields['messageid']);
}
