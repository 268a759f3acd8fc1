/**
 * `idmef quarantine`: finds the profile's journal as http-proxy does, then calls src/app/quarantine.ts. Called by
 * idmef.ts.
 *
 * With `--state` the journal is DIR/profiles/NAME; without it the profile's settings files say where it is, and
 * in which mode `retry` validates.
 */

import { join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import type { ValidationMode } from '../idmef/verdict.ts';
import { processIo } from './command-io.ts';
import { httpProxyTable } from './http-proxy-options.ts';
import { readHttpProxyConfig } from './http-proxy.ts';
import { quarantineTable as table } from './idmef-options.ts';
import { commonOptions } from './option.ts';
import { type Arguments, parseArguments } from './parse.ts';
import { Settings } from './settings.ts';
import type { Context } from './start.ts';

const verbs = ['list', 'show', 'retry', 'forward', 'drop'] as const;

export async function runQuarantineVerb(args: Arguments, { env }: Context): Promise<number> {
  const [word, ...rest] = args.operands;
  const verb = verbs.find((candidate) => candidate === word);
  if (verb === undefined) throw misuse(word === undefined ? 'missing verb' : `unknown verb '${word}'`);
  if (verb === 'list' && rest.length > 0) throw misuse(`unexpected argument '${rest[0]}'`);
  const ids = verb === 'list' ? 'all' : readIds(rest);
  const settings = new Settings([...table.options, ...commonOptions], args.given, env.credentialsDirectory);
  const { stateDir, validate } = await findProfile(settings);
  const { runQuarantine } = await import('../app/quarantine.ts');
  return runQuarantine({ verb, ids, stateDir, json: settings.flag('json'), validate }, processIo());
}

function readIds(words: readonly string[]): readonly number[] | 'all' {
  if (words.length === 0) throw misuse('missing ID (or all)');
  if (words.length === 1 && words[0] === 'all') return 'all';
  return words.map((word) => {
    if (!/^\d{1,15}$/.test(word)) throw misuse(`'${word}' is not an ID as listed`);
    return Number(word);
  });
}

interface Profile {
  readonly stateDir: string;
  readonly validate: ValidationMode;
}

async function findProfile(settings: Settings): Promise<Profile> {
  const name = settings.text('profile');
  if (name === undefined) throw misuse('missing --profile');
  const chosen = settings.has('validate')
    ? settings.choice('validate', ['strict', 'lenient', 'off'])
    : undefined;
  const base = settings.path('state');
  if (base !== undefined) {
    return { stateDir: join(base, 'profiles', name), validate: chosen ?? 'lenient' };
  }
  const flags = ['--profile', name, '--config-dir', settings.text('config-dir') ?? ''];
  // The environment says nothing about a profile when a person runs this.
  const { profiles } = await readHttpProxyConfig(parseArguments(httpProxyTable, flags), {});
  const [profile] = profiles;
  if (profile === undefined) throw new RelayError('BUG', `profile ${name} has no configuration`);
  return { stateDir: profile.stateDir, validate: chosen ?? profile.validate };
}

function misuse(text: string): RelayError {
  return new RelayError('USAGE', text, { hint: `usage: ${table.command} ${table.usage}` });
}
