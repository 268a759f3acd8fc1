/**
 * The sinks of the configured endpoints: one each, made when the configuration is taken up, kept while its endpoint stays the same.
 *
 * Used by assemble.ts. A new configuration is prepared first: every endpoint that is new or has changed gets its sink, and only
 * when all could be made they take their places (all or nothing). A sink that was replaced is closed when its call under way has
 * had time to end.
 */

import { messageOf, RelayError } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Endpoint } from '../../dispatcher/model/recipient.ts';
import type { Sink, SinkDeps, SinkType } from '../../dispatcher/model/sink.ts';
import { endpointIdentity } from './endpoint-identity.ts';

export interface MadeSink {
  readonly type: SinkType;
  readonly sink: Sink;
}

export interface SinkRegistry {
  /** Throws RelayError for an endpoint that is not there. */
  sinkOf(endpoint: string): MadeSink;
  /** Makes what is missing. Rejects, and changes nothing, when one of them cannot be made. */
  prepare(endpoints: readonly Endpoint[], types: ReadonlyMap<string, SinkType>): Promise<PreparedSinks>;
  close(): Promise<void>;
}

export interface PreparedSinks {
  commit(): void;
  discard(): Promise<void>;
}

interface Entry extends MadeSink {
  readonly identity: string;
}

export function createSinkRegistry(deps: SinkDeps): SinkRegistry {
  const { log, timers } = deps;
  let current = new Map<string, Entry>();

  const closeQuietly = async (name: string, { sink }: Entry): Promise<void> => {
    try {
      await sink.close();
    } catch (error) {
      log.warning(`endpoint ${name} could not be closed: ${messageOf(error)}`);
    }
  };

  return {
    sinkOf(endpoint) {
      const found = current.get(endpoint);
      if (found !== undefined) return found;
      throw new RelayError('BUG', `there is no sink for endpoint ${endpoint}`);
    },
    async prepare(endpoints, types) {
      const next = new Map<string, Entry>();
      const made: [string, Entry][] = [];
      try {
        for (const endpoint of endpoints) {
          const type = types.get(endpoint.type);
          if (type === undefined)
            throw new RelayError('CONFIG', `there is no endpoint type '${endpoint.type}'`);
          const identity = endpointIdentity(endpoint);
          const old = current.get(endpoint.name);
          if (old?.identity === identity && old.type === type) {
            next.set(endpoint.name, old);
            continue;
          }
          const entry = { type, identity, sink: await type.create(endpoint, deps) };
          next.set(endpoint.name, entry);
          made.push([endpoint.name, entry]);
        }
      } catch (error) {
        await Promise.all(made.map(([name, entry]) => closeQuietly(name, entry)));
        throw error;
      }
      return {
        commit() {
          const kept = new Set(next.values());
          const gone = [...current].filter(([, entry]) => !kept.has(entry));
          current = next;
          timers.after(dispatcherLimits.drainMs, () => {
            for (const [name, entry] of gone) void closeQuietly(name, entry);
          });
        },
        async discard() {
          await Promise.all(made.map(([name, entry]) => closeQuietly(name, entry)));
        },
      };
    },
    async close() {
      await Promise.all([...current].map(([name, entry]) => closeQuietly(name, entry)));
      current = new Map();
    },
  };
}
