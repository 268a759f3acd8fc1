/**
 * Finds and reads the settings files of a program: `reverse-server`, `http-proxy`, `http-proxy@PROFILE` in
 * /etc/sysconfig (RHEL) or /etc/default (Debian). Called by src/cli/file-settings.ts.
 *
 * A file in both directories is an error, not a riddle. So is a file that others could have written: it names
 * keys, destinations and trust anchors.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, RelayError, systemCode } from '../core/errors.ts';
import { configLimits } from '../core/limits.ts';
import { parseEnvironmentFile, type Setting } from './environment-file.ts';

export interface SettingsFile {
  readonly path: string;
  readonly settings: readonly Setting[];
}

/** The file of that name, from whichever directory has it; undefined when none has. */
export function readSettingsFile(directories: readonly string[], name: string): SettingsFile | undefined {
  const found: { path: string; text: string }[] = [];
  for (const directory of directories) {
    const path = join(directory, name);
    const text = readGuarded(path);
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

function readGuarded(path: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
  try {
    const { mode, uid, size } = fstatSync(handle);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new RelayError('CONFIG', `${path} is not a regular file`);
    }
    if ((mode & 0o022) !== 0) {
      throw new RelayError('CONFIG', `${path} can be written by others than its owner`, {
        hint: `chmod go-w ${path}`,
      });
    }
    if (uid !== 0 && uid !== process.getuid?.()) {
      throw new RelayError('CONFIG', `${path} belongs to user ${uid}, neither root nor the user we run as`, {
        hint: `chown root ${path}`,
      });
    }
    if (size > configLimits.fileBytes) {
      throw new RelayError('CONFIG', `${path} is larger than ${configLimits.fileBytes} bytes`);
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(handle));
  } catch (error) {
    if (error instanceof RelayError) throw error;
    throw unreadable(path, error);
  } finally {
    closeSync(handle);
  }
}

function unreadable(path: string, error: unknown): RelayError {
  const user = process.getuid?.() ?? 0;
  const denied = systemCode(error) === 'EACCES';
  return new RelayError('CONFIG', `${path} cannot be read: ${systemCode(error) || messageOf(error)}`, {
    ...(denied ? { hint: `let user ${user} read it: chmod o+r ${path}, or chgrp and chmod g+r` } : {}),
    cause: error,
  });
}
