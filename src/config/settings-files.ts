/**
 * Finds and reads the settings files of a program: `reverse-server`, `http-proxy`, `http-proxy@PROFILE` in
 * /etc/sysconfig (RHEL) or /etc/default (Debian). Called by src/cli/file-settings.ts.
 *
 * A file in both directories is an error, not a riddle. So is a file that others could have written: it names
 * keys, destinations and trust anchors.
 */

import { join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import { parseEnvironmentFile, type Setting } from './environment-file.ts';
import { readGuardedFile } from './guarded-file.ts';

export interface SettingsFile {
  readonly path: string;
  readonly settings: readonly Setting[];
}

/** The file of that name, from whichever directory has it; undefined when none has. */
export function readSettingsFile(directories: readonly string[], name: string): SettingsFile | undefined {
  const found: { path: string; text: string }[] = [];
  for (const directory of directories) {
    const path = join(directory, name);
    const text = readGuardedFile(path);
    if (text !== undefined) found.push({ path, text });
  }
  const [first, second] = found;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    throw new RelayError('CONFIG', `both ${first.path} and ${second.path} exist`, {
      hint: 'remove one of them',
      fault: 'settings-twice',
    });
  }
  return { path: first.path, settings: parseEnvironmentFile(first.text, first.path) };
}
