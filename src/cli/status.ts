/**
 * `idmef status`: finds the profiles, or the sensor, of this host and hands them to src/app/status.ts. Called by
 * idmef.ts.
 */

import { runSensorStatus, runStatus } from '../app/status.ts';
import { RelayError } from '../core/errors.ts';
import { processIo } from './command-io.ts';
import { findProfiles, namedProfiles, nothingFound } from './find-profiles.ts';
import { findSensor, hasSensor } from './find-sensor.ts';
import { commonOptions } from './option.ts';
import type { Arguments } from './parse.ts';
import { Settings } from './settings.ts';
import type { Context } from './start.ts';
import { statusTable as table } from './status-options.ts';

export async function runStatusVerb({ given, operands }: Arguments, { env }: Context): Promise<number> {
  const settings = new Settings([...table.options, ...commonOptions], given, undefined);
  const where = { configDir: settings.text('config-dir') ?? '', state: settings.path('state') };
  const io = processIo();
  const shown = {
    json: settings.flag('json'),
    columns: process.stdout.columns as number | undefined,
    // Undefined when it is no terminal.
    colours: (process.stdout.isTTY as boolean | undefined) === true && env.noColor !== true,
  };
  const sensor = settings.flag('sensor');
  if (sensor && operands.length > 0) {
    throw new RelayError('USAGE', `--sensor and the profile ${operands[0]} exclude each other`, {
      hint: `usage: ${table.command} ${table.usage}`,
    });
  }
  const sources = sensor ? [] : operands.length > 0 ? namedProfiles(operands, where) : findProfiles(where);
  if (sources.length > 0) return await runStatus({ sources, detail: operands.length === 1, ...shown }, io);
  if (sensor || hasSensor(where)) return await runSensorStatus({ source: findSensor(where), ...shown }, io);
  const { message, hint } = nothingFound(where);
  throw new RelayError('NO_INPUT', message, { hint });
}
