/**
 * The sources in force: which listen, and how another configuration takes their place. What has not changed stays open. A source on a new
 * address listens before the old configuration is given up; one that changes at its address is closed and opened anew, and if that
 * fails, it is said, shown by `status`, and tried again.
 *
 * Made by assemble.ts. A configuration whose sources cannot be made changes nothing.
 */

import { messageOf } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { SourcesConfig } from '../../dispatcher/model/config.ts';
import type { MetricFamily } from '../../log/exposition.ts';
import type { Prepared } from './configuration.ts';
import {
  type Binding,
  type PlannedSource,
  planSources,
  type RunningSource,
  type SourceDeps,
} from './make-source.ts';

export interface Listener {
  readonly source: string;
  readonly address: string;
  readonly port: number;
}

export interface Sources {
  readonly listeners: readonly Listener[];
  /** Those that should listen and cannot, and why. */
  readonly notListening: readonly { readonly source: string; readonly reason: string }[];
  /** Throws RelayError LISTEN for the first that cannot. */
  listen(): Promise<void>;
  /** Throws RelayError CONFIG, TLS_FILE, LISTEN, and changes nothing. */
  prepare(config: SourcesConfig): Promise<Prepared>;
  /** SIGHUP: compare the files of certificates now. */
  lookAtCertificates(): void;
  families(): readonly MetricFamily[];
  close(): Promise<void>;
}

interface Entry {
  readonly planned: PlannedSource;
  readonly source: RunningSource;
  listener: Listener | undefined;
  /** Why it does not listen. */
  trouble: string | undefined;
}

export function createSources(deps: SourceDeps): Sources {
  const { log, timers } = deps;
  let entries: readonly Entry[] = [];
  let started = false;
  let closed = false;
  /** The last try to listen that nobody waits for. */
  let trying: Promise<void> = Promise.resolve();

  const open = async (entry: Entry): Promise<void> => {
    const bound = await entry.source.listen();
    entry.trouble = undefined;
    if (bound !== undefined)
      entry.listener = { source: entry.planned.name, address: bound.address, port: bound.port };
  };
  const make = async (planned: PlannedSource): Promise<Entry> => ({
    planned,
    source: await planned.make(),
    listener: undefined,
    trouble: undefined,
  });
  const closeAll = async (some: readonly Entry[]): Promise<void> => {
    await Promise.all(some.map(async ({ source }) => await source.close()));
  };
  /** Its address was taken by what it replaces, or by somebody else. */
  const openOrRetry = async (entry: Entry): Promise<void> => {
    const { name: source } = entry.planned;
    const former = entry.trouble;
    try {
      await open(entry);
      // Begun before the end: whoever ended the others did not find it listening yet.
      if (closed) return await entry.source.close();
      if (former !== undefined) log.notice(`${source}: listens now`, { event: 'source-listening', source });
    } catch (error) {
      entry.trouble = messageOf(error);
      if (former === undefined) {
        log.error(`${source}: ${entry.trouble}; tried again`, { event: 'source-not-listening', source });
      }
      timers.after(dispatcherLimits.retryListenMs, () => {
        if (!closed && entries.includes(entry))
          trying = Promise.all([trying, openOrRetry(entry)]).then(() => undefined);
      });
    }
  };

  return {
    get listeners() {
      return entries.flatMap(({ listener }) => (listener === undefined ? [] : [listener]));
    },
    get notListening() {
      return entries.flatMap(({ planned: { name: source }, trouble }) =>
        trouble === undefined ? [] : [{ source, reason: trouble }],
      );
    },
    async listen() {
      started = true;
      for (const entry of entries) await open(entry);
    },
    async prepare(config) {
      const planned = planSources(config, deps);
      const next: Entry[] = [];
      const fresh: Entry[] = [];
      const later: Entry[] = [];
      const settings: (() => void)[] = [];
      try {
        const sameAs = ({ name, identity }: PlannedSource): Entry | undefined =>
          entries.find(({ planned: old }) => old.name === name && old.identity === identity);
        const stay = new Set(planned.map(sameAs));
        const leave = entries.filter((entry) => !stay.has(entry));
        for (const one of planned) {
          const same = sameAs(one);
          if (same !== undefined) {
            next.push(same);
            if (same.source.https !== undefined) settings.push(same.source.https.prepare(config));
            continue;
          }
          const entry = await make(one);
          fresh.push(entry);
          next.push(entry);
          const waits = leave.some((other) => collide(boundBy(other), one.binds));
          if (started && !waits) await open(entry);
          else if (started) later.push(entry);
        }
      } catch (error) {
        await closeAll(fresh);
        throw error;
      }
      return {
        async commit() {
          const gone = entries.filter((entry) => !next.includes(entry));
          entries = next;
          for (const takeUp of settings) takeUp();
          await closeAll(gone);
          for (const entry of later) await openOrRetry(entry);
        },
        discard: async () => await closeAll(fresh),
      };
    },
    lookAtCertificates() {
      for (const { source } of entries) source.look();
    },
    families: () => entries.flatMap(({ source }) => source.https?.families() ?? []),
    async close() {
      closed = true;
      // One that begins to listen afterwards would do so for good.
      await trying;
      await closeAll(entries);
      entries = [];
    },
  };
}

/** With the port that the system chose. */
function boundBy({ planned: { binds }, listener }: Entry): Binding | undefined {
  return binds === undefined || listener === undefined ? binds : { ...binds, port: listener.port };
}

/** Whether the two cannot stand at the same time. */
function collide(a: Binding | undefined, b: Binding | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.transport !== b.transport || a.port !== b.port || a.port === 0) return false;
  return a.address === b.address || [a, b].some(({ address }) => address === '0.0.0.0' || address === '::');
}
