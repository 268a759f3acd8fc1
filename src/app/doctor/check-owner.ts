/**
 * The directory where a program keeps its journal: its owner, the owner of the files in it, whether we may write
 * there, and the disk below it. Called by check-state.ts and check-server.ts.
 *
 * The commonest fault of all: somebody ran the program once as root, and the service cannot write what that left.
 */

import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { MinFree } from '../../core/settings.ts';
import { doctorLimits } from '../../core/limits.ts';
import { diskReserve } from '../../os/disk-reserve.ts';
import type { Examination } from './examination.ts';
import { nearestExisting, probeDirectory } from './probe-directory.ts';
import { durationText, ownName, userName } from './words.ts';

interface OwnerQuestion {
  readonly dir: string;
  /** Of the journal. */
  readonly path: string;
  readonly minFree: MinFree;
  /** Wall time, ms. */
  readonly now: number;
}

export async function checkOwner(exam: Examination, question: OwnerQuestion): Promise<void> {
  const { dir, path, minFree, now } = question;
  const user = ownName();
  const place = nearestExisting(dir);
  const { uid } = statSync(place);
  const euid = process.geteuid?.() ?? uid;
  if (euid !== 0 && euid !== uid && place === dir) {
    await exam.find('state', 'other-user', { user, dir, owner: userName(uid) });
  }
  const code = probeDirectory(place);
  if (code !== undefined) await exam.find('state', 'state-unwritable', { dir, user });
  else if (place === dir) await checkFiles(exam, question, uid);
  else await exam.ok('state', `${dir} will be made at the first run`);
  const reserve = diskReserve(place, minFree);
  if (reserve.ok) await exam.ok('disk', `${Math.floor(reserve.freePercent)} % free at ${place}`);
  else await exam.find('disk', 'disk-reserve', { said: reserve.reason });
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (written - now > doctorLimits.clockMs) {
    await exam.find('clock', 'clock-set-back', { path, age: durationText(written - now) });
  }
}

/** Files of the journal belong to whom the directory belongs to; damaged ones set aside are said. */
async function checkFiles(exam: Examination, { dir, path }: OwnerQuestion, uid: number): Promise<void> {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith('journal.db'));
  for (const name of names.filter((one) => one.startsWith('journal.db.corrupt-'))) {
    await exam.find('state', 'journal-set-aside', { path: join(dir, name) });
  }
  const foreign = names.find((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.uid !== uid);
  if (foreign === undefined) {
    await exam.ok('state', `${dir} belongs to ${userName(uid)} and can be written`);
    return;
  }
  await exam.find('state', 'state-owner', {
    path: join(dir, foreign),
    owner: userName(statSync(join(dir, foreign), { throwIfNoEntry: false })?.uid ?? 0),
    expected: userName(uid),
    dir,
  });
}
