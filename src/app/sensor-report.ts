/**
 * The sensor of this host as `idmef status --sensor` and `idmef check --sensor` see it: its journal, whether the
 * service runs, its certificate and its disk.
 *
 * Called by status.ts and check.ts. States, worst first: config, damaged, unreadable, never, stopped, full (the disk
 * reserve or the journal's limit is reached, or the intake pauses for another reason), stuck (files that cannot be taken), ok.
 */

import type { Clock, Random } from '../core/ports.ts';
import type { Look } from '../journal/look-at-journal.ts';
import { isInUse } from '../journal/in-use.ts';
import { diskReserve, type DiskReserve } from '../os/disk-reserve.ts';
import { lookAtSensor, sensorJournalPath, type SensorJournalFacts } from '../sensor/sensor-look.ts';
import { certificateEnd } from '../tls/certificate-end.ts';
import type { ReverseServerConfig } from './reverse-server-config.ts';

export type SensorWord = 'config' | 'damaged' | 'unreadable' | 'never' | 'stopped' | 'full' | 'stuck' | 'ok';

export interface SensorSource {
  readonly stateDir: string;
  /** Undefined when there is no settings file, or it is wrong. */
  readonly config: ReverseServerConfig | undefined;
  readonly fault: { readonly message: string; readonly hint: string | undefined } | undefined;
}

export interface SensorReport {
  readonly source: SensorSource;
  readonly look: Look<SensorJournalFacts>;
  readonly word: SensorWord;
  readonly at: number;
  /** Undefined where the system does not tell. */
  readonly running: boolean | undefined;
  readonly certificateEnd: number | undefined;
  readonly disk: DiskReserve | undefined;
}

export async function reportSensor(
  source: SensorSource,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<SensorReport> {
  const look = await lookAtSensor(source.stateDir, deps);
  const running = isInUse(sensorJournalPath(source.stateDir));
  const disk = diskOf(source);
  return {
    source,
    look,
    word: wordOf(source, look, running, disk),
    at: deps.clock.now(),
    running,
    certificateEnd: source.config && certificateEnd(source.config.tls.certFile),
    disk,
  };
}

function wordOf(
  { fault }: SensorSource,
  look: SensorReport['look'],
  running: boolean | undefined,
  disk: DiskReserve | undefined,
): SensorWord {
  if (fault !== undefined) return 'config';
  if (look.kind !== 'facts') return look.kind;
  if (running === false) return 'stopped';
  const { stats, intake } = look.facts;
  if (disk?.ok === false || stats.usedBytes >= (stats.maxBytes ?? Infinity)) return 'full';
  if (intake?.paused !== undefined) return 'full';
  return (intake?.stuck ?? 0) > 0 ? 'stuck' : 'ok';
}

function diskOf({ stateDir, config }: SensorSource): DiskReserve | undefined {
  try {
    return diskReserve(stateDir, config?.minFree);
  } catch {
    return undefined; // There is no such directory, or it is not ours to see.
  }
}
