/**
 * Reads a file of settings that decides what a program does: it must be a regular file that nobody else could have written.
 * Called for environment files and by src/dispatcher/config for YAML and templates.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { messageOf, RelayError, systemCode } from '../core/errors.ts';
import { configLimits } from '../core/limits.ts';

/** Undefined when there is no such file. Throws RelayError CONFIG with the command that mends it. */
export function readGuardedFile(path: string): string | undefined {
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
