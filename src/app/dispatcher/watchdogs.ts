/**
 * A sign of life to each dead-man service that the configuration names (endpoint type `watchdog`), as long as the service is well.
 *
 * Made by assemble.ts. A watchdog stays as long as its endpoint and its recipient stay the same; a new one pings at once, before the
 * configuration is taken up: a sign of life too many does no harm.
 */

import type { Logger } from '../../core/ports.ts';
import { messageOf } from '../../core/errors.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkDeps } from '../../dispatcher/model/sink.ts';
import { createWatchdog, type Watchdog, watchdogType } from '../../dispatcher/sinks/own/watchdog/watchdog.ts';
import type { Prepared } from './configuration.ts';

export interface Watchdogs {
  /** Throws RelayError CONFIG or TLS_FILE. */
  prepare(config: DispatcherConfig): Promise<Prepared>;
  close(): Promise<void>;
}

interface Entry {
  readonly identity: string;
  readonly watchdog: Watchdog;
}

/** @param healthy undefined while all is well, else why not */
export function createWatchdogs(
  deps: SinkDeps,
  healthy: () => Promise<string | undefined>,
  log: Logger,
): Watchdogs {
  let current: readonly Entry[] = [];

  const closeAll = async (entries: readonly Entry[]): Promise<void> => {
    for (const { watchdog } of entries) {
      try {
        await watchdog.close();
      } catch (error) {
        log.warning(`a watchdog could not be closed: ${messageOf(error)}`);
      }
    }
  };

  return {
    async prepare({ endpoints, recipients }) {
      const next: Entry[] = [];
      const made: Entry[] = [];
      try {
        for (const recipient of recipients) {
          const endpoint = endpoints.find(({ name }) => name === recipient.endpoint);
          if (endpoint?.type !== watchdogType.type || !recipient.enabled) continue;
          const identity = JSON.stringify([endpoint, recipient.name, recipient.everyMs]);
          const kept = current.find((entry) => entry.identity === identity);
          if (kept !== undefined) {
            next.push(kept);
            continue;
          }
          const entry = {
            identity,
            watchdog: await createWatchdog({ endpoint, recipient, deps, healthy }),
          };
          next.push(entry);
          made.push(entry);
        }
      } catch (error) {
        await closeAll(made);
        throw error;
      }
      return {
        async commit() {
          const gone = current.filter((entry) => !next.includes(entry));
          current = next;
          await closeAll(gone);
        },
        discard: async () => await closeAll(made),
      };
    },
    close: async () => await closeAll(current),
  };
}
