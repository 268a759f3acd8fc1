/**
 * Which profiles this host has: the settings files `http-proxy@NAME`, and the state directories that are left.
 *
 * Called by status.ts and check.ts (`idmef status`, `idmef check`). Settings are read as http-proxy reads them, but a
 * file that is wrong is a fact about its profile here and hides no other. The environment says nothing about a
 * profile when a person runs this.
 */

import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { ProfileSource } from '../app/profile-report.ts';
import { RelayError, systemCode } from '../core/errors.ts';
import { ownersCommand } from '../journal/state-owner.ts';
import { httpProxyTable } from './http-proxy-options.ts';
import { readNamedProfiles } from './http-proxy-profiles.ts';
import { commonOptions } from './option.ts';
import { type Arguments, type Given, parseArguments } from './parse.ts';
import { Settings } from './settings.ts';

export const DEFAULT_STATE = '/var/lib/idmef-relay';

const PREFIX = 'http-proxy@';
/** What editors and package managers leave beside a file. */
const LEFTOVER = /(?:\.(?:rpmsave|rpmnew|rpmorig|dpkg-\w+|bak|orig|old|swp|tmp)|~)$/;

export interface Where {
  /** `--config-dir`: DIR[:DIR]. */
  readonly configDir: string;
  /** `--state`; undefined: as the settings files say. */
  readonly state: string | undefined;
}

/** All of them, in order of name. */
export function findProfiles(where: Where): readonly ProfileSource[] {
  const directories = where.configDir.split(':').filter((directory) => directory !== '');
  const configured = [...new Set(directories.flatMap(profileFiles))].map((name) => findProfile(name, where));
  const bases = new Set([
    where.state ?? DEFAULT_STATE,
    ...configured.map(({ stateDir }) => dirname(dirname(stateDir))),
  ]);
  const known = new Set(configured.map(({ stateDir }) => stateDir));
  const left = [...bases].flatMap((base) =>
    stateDirectories(base, configured.length > 0)
      .filter((stateDir) => !known.has(stateDir))
      .map((stateDir) => ({ name: basename(stateDir), stateDir, config: undefined, fault: undefined })),
  );
  return [...configured, ...left].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Those of these names. Throws RelayError NO_INPUT for one that is neither configured nor has state. */
export function namedProfiles(names: readonly string[], where: Where): readonly ProfileSource[] {
  const all = findProfiles(where);
  return names.flatMap((name) => {
    const found = all.filter((source) => source.name === name);
    if (found.length > 0) return found;
    throw new RelayError('NO_INPUT', `no profile ${name}: neither a settings file nor a state directory`, {
      hint:
        all.length === 0
          ? nothingFound(where).hint
          : `there are ${all
              .map((one) => one.name)
              .join(', ')
              .slice(0, 300)}`,
    });
  });
}

export function nothingFound({ configDir, state = DEFAULT_STATE }: Where): { message: string; hint: string } {
  return {
    message: `no profiles: no http-proxy@NAME in ${configDir}, nothing in ${join(state, 'profiles')}`,
    hint: '--config-dir says where settings files are, --state where journals are',
  };
}

function findProfile(name: string, { configDir, state }: Where): ProfileSource {
  const flags = withState(
    parseArguments(httpProxyTable, ['--profile', name, '--config-dir', configDir]),
    state,
  );
  try {
    const fromFlags = new Settings([...httpProxyTable.options, ...commonOptions], flags.given, undefined);
    const [config] = readNamedProfiles([name], flags, fromFlags, {}).profiles;
    if (config === undefined) throw new RelayError('BUG', `profile ${name} has no configuration`);
    return { name, stateDir: config.stateDir, config, fault: undefined };
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    const { message, hint } = error;
    const denied = systemCode(error.cause) === 'EACCES';
    // Where its state is stands in that very file; nearly always it is the usual place.
    const stateDir = join(state ?? DEFAULT_STATE, 'profiles', name);
    return { name, stateDir, config: undefined, fault: { message, hint, denied } };
  }
}

function withState(flags: Arguments, state: string | undefined): Arguments {
  if (state === undefined) return flags;
  const given: Given = { values: [state], where: '--state', from: 'flags' };
  return { ...flags, given: new Map([...flags.given, ['state', given]]) };
}

function profileFiles(directory: string): string[] {
  return entries(directory, (code) => {
    throw new RelayError('CONFIG', `${directory} cannot be listed (${code})`, {
      hint: 'it holds the settings files: run this as somebody who may read them',
    });
  })
    .filter((name) => name.startsWith(PREFIX) && !LEFTOVER.test(name))
    .map((name) => name.slice(PREFIX.length))
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name));
}

/** @param optional other profiles are known, and each will say that it cannot be read */
function stateDirectories(base: string, optional: boolean): string[] {
  const directory = join(base, 'profiles');
  const names = entries(directory, (code) => {
    if (optional) return [];
    throw new RelayError('STATE_OWNER', `${directory} cannot be listed by this user (${code})`, {
      hint: `run it as its owner: ${ownersCommand(directory)}`,
    });
  });
  return names.map((name) => join(directory, name));
}

/** Nothing there is no error; what cannot be listed is asked about: an empty answer would be wrong. */
function entries(directory: string, denied: (code: string) => string[]): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith('.'));
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? [] : denied(code);
  }
}
