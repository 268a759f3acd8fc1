/**
 * The configuration in force, and how another one takes its place: all or nothing, one after the other. Whoever holds parts of the
 * service that depend on it (sinks, outbox, sources, locales) prepares first; only when all could, it is kept and taken up. What is
 * refused leaves the old one, is logged with file and line, and shown by `status`.
 */

import { messageOf, RelayError } from '../../core/errors.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import { type ConfigProblem, problemLine, problemsText } from '../../dispatcher/config/problem.ts';
import { type StoredSettings, storedSettings, withChange } from '../../dispatcher/config/stored-settings.ts';
import type { ChangeSettings } from '../../dispatcher/control/control-context.ts';
import type { SettingsChange } from '../../dispatcher/model/records.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import {
  type ConfigurationPlace,
  loadConfiguration,
  type LoadedConfiguration,
} from './load-configuration.ts';
import type { SinkTypes } from './sink-types.ts';

export interface InForce {
  readonly config: DispatcherConfig;
  readonly types: ReadonlyMap<string, SinkType>;
  readonly sourceNames: readonly string[];
  readonly at: number;
}

/** A part of the service that a new configuration must suit. Throws RelayError, and changes nothing, when it does not. */
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
  /** Files and database as they are now. The problems for which it is not used: none when it is. */
  reload(): Promise<readonly ConfigProblem[]>;
  /** The database's part changed: kept and taken up, or neither. Throws RelayError INVALID_INPUT with the first problem. */
  readonly change: ChangeSettings;
  /** Whether the configuration would be sound with this change. Throws RelayError INVALID_INPUT. */
  tryOut(change: SettingsChange): Promise<void>;
  /** None is taken up any more; resolves when the one under way is. */
  close(): Promise<void>;
}

/** Hash of the last configuration that was in force, over restarts. */
const IN_FORCE = 'config.in-force';

interface ConfigurationDeps {
  readonly place: ConfigurationPlace;
  readonly store: Pick<Store, 'settings' | 'keepConfig' | 'state' | 'audited'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly types: SinkTypes;
}

export function createConfiguration({ place, store, clock, log, types }: ConfigurationDeps): Configuration {
  let current: InForce | undefined;
  let refused: Configuration['refused'];
  let prepare: Prepare | undefined;
  let busy: Promise<unknown> = Promise.resolve();
  let closed = false;

  const load = async (stored: StoredSettings): Promise<LoadedConfiguration> => {
    try {
      return await loadConfiguration(place, stored, types);
    } catch (error) {
      return { ok: false, types: new Map(), problems: [problemOf(error)] };
    }
  };

  /** @param keep writes what has been asked for, once the parts of the service are ready for it. Last: what is kept is in force */
  const take = async (
    loaded: LoadedConfiguration,
    keep: () => Promise<void> = () => Promise.resolve(),
  ): Promise<readonly ConfigProblem[]> => {
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
      return [problemOf(error)];
    }
    try {
      const { hash, text } = next.config;
      const { at } = next;
      await store.keepConfig({ hash, text, at, provenance: 'file' });
      // One that comes back is another one than that before it.
      if ((await store.state(IN_FORCE)) !== hash) {
        const note = { at, by: 'system', what: 'config.load', detail: hash };
        await store.audited(note, 'setState', IN_FORCE, hash);
      }
      await keep();
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    current = next;
    refused = undefined;
    await prepared.commit();
    log.notice('configuration taken up', { event: 'config-loaded', hash: next.config.hash.slice(0, 12) });
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
      await before;
      if (closed) throw new RelayError('UNAVAILABLE', 'the service is ending');
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
      const problems = await inTurn(async () => await take(await load(await storedSettings(store))));
      if (problems.length > 0) {
        throw new RelayError('CONFIG', problemsText(problems), { hint: 'alert-dispatcher check lists all' });
      }
    },
    reload: async () =>
      await inTurn(async () => {
        let problems: readonly ConfigProblem[];
        try {
          problems = await take(await load(await storedSettings(store)));
        } catch (error) {
          // The store cannot keep it: a full disk, say.
          problems = [problemOf(error)];
        }
        if (problems.length > 0) refuse(problems);
        return problems;
      }),
    change: async (edit, note) =>
      await inTurn(async () => {
        const stored = await storedSettings(store);
        const change = edit(stored);
        const loaded = await load(withChange(stored, change));
        const entry = typeof note === 'function' ? note(change) : note;
        const problems = await take(loaded, async () => await store.audited(entry, 'changeSettings', change));
        if (problems.length > 0) throw new RelayError('INVALID_INPUT', problemsText(problems));
        return change;
      }),
    async tryOut(change) {
      const loaded = await load(withChange(await storedSettings(store), change));
      if (!loaded.ok) throw new RelayError('INVALID_INPUT', problemsText(loaded.problems));
    },
    async close() {
      closed = true;
      await busy;
    },
  };
}

/** Throws what is no RelayError: a bug. */
function problemOf(error: unknown): ConfigProblem {
  if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
  const hint = error.hint === undefined ? '' : `; ${error.hint}`;
  return { file: '', path: '', text: `${messageOf(error)}${hint}` };
}
