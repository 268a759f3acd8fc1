/**
 * All that is known of a profile without asking anybody: its journal's numbers and what its runs remembered.
 *
 * The same facts serve `idmef status`, `idmef check` and the metrics (metrics.ts). Gathered from an open journal,
 * a run's own or one opened to look only (look-at-profile.ts); costs one look at each counter and a dozen small
 * entries. Times are wall times in ms unless a name says otherwise.
 */

import { brokenLaws } from '../journal/law.ts';
import { lostOf } from '../journal/lost.ts';
import type { ConsumerStats, Journal } from '../journal/journal.ts';
import { changesSoFar } from './changes.ts';
import { readIllness, type Illness } from './destination-health.ts';
import { lastFault, RUN_FAULT, SENSOR_FAULT, type RememberedFault } from './fault-streak.ts';
import { refusedSoFar } from './refusal-ledger.ts';
import { readRunFacts, type RememberedRun } from './run-facts.ts';
import { readSensorFacts, type RememberedSensor } from './sensor-facts.ts';
import { parseSensorStatus, type SensorStatus } from './sensor-status.ts';

export interface DestinationFacts {
  /** Its normalised URL. */
  readonly id: string;
  /** False: not configured any more, and still owed what `held` counts. */
  readonly active: boolean;
  /** Leased ones included. */
  readonly pending: number;
  /** Bodies of what is pending or held. */
  readonly bytes: number;
  readonly oldestAt: number | undefined;
  readonly held: number;
  readonly forwarded: number;
  readonly dead: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Messages it got in another form than they were written, by rule. */
  readonly changed: Readonly<Record<string, number>>;
  /** Messages it has refused that are kept and tried again. */
  readonly refused: number;
  readonly acceptedAt: number | undefined;
  readonly illness: Illness | undefined;
}

export interface SensorFacts extends RememberedSensor {
  /** When its certificate ends. */
  readonly certificateEnd: number | undefined;
  /** What it said of itself at `lastSuccess`. */
  readonly said: SensorStatus | undefined;
}

export interface ProfileFacts {
  /** Id of the profile's own journal. */
  readonly journal: string;
  /** When these facts were gathered. */
  readonly at: number;
  /** The last run that did or met something; `lastRunAt` may be a later one. */
  readonly run: RememberedRun | undefined;
  readonly lastRunAt: number | undefined;
  readonly lastRunMs: number | undefined;
  /** The sensor answered well. */
  readonly lastSuccess: number | undefined;
  readonly sensor: SensorFacts;
  /** Faults of the last run; they last. */
  readonly sensorFault: RememberedFault | undefined;
  readonly runFault: RememberedFault | undefined;
  /** The one that ended last. */
  readonly endedFault: RememberedFault | undefined;
  readonly destinations: readonly DestinationFacts[];
  readonly offered: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly conflict: number;
  /** Set aside at the door and not let go since, by first rule. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Entries that wait for `idmef quarantine`. */
  readonly quarantine: number;
  readonly usedBytes: number;
  /** Equations of the law that do not hold; empty when all is well. */
  readonly brokenLaws: readonly string[];
}

export async function gatherFacts(journal: Journal, now: number): Promise<ProfileFacts> {
  const { state } = journal;
  const stats = await journal.stats();
  const { run, accepted: acceptances } = await readRunFacts(state);
  const remembered = await readSensorFacts(state);
  const faults = [await lastFault(state, SENSOR_FAULT), await lastFault(state, RUN_FAULT)];
  const [sensorFault, runFault] = faults.map((fault) => (fault?.ended === undefined ? fault : undefined));
  const destinations = await Promise.all(
    stats.consumers.map(async (consumer) => {
      const illness = consumer.active ? await readIllness(consumer.name, state) : undefined;
      const refused = await refusedSoFar(consumer.name, state);
      const changed = Object.fromEntries(await changesSoFar(consumer.name, state));
      return destinationFacts(consumer, acceptances.get(consumer.name), illness, { refused, changed });
    }),
  );
  const { lastSuccess } = remembered;
  const times = [
    run?.at,
    lastSuccess,
    sensorFault?.at,
    runFault?.at,
    ...destinations.map((one) => one.illness?.at),
  ];
  const lastRunAt = latest(times);
  const { offered, accepted, duplicate, conflict, quarantined, usedBytes } = stats;
  return {
    journal: stats.id,
    at: now,
    run,
    lastRunAt,
    lastRunMs: run !== undefined && run.at >= (lastSuccess ?? 0) ? run.ms : remembered.ms,
    lastSuccess,
    sensor: {
      ...remembered,
      certificateEnd: remembered.certificate?.until,
      said: parseSensorStatus(remembered.status),
    },
    sensorFault,
    runFault,
    endedFault: faults
      .filter((fault) => fault?.ended !== undefined)
      .toSorted((a, b) => (b?.ended ?? 0) - (a?.ended ?? 0))[0],
    destinations,
    offered,
    accepted,
    duplicate,
    conflict,
    quarantined,
    quarantine: await journal.quarantine.count(),
    usedBytes,
    brokenLaws: brokenLaws(stats),
  };
}

function destinationFacts(
  consumer: ConsumerStats,
  acceptedAt: number | undefined,
  illness: Illness | undefined,
  remembered: Pick<DestinationFacts, 'refused' | 'changed'>,
): DestinationFacts {
  const { name, active, pending, leased, pendingBytes, oldestAt, held, settled, dead, dropped } = consumer;
  return {
    id: name,
    active,
    pending: pending + leased,
    bytes: pendingBytes,
    oldestAt,
    held,
    forwarded: settled,
    dead,
    dropped,
    ...remembered,
    acceptedAt,
    illness,
  };
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Messages its destinations will never get, without anybody having decided so. */
export function lostHere({ destinations }: ProfileFacts): number {
  return destinations.reduce((sum, { dropped }) => sum + lostOf(dropped), 0);
}

/** A destination's identity for eyes and files: the query of an https URL may be a secret. */
export function shownId(id: string): string {
  return id.startsWith('prelude:') ? id : id.replace(/\?.*$/s, '');
}
