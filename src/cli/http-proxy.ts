/**
 * http-proxy's flags and profiles → its frozen configuration. Called by src/bin/http-proxy.ts; `reload` by
 * src/app on SIGHUP.
 *
 * Settings of a profile: the file http-proxy, then http-proxy@PROFILE, then OPTIONS= of either, then flags.
 * Without `--profile` no file is read and the flags describe one sensor.
 */

import type { HttpProxyConfig, ProfileConfig } from '../app/http-proxy-config.ts';
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

const options: readonly Option[] = [...table.options, ...commonOptions];

/** Throws RelayError USAGE for flags, CONFIG for files. */
export async function readHttpProxyConfig(
  flags: Arguments,
  env: ProcessEnvironment,
): Promise<HttpProxyConfig> {
  const fromFlags = new Settings(options, flags.given, env.credentialsDirectory);
  const mode = readMode(fromFlags);
  if (mode.kind === 'schedule') {
    const { checkCron } = await import('../schedule/schedule.ts');
    checkCron(mode.cron);
  }
  const { profiles, processWide } = readProfiles(flags, fromFlags, env);
  return Object.freeze({
    mode,
    profiles,
    reload: () => readProfiles(flags, fromFlags, env).profiles,
    log: processWide.log(),
  });
}

function readMode(settings: Settings): HttpProxyConfig['mode'] {
  const cron = settings.text('schedule');
  const follow = settings.flag('follow');
  if (follow && cron !== undefined) {
    throw new RelayError('USAGE', '--follow and --schedule exclude each other');
  }
  for (const once of ['dry-run', 'drain']) {
    if (settings.flag(once) && (follow || cron !== undefined)) {
      throw new RelayError('USAGE', `--${once} is for a single run, without --follow or --schedule`);
    }
  }
  if (settings.flag('dry-run') && settings.flag('drain')) {
    throw new RelayError('USAGE', '--dry-run and --drain exclude each other');
  }
  if (follow) return { kind: 'follow' };
  return cron === undefined ? { kind: 'oneshot' } : { kind: 'schedule', cron };
}

interface Profiles {
  readonly profiles: readonly ProfileConfig[];
  /** Where log settings are read: the flags, the common file, and the profile's when it is the only one. */
  readonly processWide: Settings;
}

function readProfiles(flags: Arguments, fromFlags: Settings, env: ProcessEnvironment): Profiles {
  const names = profileNames(fromFlags);
  if (names.length === 0) {
    requireMandatory(table, flags.given, []);
    const base = fromFlags.path('state') ?? env.stateDirectory ?? './state';
    return { profiles: Object.freeze([profileConfig(undefined, fromFlags, base)]), processWide: fromFlags };
  }
  const directories = directoriesOf(fromFlags);
  const common = readSettingsFile(directories, 'http-proxy');
  if (names.length > 1 && fromFlags.has('sensor')) {
    throw new RelayError('USAGE', '--sensor cannot be given for several profiles', {
      hint: 'each profile names its own sensor: SENSOR= in http-proxy@NAME',
    });
  }
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

function profileNames(settings: Settings): readonly string[] {
  const names = settings.texts('profile') ?? [];
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
      throw settings.refusal('profile', `must be letters, digits and _ . -, not '${name}'`);
    }
    if (names.indexOf(name) !== index) throw settings.refusal('profile', `names '${name}' twice`);
  }
  return names;
}

function directoriesOf(settings: Settings): readonly string[] {
  const text = settings.text('config-dir') ?? '';
  return text.split(':').filter((directory) => directory !== '');
}

function noProfile(name: string, directories: readonly string[]): RelayError {
  return new RelayError('CONFIG', `no settings file http-proxy@${name} in ${directories.join(' or ')}`, {
    hint: `copy config/http-proxy@profile there as http-proxy@${name} and edit it`,
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
