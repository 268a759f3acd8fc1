/**
 * The SensorContext of a server: what it was configured with, and what its handlers share. Called by server.ts once.
 */

import { connectionLimits } from '../core/limits.ts';
import type { Ahead } from './ahead.ts';
import { BufferBin } from './buffer-bin.ts';
import type { SensorContext } from './context.ts';
import type { Counts } from './counts.ts';
import type { Leases } from './leases.ts';
import type { SensorServerConfig, SensorServerDeps } from './server.ts';
import { takeSnapshot } from './snapshot.ts';
import type { ConnectionNumbers, LoopDelay } from './snapshot.ts';
import { Streams } from './streams.ts';

interface Parts {
  readonly leases: Leases;
  readonly ahead: Ahead;
  readonly counts: Counts;
  readonly draining: AbortSignal;
  readonly connections: () => Pick<ConnectionNumbers, 'open' | 'handshaking'>;
  readonly loopDelay: () => LoopDelay | undefined;
}

export function createContext(
  config: SensorServerConfig,
  deps: SensorServerDeps,
  { leases, ahead, counts, draining, connections, loopDelay }: Parts,
): SensorContext {
  const { journal, clock, logger, status, readDocument, roles, firstConsumer, program = {} } = deps;
  const waiting: SensorContext['waiting'] = new Set();
  return {
    journal,
    leases,
    ahead,
    clock,
    logger,
    consuming: config.consuming,
    maxBatchSize: config.maxBatchSize,
    hasProducers: roles.hasProducers,
    firstConsumer,
    status,
    readDocument,
    draining,
    bodyBudget: { inFlight: 0 },
    waiting,
    streams: new Streams(),
    bufferBin: new BufferBin(),
    counts,
    // A disk that cannot be asked is told by /healthz; here the journal's own refusal comes first.
    disk: async () => await program.disk?.().catch(() => undefined),
    monitor: {
      gauges: () => program.gauges?.() ?? [],
      snapshot: () =>
        takeSnapshot({
          journal,
          program,
          leases,
          status,
          connections: () => ({
            ...connections(),
            limit: connectionLimits.connections,
            waiting: waiting.size,
          }),
          stopping: draining,
          now: () => clock.now(),
          loopDelay,
        }),
    },
  };
}
