/**
 * `idmef certs check`: the files named by hand, those of a profile, or those of reverse-server's settings file, then
 * src/app/certs-check.ts. Called by idmef.ts.
 */

import type { TlsSettings } from '../core/settings.ts';
import { RelayError } from '../core/errors.ts';
import type { TlsFile } from '../tls/inspect.ts';
import { processIo } from './command-io.ts';
import { httpProxyTable } from './http-proxy-options.ts';
import { certsTable as table } from './idmef-options.ts';
import { commonOptions } from './option.ts';
import { type Arguments, parseArguments } from './parse.ts';
import { reverseServerTable } from './reverse-server-options.ts';
import { Settings } from './settings.ts';
import type { Context } from './start.ts';

type Named = Omit<TlsFile, 'bytes' | 'mode'>;

export async function runCertsVerb(args: Arguments, { env }: Context): Promise<number> {
  const [verb, ...operands] = args.operands;
  if (verb !== 'check') throw misuse(verb === undefined ? 'missing verb' : `unknown verb '${verb}'`);
  const settings = new Settings([...table.options, ...commonOptions], args.given, env.credentialsDirectory);
  const files = await namedFiles(settings, operands);
  const { runCertsCheck } = await import('../app/certs-check.ts');
  return runCertsCheck({ files, json: settings.flag('json') }, processIo());
}

async function namedFiles(settings: Settings, operands: readonly string[]): Promise<readonly Named[]> {
  const profile = settings.text('profile');
  const directories = settings.text('config-dir');
  if (operands.length > 0) {
    if (profile !== undefined || directories !== undefined) {
      throw misuse('name files, or a profile, or a settings directory');
    }
    return operands.map((path) => ({ path }));
  }
  // The environment says nothing about a program's settings when a person runs this.
  if (profile !== undefined) {
    const { readHttpProxyConfig } = await import('./http-proxy.ts');
    const given = directories === undefined ? [] : ['--config-dir', directories];
    const flags = parseArguments(httpProxyTable, ['--profile', profile, ...given]);
    const { profiles } = await readHttpProxyConfig(flags, {});
    return profiles.flatMap(({ tls, managerTls }) => [
      ...filesOf(tls, 'client'),
      ...(managerTls === tls
        ? []
        : filesOf(managerTls, 'client').filter(({ path }) => !pathsOf(tls).includes(path))),
    ]);
  }
  if (directories === undefined) throw misuse('missing FILE, --profile or --config-dir');
  const { readReverseServerConfig } = await import('./reverse-server.ts');
  const { tls } = readReverseServerConfig(
    parseArguments(reverseServerTable, ['--config-dir', directories]),
    {},
  );
  return filesOf(tls, 'server');
}

function filesOf(tls: TlsSettings, side: 'client' | 'server'): readonly Named[] {
  return [
    { path: tls.certFile, use: 'cert', side },
    { path: tls.keyFile, use: 'key', side },
    { path: tls.caFile, use: 'ca' },
    ...(tls.crlFile === undefined ? [] : [{ path: tls.crlFile, use: 'crl' as const }]),
  ];
}

function pathsOf({ certFile, keyFile, caFile }: TlsSettings): readonly string[] {
  return [certFile, keyFile, caFile];
}

function misuse(text: string): RelayError {
  return new RelayError('USAGE', text, { hint: `usage: ${table.command} ${table.usage}` });
}
