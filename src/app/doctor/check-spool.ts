/**
 * The spool of a sensor as its intake needs it: readable and writable, files in it readable, none that nobody takes,
 * and the directories beside it. Called by check-server.ts as the user the service runs as.
 *
 * Looks at no more than doctorLimits.directoryFiles names, and opens no file: a FIFO would hang.
 */

import { accessSync, constants, lstatSync, opendirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';

import { RelayError, systemCode } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import { checkSpoolSettings } from '../../sensor/intake/check-settings.ts';
import { remedyFor } from '../../sensor/intake/remedy.ts';
import { isSpoolName } from '../../sensor/intake/spool-directory.ts';
import type { ReverseServerConfig } from '../reverse-server-config.ts';
import type { Examination } from './examination.ts';
import { probeDirectory } from './probe-directory.ts';
import { countText, durationText, ownName, userName } from './words.ts';

type SpoolSettings = Pick<ReverseServerConfig, 'spoolDir' | 'moveDir' | 'delete'>;

export async function checkSpool(exam: Examination, settings: SpoolSettings, now: number): Promise<void> {
  const { spoolDir, moveDir } = settings;
  const consumes = settings.delete || moveDir !== undefined;
  try {
    checkSpoolSettings(settings);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    await exam.error('spool', error, 'spool-unusable');
    return;
  }
  const faults = exam.faults();
  if (consumes) await checkWritable(exam, '--spooldir', spoolDir);
  if (moveDir !== undefined) await checkWritable(exam, '--movedir', moveDir);
  const { mode, uid } = statSync(spoolDir);
  if ((mode & 0o002) !== 0) await exam.find('spool', 'spool-open', { dir: spoolDir });
  if (exam.faults() === faults) {
    await exam.ok(
      'spool',
      `${spoolDir} belongs to ${userName(uid)} and can be ${consumes ? 'written' : 'read'}`,
    );
  }
  await checkFiles(exam, spoolDir, consumes, now);
  await checkCorrupt(exam, join(spoolDir, 'corrupt'));
}

async function checkWritable(exam: Examination, option: string, dir: string): Promise<void> {
  const code = probeDirectory(dir);
  if (code === undefined) return;
  const hint = remedyFor('remove', code, dir, process.geteuid?.() ?? 0);
  await exam.find('spool', 'spool-unwritable', { option, dir, user: ownName(), code, hint });
}

async function checkFiles(exam: Examination, dir: string, consumes: boolean, now: number): Promise<void> {
  const files = spoolFiles(dir);
  const unreadable = files.filter(({ path }) => !mayRead(path));
  const [first] = unreadable;
  if (first !== undefined) {
    await exam.find('spool', 'spool-unreadable', {
      count: countText(unreadable.length, 'file'),
      dir,
      user: ownName(),
      name: first.name,
      owner: userName(first.stats.uid),
    });
  }
  const oldest = Math.min(...files.map(({ stats }) => stats.ctimeMs));
  if (consumes && now - oldest > doctorLimits.spoolWaitMs) {
    const count = countText(files.length, 'file');
    await exam.find('spool', 'spool-waiting', { count, dir, age: durationText(now - oldest) });
  } else {
    await exam.ok('spool', `${countText(files.length, 'file')} in it now`);
  }
}

async function checkCorrupt(exam: Examination, dir: string): Promise<void> {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true || !mayRead(dir)) return;
  const { length } = spoolFiles(dir);
  if (length > 0) await exam.find('spool', 'corrupt-files', { count: countText(length, 'file'), dir });
}

interface SpoolFile {
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
}

/** What the intake would look at: regular files by name. */
function spoolFiles(dir: string): SpoolFile[] {
  const files: SpoolFile[] = [];
  const names = opendirSync(dir);
  try {
    for (let seen = 0; seen < doctorLimits.directoryFiles; seen++) {
      const name = names.readSync()?.name;
      if (name === undefined) break;
      const path = join(dir, name);
      const stats = isSpoolName(name) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
      if (stats?.isFile() === true) files.push({ name, path, stats });
    }
  } finally {
    names.closeSync();
  }
  return files;
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    return systemCode(error) === 'ENOENT'; // taken meanwhile
  }
}
