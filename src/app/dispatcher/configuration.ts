/**
 * The configuration in force, and how another one takes its place: all or nothing. Whoever holds parts of the service that depend on it
 * (sinks, outbox, sources, locales) prepares first; only when all could, it is taken up. What is refused leaves the old one,
 * is logged with file and line, and shown by `status`.
 */

import { messageOf, RelayError } from '../../core/errors.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { StoredSettings } from '../../dispatcher/config/load-config.ts';
import { type ConfigProblem, problemLine } from '../../dispatcher/config/problem.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import { storedSettings } from '../../dispatcher/control/verbs/settings.ts';
import {
  type ConfigurationPlace,
  loadConfiguration,
  type LoadedConfiguration,
} from './load-configuration.ts';

export interface InForce {
  readonly config: DispatcherConfig;
  readonly types: ReadonlyMap<string, SinkType>;
  readonly sourceNames: readonly string[];
  readonly at: number;
}

/** A part of the service that a new configuration must suit. */
export type Prepare = (next: InForce) => Promise<Prepared>;

export interface Prepared {
  /** Take it up. Does not fail: what can fail was done before. */
  commit(): void | Promise<void>;
  discard(): void | Promise<void>;
}

/** One after the other; when one cannot, those before it are given up again. Commits in the same order. */
export async function prepareAll(steps: readonly (() => Promise<Prepared>)[]): Promise<Prepared> {
  const done: Prepared[] = [];
  const discard = async (): Promise<void> => {
    for (const prepared of done.toReversed()) await prepared.discard();
  };
  try {
    for (const step of steps) done.push(await step());
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async commit() {
      for (const prepared of done) await prepared.commit();
    },
    discard,
  };
}

export interface Configuration {
  /** Throws RelayError BUG before `start`. */
  readonly current: InForce;
  readonly refused: { readonly at: number; readonly problems: readonly string[] } | undefined;
  /** The first configuration. Throws RelayError CONFIG that names the first problem and how many there are. */
  start(prepare: Prepare): Promise<void>;
  /** Another one. Never rejects for what is wrong with it. */
  reload(): Promise<readonly ConfigProblem[]>;
  /** Whether the configuration would be sound with these settings. */
  tryOut(stored: StoredSettings): Promise<readonly ConfigProblem[]>;
}

interface ConfigurationDeps {
  readonly place: ConfigurationPlace;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** For the `console` sink. */
  readonly print: (line: string) => void;
}

export function createConfiguration({ place, store, clock, log, print }: ConfigurationDeps): Configuration {
  let current: InForce | undefined;
  let refused: Configuration['refused'];
  let prepare: Prepare | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  const load = async (stored: StoredSettings): Promise<LoadedConfiguration> => {
    try {
      return await loadConfiguration(place, stored, { print });
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return { ok: false, types: new Map(), problems: [problemOf(error)] };
    }
  };

  const take = async (loaded: LoadedConfiguration): Promise<readonly ConfigProblem[]> => {
    if (!loaded.ok) return loaded.problems;
    if (prepare === undefined) throw new RelayError('BUG', 'the service has not started');
    const next: InForce = {
      config: Object.freeze(loaded.config),
      types: loaded.types,
      sourceNames: loaded.sourceNames,
      at: clock.now(),
    };
    let prepared: Prepared;
    try {
      prepared = await prepare(next);
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return [problemOf(error)];
    }
    const { hash, text } = next.config;
    const isNew = await store.keepConfig({ hash, text, at: next.at, provenance: 'file' });
    if (isNew) {
      await store.audit({ at: next.at, by: 'system', what: 'config.load', detail: hash });
    }
    current = next;
    refused = undefined;
    await prepared.commit();
    return [];
  };

  const refuse = (problems: readonly ConfigProblem[]): void => {
    refused = { at: clock.now(), problems: problems.map(problemLine) };
    for (const line of refused.problems) log.error(`configuration: ${line}`, { event: 'config-refused' });
    log.error('the configuration is not used, the old one stays', { event: 'config-refused' });
  };

  /** One after the other. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = busy;
    const mine = (async () => {
      await before.catch(() => undefined);
      return await work();
    })();
    busy = mine.catch(() => undefined);
    return await mine;
  };

  return {
    get current() {
      if (current === undefined) throw new RelayError('BUG', 'there is no configuration yet');
      return current;
    },
    get refused() {
      return refused;
    },
    async start(given) {
      prepare = given;
      const problems = await inTurn(async () => await take(await load(await storedSettings({ store }))));
      const [first, ...more] = problems;
      if (first === undefined) return;
      const rest = more.length === 0 ? '' : ` (and ${more.length} more: alert-dispatcher check lists them)`;
      throw new RelayError('CONFIG', `${problemLine(first)}${rest}`);
    },
    reload: async () =>
      await inTurn(async () => {
        const problems = await take(await load(await storedSettings({ store })));
        if (problems.length > 0) refuse(problems);
        else
          log.notice('configuration taken up', {
            event: 'config-loaded',
            hash: current?.config.hash.slice(0, 12),
          });
        return problems;
      }),
    tryOut: async (stored) => {
      const loaded = await load(stored);
      return loaded.ok ? [] : loaded.problems;
    },
  };
}

function problemOf(error: RelayError): ConfigProblem {
  const hint = error.hint === undefined ? '' : `; ${error.hint}`;
  return { file: 'configuration', path: '', text: `${messageOf(error)}${hint}` };
}
