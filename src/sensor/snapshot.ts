/**
 * Everything role monitor is shown, gathered at one moment: the journal's numbers, the intake's gauges, connections,
 * leases, disk, process. Made by server.ts; turned into text by metrics.ts and into a verdict by health.ts, which
 * look at nothing else.
 *
 * A journal or disk that does not answer is a finding, never an error: whoever asks must get an answer.
 */

import { performance } from 'node:perf_hooks';
import { messageOf } from '../core/errors.ts';
import { monitorLimits } from '../core/limits.ts';
import type { Journal, JournalStats } from '../journal/journal.ts';
import type { MetricFamily } from '../log/exposition.ts';
import type { DiskReserve } from '../os/disk-reserve.ts';
import type { SensorStatus } from './context.ts';

/** What the program knows and the server does not. */
export interface ProgramFacts {
  readonly version: string;
  /** Of the journal's filesystem. */
  disk(): Promise<DiskReserve>;
  logLinesLost(): number;
  /** Families of others (certificates), shown as they are. */
  gauges(): readonly MetricFamily[];
}

export interface ConnectionNumbers {
  readonly open: number;
  readonly handshaking: number;
  readonly limit: number;
  /** Requests that hold on for a message. */
  readonly waiting: number;
}

/** Delay of the event loop since the last look, seconds. */
export interface LoopDelay {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

export interface SensorSnapshot {
  /** Wall time, ms. */
  readonly now: number;
  readonly version: string;
  readonly node: string;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly loopDelay: LoopDelay | undefined;
  readonly logLinesLost: number;
  /** Numbers, or why there are none. */
  readonly journal: JournalStats | string;
  readonly journalAnswerSeconds: number;
  readonly disk: DiskReserve | string | undefined;
  readonly status: SensorStatus;
  readonly connections: ConnectionNumbers;
  readonly leasesOpen: number;
  readonly stopping: boolean;
}

export interface SnapshotSources {
  readonly journal: Pick<Journal, 'stats'>;
  readonly program: Partial<ProgramFacts>;
  readonly status: () => SensorStatus;
  readonly connections: () => ConnectionNumbers;
  readonly leases: { readonly size: number };
  readonly stopping: AbortSignal;
  readonly now: () => number;
  readonly loopDelay: () => LoopDelay | undefined;
}

export async function takeSnapshot(sources: SnapshotSources): Promise<SensorSnapshot> {
  const { program, leases } = sources;
  const asked = performance.now();
  const disk = soon(program.disk?.());
  const journal = await soon(sources.journal.stats());
  const journalAnswerSeconds = (performance.now() - asked) / 1000;
  return {
    now: sources.now(),
    version: program.version ?? 'unknown',
    node: process.version,
    uptimeSeconds: process.uptime(),
    residentBytes: process.memoryUsage.rss(),
    loopDelay: sources.loopDelay(),
    logLinesLost: program.logLinesLost?.() ?? 0,
    journal: journal ?? 'the journal has no numbers',
    journalAnswerSeconds,
    disk: await disk,
    status: sources.status(),
    connections: sources.connections(),
    leasesOpen: leases.size,
    stopping: sources.stopping.aborted,
  };
}

/** The value, or in one sentence why there is none in time. */
async function soon<T>(promise: Promise<T> | undefined): Promise<T | string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, monitorLimits.answerMs, `no answer within ${monitorLimits.answerMs} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(timer);
  }
}
