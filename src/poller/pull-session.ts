/**
 * The pull side of an open session: what pull.ts needs, put together, and what is remembered after it.
 *
 * Called by profile-run.ts (once) and follow.ts (again and again). The inbox is emptied before the sensor is
 * asked for anything.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import type { PollerDeps, ProfileSession } from './profile-session.ts';
import { pull, type PullOptions } from './pull.ts';
import { noRoom } from './room.ts';
import type { RunCounts } from './run-counts.ts';
import type { SensorClient } from './sensor-client.ts';
import { rememberJournal, rememberSensor } from './sensor-facts.ts';

const OLD_ANSWER = 'old server';

/** Pulls until the sensor has nothing more. Throws the RelayError that ended it. */
export async function pullSession(
  session: ProfileSession,
  sensor: SensorClient,
  counts: RunCounts,
  deps: PollerDeps,
  signal: AbortSignal,
  waitSeconds = 0,
): Promise<void> {
  const { profile, journal, prefix } = session;
  const { log, clock } = deps;
  const { state } = journal;
  const began = clock.monotonic();
  const intake = { journal, validate: profile.validate, onInvalid: profile.onInvalid, counts };
  const common = {
    ...intake,
    sensor,
    batch: profile.batch,
    highFirst: profile.highFirst,
    leaseSeconds: profile.leaseSeconds,
    noRoom: () => noRoom(journal, profile),
    prefix,
    log,
  };
  // Asked at each poll, so it only writes when something changes.
  const emptied = async (): Promise<void> => {
    if ((await state.get(OLD_ANSWER)) !== 'filled') return;
    await journal.append([], { kind: 'unsequenced' });
    await state.set(OLD_ANSWER, '');
  };
  const filled = async (): Promise<void> => {
    if ((await state.get(OLD_ANSWER)) !== 'filled') await state.set(OLD_ANSWER, 'filled');
  };
  const oldServer: PullOptions['oldServer'] = () => ({
    ...common,
    stateDir: profile.stateDir,
    now: () => clock.now(),
    filled,
    emptied,
  });
  if (existsSync(join(profile.stateDir, 'inbox'))) {
    const { recoverInbox } = await import('./old-server.ts');
    await recoverInbox(oldServer());
  }
  await pull(
    {
      ...common,
      oldServer,
      emptied,
      signal,
      seenJournal: async (id) => {
        const former = await rememberJournal(state, id, sensor.facts()?.names[0]);
        if (former === undefined) return;
        log.notice(
          `${prefix}the sensor's journal is a new one (${id}, before ${former}): ` +
            `it was reinstalled, or set a damaged file aside`,
        );
      },
    },
    waitSeconds,
  );
  const facts = sensor.facts();
  const ms = waitSeconds === 0 ? clock.monotonic() - began : undefined;
  if (facts !== undefined) await rememberSensor(state, facts, sensor.peer.label, clock, ms);
}

/** What anything thrown by a session means; a bug stays recognisable by its code. */
export function asRelayError(error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RelayError('BUG', `internal error: ${text}`, { cause: error });
}
