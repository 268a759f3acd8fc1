/**
 * `idmef check`: what is to be checked and beyond which thresholds; src/app/check.ts judges. Called by idmef.ts.
 */

import { runCheck, type CheckOptions } from '../app/check.ts';
import { RelayError } from '../core/errors.ts';
import { processIo } from './command-io.ts';
import { findProfiles, namedProfiles, type Where } from './find-profiles.ts';
import { findSensor } from './find-sensor.ts';
import { commonOptions } from './option.ts';
import type { Arguments } from './parse.ts';
import { Settings } from './settings.ts';
import { checkTable as table } from './status-options.ts';

export async function runCheckVerb({ given }: Arguments): Promise<number> {
  const settings = new Settings([...table.options, ...commonOptions], given, undefined);
  const where = { configDir: settings.text('config-dir') ?? '', state: settings.path('state') };
  const thresholds = {
    warnAgeMs: settings.duration('warn-age'),
    critAgeMs: settings.duration('crit-age'),
    warnPending: settings.integer('warn-pending'),
    critPending: settings.integer('crit-pending'),
    warnQuarantine: settings.integer('warn-quarantine'),
    warnDays: settings.integer('warn-days'),
    critDays: settings.integer('crit-days'),
  };
  const { warnAgeMs, critAgeMs, warnPending, critPending, warnDays, critDays } = thresholds;
  if (warnAgeMs > critAgeMs) throw settings.refusal('warn-age', 'must not be more than --crit-age');
  if (warnPending > critPending)
    throw settings.refusal('warn-pending', 'must not be more than --crit-pending');
  if (warnDays < critDays) throw settings.refusal('warn-days', 'must not be less than --crit-days');
  return await runCheck({ subject: subjectOf(settings, where), thresholds }, processIo());
}

function subjectOf(settings: Settings, where: Where): CheckOptions['subject'] {
  const names = settings.texts('profile') ?? [];
  const all = settings.flag('all');
  const sensor = settings.flag('sensor');
  if ([names.length > 0, all, sensor].filter(Boolean).length !== 1) {
    throw new RelayError('USAGE', 'one of --profile, --all and --sensor is wanted', {
      hint: `usage: ${table.command} ${table.usage}`,
    });
  }
  if (sensor) return { kind: 'sensor', source: findSensor(where) };
  return { kind: 'profiles', sources: all ? findProfiles(where) : namedProfiles(names, where), all };
}
