/**
 * The reverse-server of this host: its settings file `reverse-server`, and where its journal is.
 *
 * Called by status.ts and check.ts (`--sensor`). A file that is wrong is a fact to be told; its journal is then
 * looked for where the shipped unit keeps it.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { SensorSource } from '../app/sensor-report.ts';
import { RelayError } from '../core/errors.ts';
import { DEFAULT_STATE, type Where } from './find-profiles.ts';
import { parseArguments } from './parse.ts';
import { reverseServerTable } from './reverse-server-options.ts';
import { readReverseServerConfig } from './reverse-server.ts';

const UNIT_STATE = join(DEFAULT_STATE, 'sensor');

/** Whether there is anything of a sensor on this host. */
export function hasSensor(where: Where): boolean {
  return settingsExist(where) || existsSync(join(where.state ?? UNIT_STATE, 'journal.db'));
}

export function findSensor(where: Where): SensorSource {
  const stateDir = where.state ?? UNIT_STATE;
  if (!settingsExist(where)) return { stateDir, config: undefined, fault: undefined };
  try {
    const flags = parseArguments(reverseServerTable, ['--config-dir', where.configDir]);
    const config = readReverseServerConfig(flags, { stateDirectory: UNIT_STATE });
    return { stateDir: where.state ?? config.stateDir, config, fault: undefined };
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    return { stateDir, config: undefined, fault: { message: error.message, hint: error.hint } };
  }
}

function settingsExist({ configDir }: Where): boolean {
  return configDir.split(':').some((directory) => existsSync(join(directory, 'reverse-server')));
}
