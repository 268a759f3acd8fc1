/**
 * A watchdog for each recipient of that type: pings an outside service as long as this one is healthy. Taken up with the configuration;
 * one that has not changed goes on in its rhythm.
 */

import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkDeps } from '../../dispatcher/model/sink.ts';
import { createWatchdog, type Watchdog, watchdogType } from '../../dispatcher/sinks/own/watchdog/watchdog.ts';
import type { Prepared } from './configuration.ts';
import { endpointIdentity } from './endpoint-identity.ts';

export interface Watchdogs {
  /** Throws RelayError CONFIG, TLS_FILE, and changes nothing. */
  prepare(config: DispatcherConfig): Promise<Prepared>;
  close(): Promise<void>;
}

interface Entry {
  readonly identity: string;
  readonly watchdog: Watchdog;
}

/** @param healthy undefined while all is well, else why not */
export function createWatchdogs(deps: SinkDeps, healthy: () => Promise<string | undefined>): Watchdogs {
  let current: readonly Entry[] = [];
  const closeAll = async (entries: readonly Entry[]): Promise<void> => {
    await Promise.all(entries.map(async ({ watchdog }) => await watchdog.close()));
  };
  return {
    async prepare({ endpoints, recipients }) {
      const next: Entry[] = [];
      const fresh: Entry[] = [];
      try {
        for (const recipient of recipients.filter(({ enabled }) => enabled)) {
          const endpoint = endpoints.find(({ name }) => name === recipient.endpoint);
          if (endpoint?.type !== watchdogType.type) continue;
          const identity = JSON.stringify([recipient.name, recipient.everyMs, endpointIdentity(endpoint)]);
          const same = current.find((entry) => entry.identity === identity);
          if (same !== undefined) {
            next.push(same);
            continue;
          }
          const entry = { identity, watchdog: await createWatchdog({ endpoint, recipient, deps, healthy }) };
          fresh.push(entry);
          next.push(entry);
        }
      } catch (error) {
        await closeAll(fresh);
        throw error;
      }
      return {
        async commit() {
          const gone = current.filter((entry) => !next.includes(entry));
          current = next;
          await closeAll(gone);
        },
        discard: async () => await closeAll(fresh),
      };
    },
    close: async () => await closeAll(current),
  };
}
