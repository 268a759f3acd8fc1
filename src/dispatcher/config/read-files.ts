/**
 * Reads `dispatcher.yml` and `dispatcher.d/*.yml` beside it, and what they name. A file that others than root and we ourselves
 * could have written is refused: it may name programs to run and addresses to dial.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { readGuardedFile } from '../../config/guarded-file.ts';
import { RelayError, systemCode } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { ConfigFile } from './load-config.ts';
import type { SecretFiles } from './secrets.ts';

/** The file, then those of `dispatcher.d` in the order of their names. Throws RelayError CONFIG. */
export function readConfigFiles(path: string): ConfigFile[] {
  const text = readGuardedFile(path);
  if (text === undefined) {
    throw new RelayError('CONFIG', `${path} does not exist`, {
      hint: 'an example is in config/dispatcher.yml of the program',
    });
  }
  const directory = join(dirname(path), 'dispatcher.d');
  const all = listed(directory);
  const misnamed = all.find((name) => name.endsWith('.yaml'));
  if (misnamed !== undefined) {
    const meant = misnamed.replace(/yaml$/, 'yml');
    throw new RelayError('CONFIG', `${join(directory, misnamed)} would not be read`, {
      hint: `name it ${meant}: files of dispatcher.d end with .yml`,
    });
  }
  const names = all.filter((name) => name.endsWith('.yml'));
  if (names.length > dispatcherLimits.configFiles) {
    throw new RelayError('CONFIG', `${directory} has more than ${dispatcherLimits.configFiles} files`);
  }
  const more = names.toSorted().flatMap((name) => {
    const file = join(directory, name);
    const content = readGuardedFile(file);
    return content === undefined ? [] : [{ path: file, text: content }];
  });
  return [{ path, text }, ...more];
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw new RelayError('CONFIG', `${directory} cannot be read: ${systemCode(error)}`, { cause: error });
  }
}

/** Secrets from the file system. @param absentAllowed a check on a machine that has them not */
export function secretFiles(credentialsDirectory: string | undefined, absentAllowed = false): SecretFiles {
  return {
    read: (path) => ({ mode: statSync(path).mode, text: readFileSync(path, 'utf8') }),
    absentAllowed,
    ...(credentialsDirectory === undefined ? {} : { credentialsDirectory }),
  };
}

/** Throws with a reason for people. */
export function readTemplate(path: string): string {
  const text = readGuardedFile(path);
  if (text === undefined) throw new RelayError('CONFIG', `${path} does not exist`);
  return text;
}
