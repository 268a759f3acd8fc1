/**
 * What a profile remembers: its journal with what is owed to whom, quarantine, destinations that fail, and a run
 * that hangs. Called by check-profile.ts. The journal is opened for reading only, beside a run that holds it.
 */

import { RelayError } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import type { Clock, Random } from '../../core/ports.ts';
import { destinationId, destinationLabel } from '../../destinations/destination.ts';
import { labelOf } from '../../http/peer.ts';
import { openJournal } from '../../journal/in-process.ts';
import type { ConsumerStats, Journal } from '../../journal/journal.ts';
import { brokenLaws } from '../../journal/law.ts';
import { formatBytes } from '../../os/disk-reserve.ts';
import { loadHealth } from '../../poller/destination-health.ts';
import { localTime, readFault, SENSOR_FAULT } from '../../poller/fault-streak.ts';
import type { ProfileConfig } from '../../poller/profile.ts';
import { journalPath } from '../../poller/profile-session.ts';
import { refusedSoFar } from '../../poller/refusal-ledger.ts';
import { readSensorFacts } from '../../poller/sensor-facts.ts';
import { checkOwner } from './check-owner.ts';
import { checkRun } from './check-run.ts';
import type { Examination } from './examination.ts';
import { countText, durationText } from './words.ts';

export interface StateDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export async function checkState(exam: Examination, profile: ProfileConfig, deps: StateDeps): Promise<void> {
  const path = journalPath(profile.stateDir);
  const now = deps.clock.now();
  await checkOwner(exam, { dir: profile.stateDir, path, minFree: profile.minFree, now });
  await checkRun(exam, path, profile.deadlineSeconds);
  let journal: Journal;
  try {
    journal = await openJournal({ path, readOnly: true, ...deps });
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (error.code === 'NO_INPUT') await exam.ok('journal', 'none yet: this profile has never run');
    else await exam.error('journal', error, 'journal-unusable');
    return;
  }
  try {
    await checkJournal(exam, profile, journal, deps);
  } finally {
    await journal.close();
  }
}

async function checkJournal(
  exam: Examination,
  profile: ProfileConfig,
  journal: Journal,
  deps: StateDeps,
): Promise<void> {
  const stats = await journal.stats();
  const [law] = brokenLaws(stats);
  const path = journalPath(profile.stateDir);
  if (law !== undefined) await exam.find('journal', 'journal-law', { path, said: law });
  const { maxJournalBytes } = profile;
  if (maxJournalBytes !== undefined && stats.usedBytes >= maxJournalBytes) {
    await exam.find('journal', 'journal-full', { path, size: formatBytes(maxJournalBytes) });
  }
  const owed = stats.consumers.reduce((sum, one) => sum + one.pending + one.leased, 0);
  await exam.ok('journal', `${countText(owed, 'message')} kept, ${stats.accepted} accepted so far`);
  const quarantined = (await journal.quarantine.list()).length;
  if (quarantined > 0) {
    const count = countText(quarantined, 'message');
    await exam.find('quarantine', 'quarantine-waiting', { count, profile: profile.name });
  }
  for (const { name, held } of stats.consumers.filter((one) => one.held > 0)) {
    await exam.find('journal', 'destination-held', { name, count: countText(held, 'message') });
  }
  for (const url of profile.managers) await checkDestination(exam, url, stats.consumers, journal, deps);
  await checkPolling(exam, profile, journal, deps.clock);
}

async function checkDestination(
  exam: Examination,
  url: URL,
  consumers: readonly ConsumerStats[],
  { state }: Journal,
  { clock, random }: StateDeps,
): Promise<void> {
  const id = destinationId(url);
  const destination = destinationLabel(url);
  const illness = (await loadHealth(id, state, clock, random)).illness();
  const mine = consumers.find(({ name }) => name === id);
  if (illness !== undefined) {
    await exam.find('delivery', 'destination-failing', {
      destination,
      said: illness.reason,
      since: localTime(illness.since),
      runs: countText(illness.runs, 'run'),
      count: countText((mine?.pending ?? 0) + (mine?.leased ?? 0), 'message'),
    });
  }
  const refused = await refusedSoFar(id, state);
  if (refused > 0) {
    await exam.find('delivery', 'messages-refused', { destination, count: countText(refused, 'message') });
  }
}

async function checkPolling(
  exam: Examination,
  profile: ProfileConfig,
  { state }: Journal,
  clock: Clock,
): Promise<void> {
  const failing = await readFault(state, SENSOR_FAULT);
  if (failing !== undefined) {
    const peer = labelOf('sensor', profile.sensor);
    const values = { peer, since: localTime(failing.since), runs: countText(failing.runs, 'run') };
    await exam.find('polling', 'polling-failing', values);
    return;
  }
  const { lastSuccess } = await readSensorFacts(state);
  if (lastSuccess === undefined) return;
  const age = clock.now() - lastSuccess;
  if (age > doctorLimits.idleMs) {
    await exam.find('polling', 'profile-idle', { age: durationText(age), profile: profile.name });
  } else {
    await exam.ok('polling', `last good answer of the sensor ${durationText(age)} ago`);
  }
}
