/**
 * The profiles of `--profile NAME…`: each from the file http-proxy, then http-proxy@NAME, then OPTIONS= of
 * either, then flags.
 *
 * Called by http-proxy.ts, which loads it only when a profile is named: settings files bring their parsers
 * along, and a poll by flags alone does without.
 */

import type { ProfileConfig } from '../poller/profile.ts';
import type { ProcessEnvironment } from '../config/process-environment.ts';
import { readSettingsFile, type SettingsFile } from '../config/settings-files.ts';
import { RelayError } from '../core/errors.ts';
import { givenByFiles } from './file-settings.ts';
import { httpProxyTable as table } from './http-proxy-options.ts';
import { requireMandatory } from './mandatory.ts';
import { commonOptions, type Option } from './option.ts';
import type { Arguments, Given } from './parse.ts';
import { profileConfig } from './profile.ts';
import { Settings } from './settings.ts';

export interface Profiles {
  readonly profiles: readonly ProfileConfig[];
  /** Where log settings are read: the flags, the common file, and the profile's when it is the only one. */
  readonly processWide: Settings;
}

/** Reads the files now. Throws RelayError USAGE for flags, CONFIG for files. */
export function readNamedProfiles(
  names: readonly string[],
  flags: Arguments,
  fromFlags: Settings,
  env: ProcessEnvironment,
): Profiles {
  const options: readonly Option[] = [...table.options, ...commonOptions];
  const directories = directoriesOf(fromFlags);
  const common = readSettingsFile(directories, 'http-proxy');
  if (names.length > 1 && fromFlags.has('sensor')) {
    throw new RelayError('USAGE', '--sensor cannot be given for several profiles', {
      hint: 'each profile names its own sensor: SENSOR= in http-proxy@NAME',
    });
  }
  if (common !== undefined) refuseSharedFile(common, fromFlags);
  let only: Settings | undefined;
  const profiles = names.map((name) => {
    const own = readSettingsFile(directories, `http-proxy@${name}`);
    if (own === undefined) throw noProfile(name, directories);
    if (names.length > 1) refuseProcessWide(own);
    const files = common === undefined ? [own] : [common, own];
    const given = merge(files, flags);
    requireMandatory(
      table,
      given,
      files.map((file) => file.path),
    );
    only = new Settings(options, given, env.credentialsDirectory);
    const base = only.path('state') ?? env.stateDirectory ?? '/var/lib/idmef-relay';
    return profileConfig(name, only, base);
  });
  const shared = new Settings(options, merge(common === undefined ? [] : [common], flags), undefined);
  return { profiles: Object.freeze(profiles), processWide: names.length === 1 ? (only ?? shared) : shared };
}

function merge(files: readonly SettingsFile[], flags: Arguments): Map<string, Given> {
  return new Map([...givenByFiles(table, files), ...flags.given]);
}

function directoriesOf(settings: Settings): readonly string[] {
  const text = settings.text('config-dir') ?? '';
  return text.split(':').filter((directory) => directory !== '');
}

function noProfile(name: string, directories: readonly string[]): RelayError {
  return new RelayError('CONFIG', `no settings file http-proxy@${name} in ${directories.join(' or ')}`, {
    fault: 'settings-missing',
    hint: `copy config/http-proxy@profile there as http-proxy@${name} and edit it`,
  });
}

/** Each run writes its file whole: one name for all would show the profile that ran last, and nobody else. */
function refuseSharedFile(common: SettingsFile, flags: Settings): void {
  const setting = common.settings.findLast(({ key }) => key === 'METRICS_FILE');
  if (
    setting === undefined ||
    setting.value === '' ||
    setting.value.includes('%i') ||
    flags.has('metrics-file')
  )
    return;
  throw new RelayError('CONFIG', `${common.path}:${setting.line}: METRICS_FILE must contain %i here`, {
    hint: 'it stands for the name of the profile: METRICS_FILE=/DIR/idmef-%i.prom',
  });
}

/** With several profiles in one process nobody could say whose log format counts. */
function refuseProcessWide(file: SettingsFile): void {
  const keys = table.options.filter((option) => option.processWide === true);
  for (const { key, line } of file.settings) {
    if (!keys.some((option) => option.name.toUpperCase().replaceAll('-', '_') === key)) continue;
    throw new RelayError('CONFIG', `${file.path}:${line}: ${key} counts for all profiles of the process`, {
      hint: `set ${key} in the file http-proxy, or as a flag`,
    });
  }
}
