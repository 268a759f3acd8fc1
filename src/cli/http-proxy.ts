/**
 * http-proxy's flags and profiles → its frozen configuration. Called by src/bin/http-proxy.ts; `reload` by
 * src/app on SIGHUP.
 *
 * Without `--profile` no file is read and the flags describe one sensor; with it http-proxy-profiles.ts reads them.
 */

import type { HttpProxyConfig } from '../app/http-proxy-config.ts';
import type { ProcessEnvironment } from '../config/process-environment.ts';
import { RelayError } from '../core/errors.ts';
import { httpProxyTable as table } from './http-proxy-options.ts';
import type { Profiles } from './http-proxy-profiles.ts';
import { requireMandatory } from './mandatory.ts';
import { commonOptions, type Option } from './option.ts';
import type { Arguments } from './parse.ts';
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
  const read = await profileReader(flags, fromFlags, env);
  const { profiles, processWide } = read();
  return Object.freeze({
    mode,
    profiles,
    reload: () => read().profiles,
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

/** Reads the files, if any, anew at each call. */
async function profileReader(
  flags: Arguments,
  fromFlags: Settings,
  env: ProcessEnvironment,
): Promise<() => Profiles> {
  const names = profileNames(fromFlags);
  if (names.length > 0) {
    const { readNamedProfiles } = await import('./http-proxy-profiles.ts');
    return () => readNamedProfiles(names, flags, fromFlags, env);
  }
  return () => {
    requireMandatory(table, flags.given, []);
    const base = fromFlags.path('state') ?? env.stateDirectory ?? './state';
    return { profiles: Object.freeze([profileConfig(undefined, fromFlags, base)]), processWide: fromFlags };
  };
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
