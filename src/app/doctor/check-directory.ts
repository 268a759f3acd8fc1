/** A `file:` destination: there, a directory, and one we can write in. Called by check-profile.ts. */

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { systemCode } from '../../core/errors.ts';
import type { Examination } from './examination.ts';
import { probeDirectory } from './probe-directory.ts';
import { ownName, userName } from './words.ts';

export async function checkDirectory(exam: Examination, url: URL, label: string): Promise<void> {
  const dir = fileURLToPath(url);
  const values = { peer: label, dir, user: ownName() };
  let owner = '?';
  try {
    const stats = statSync(dir);
    if (!stats.isDirectory()) return await exam.find('directory', 'directory-not-a-directory', values);
    owner = userName(stats.uid);
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    const name = missing ? 'directory-missing' : 'directory-unwritable';
    return await exam.find('directory', name, { ...values, owner });
  }
  const code = probeDirectory(dir);
  switch (code) {
    case undefined:
      return await exam.ok('directory', `${dir} can be written by ${values.user}`);
    case 'EACCES':
    case 'EPERM':
      return await exam.find('directory', 'directory-unwritable', { ...values, owner });
    case 'EROFS':
      return await exam.find('directory', 'directory-read-only', values);
    default:
      return await exam.find('directory', 'directory-failing', { ...values, said: code });
  }
}
