/**
 * Refuse to run as root on a state directory that belongs to another user (ARCHITECTURE.md: On disk).
 *
 * Files root creates there could not be written by the service afterwards. Called by open.ts before anything
 * is created; root's own and not yet existing directories pass.
 */

import { readFileSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { RelayError } from '../core/errors.ts';

/** @param euid of this process; undefined where the system has none */
export function checkStateOwner(journal: string, euid: number | undefined): void {
  if (euid !== 0) return;
  const { path, stats } = nearestExisting(resolve(journal));
  if (stats.uid === 0) return;
  const user = userName(stats.uid) ?? `user id ${stats.uid}`;
  throw new RelayError('STATE_OWNER', `${path} belongs to ${user}, not to root`, {
    hint: `run it as its owner: ${asOwner(stats.uid)}`,
  });
}

/** How to run this command as whoever owns the path, or the nearest directory above it that can be seen. */
export function ownersCommand(path: string): string {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      return asOwner(statSync(at).uid);
    } catch (error) {
      if (at === dirname(at)) throw error;
    }
  }
}

function asOwner(uid: number): string {
  const command = process.argv.slice(1).map((word, index) => (index === 0 ? basename(word, '.js') : word));
  return `runuser -u ${userName(uid) ?? `'#${uid}'`} -- ${command.join(' ')}`;
}

/** The journal, or where it would be made. */
function nearestExisting(path: string): { path: string; stats: Stats } {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? nearestExisting(dirname(path)) : { path, stats };
}

function userName(uid: number): string | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0];
  } catch {
    return undefined;
  }
}
