/**
 * reverse-server on this host: files, spool, state, port, and what it needs to see of the kernel. Called by
 * src/app/doctor.ts. Dials the service itself if it runs; changes nothing but probe files it removes.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { openJournal } from '../../journal/in-process.ts';
import { RelayError } from '../../core/errors.ts';
import { brokenLaws } from '../../journal/law.ts';
import { formatBytes } from '../../os/disk-reserve.ts';
import { readLocks } from '../../os/proc-locks.ts';
import type { ReverseServerConfig } from '../reverse-server-config.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkOwner } from './check-owner.ts';
import { checkPort } from './check-port.ts';
import type { Examine } from './check-profile.ts';
import { checkRun } from './check-run.ts';
import { checkSpool } from './check-spool.ts';
import type { StateDeps } from './check-state.ts';
import type { Examination } from './examination.ts';
import { checkSandbox } from './sandbox.ts';
import { countText } from './words.ts';

const UNIT = 'reverse-server.service';

export interface ServerDeps extends StateDeps {
  readonly unitDirs: readonly string[];
  /** The kernel's table of connections is visible; for tests. */
  readonly tcpVisible?: () => boolean;
}

export async function checkServer(
  config: ReverseServerConfig,
  examine: Examine,
  deps: ServerDeps,
): Promise<void> {
  const { spoolDir, moveDir, stateDir, tls, allow } = config;
  const now = deps.clock.now();
  await examine(`reverse-server, port ${config.port}`, async (exam) => {
    const credentials = await checkCertificates(exam, tls, { prefix: '', purpose: 'server', now });
    if (allow.poller?.includes('*') ?? true) {
      await exam.find('roles', 'everybody-polls', { ca: tls.caFile });
    }
    await checkKernel(exam, config, deps);
    await checkPort(exam, config, credentials);
  });
  await examine(`spool ${spoolDir}`, async (exam) => {
    await checkSpool(exam, config, now);
    for (const dir of moveDir === undefined ? [spoolDir] : [spoolDir, moveDir]) {
      await checkSandbox(exam, { unitDirs: deps.unitDirs, unit: UNIT, dir });
    }
  });
  await examine(`state ${stateDir}`, async (exam) => {
    const path = join(stateDir, 'journal.db');
    await checkOwner(exam, { dir: stateDir, path, minFree: config.minFree, now });
    await checkRun(exam, path, undefined);
    await checkJournal(exam, path, config.maxJournalBytes, deps);
  });
}

/** What proves that an answer arrived, and that a file is no longer written. */
async function checkKernel(
  exam: Examination,
  config: ReverseServerConfig,
  { tcpVisible = canSeeConnections }: ServerDeps,
): Promise<void> {
  const consumes = config.delete || config.moveDir !== undefined;
  if (tcpVisible()) await exam.ok('kernel', '/proc/self/net/tcp can be read');
  else if (consumes) await exam.find('kernel', 'proc-net-hidden');
  const { visible, why } = readLocks();
  if (!visible) await exam.find('kernel', 'locks-hidden', { said: why });
}

function canSeeConnections(): boolean {
  try {
    return readFileSync('/proc/self/net/tcp', 'latin1').includes('local_address');
  } catch {
    return false;
  }
}

async function checkJournal(
  exam: Examination,
  path: string,
  maxBytes: number | undefined,
  { clock, random }: StateDeps,
): Promise<void> {
  try {
    const journal = await openJournal({ path, readOnly: true, clock, random });
    try {
      const stats = await journal.stats();
      const [law] = brokenLaws(stats);
      if (law !== undefined) await exam.find('journal', 'journal-law', { path, said: law });
      if (maxBytes !== undefined && stats.usedBytes >= maxBytes) {
        await exam.find('journal', 'journal-full', { path, size: formatBytes(maxBytes) });
      }
      const owed = Math.max(0, ...stats.consumers.map((one) => one.pending + one.leased));
      await exam.ok(
        'journal',
        `${countText(owed, 'message')} to be fetched, ${stats.accepted} accepted so far`,
      );
      for (const { name, held } of stats.consumers.filter((one) => one.held > 0)) {
        await exam.find('journal', 'consumer-held', { name, count: countText(held, 'message') });
      }
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (error.code === 'NO_INPUT') await exam.ok('journal', 'none yet: reverse-server has never run');
    else await exam.error('journal', error, 'journal-unusable');
  }
}
