/**
 * reverse-server's flags and settings file → its frozen configuration. Called by src/bin/reverse-server.ts.
 *
 * Everything that can be wrong without touching a certificate, socket or journal is found here, before any of
 * them is opened. Without `--config-dir` no file is read; with it the file must exist.
 */

import type { ReverseServerConfig } from '../app/reverse-server-config.ts';
import type { ProcessEnvironment } from '../config/process-environment.ts';
import { readSettingsFile, type SettingsFile } from '../config/settings-files.ts';
import { RelayError } from '../core/errors.ts';
import { givenByFiles } from './file-settings.ts';
import { requireMandatory } from './mandatory.ts';
import { commonOptions } from './option.ts';
import type { Arguments, Given } from './parse.ts';
import { reverseServerTable as table } from './reverse-server-options.ts';
import { Settings } from './settings.ts';
import { tlsPolicies } from './shared-options.ts';

/** Throws RelayError USAGE for flags, CONFIG for files. */
export function readReverseServerConfig(flags: Arguments, env: ProcessEnvironment): ReverseServerConfig {
  const files = settingsFiles(flags.given.get('config-dir')?.values[0]);
  const given = new Map<string, Given>([...givenByFiles(table, files), ...flags.given]);
  const paths = files.map((file) => file.path);
  requireMandatory(table, given, paths);
  const settings = new Settings([...table.options, ...commonOptions], given, env.credentialsDirectory);
  const moveDir = settings.path('movedir');
  const spoolDir = settings.path('spooldir') ?? './spool';
  if (moveDir === spoolDir) throw settings.refusal('movedir', `must not be the spool itself: '${moveDir}'`);
  const moveDirMaxAgeMs = settings.optionalDuration('movedir-max-age');
  if (moveDirMaxAgeMs !== undefined && moveDir === undefined) {
    throw settings.refusal('movedir-max-age', 'has no effect without --movedir');
  }
  const crlFile = settings.path('crl');
  const ciphers = settings.text('ciphers');
  const maxBatchSize = batchSize(settings);
  const maxJournalBytes = settings.size('max-journal-bytes');
  const retention = settings.bounds('retention-age', 'retention-bytes');
  const consumerBounds = settings.bounds('consumer-max-age', 'consumer-max-bytes');
  return Object.freeze({
    tls: Object.freeze({
      certFile: settings.path('cert') ?? '',
      keyFile: settings.path('key') ?? '',
      caFile: settings.path('cacert') ?? '',
      ...(crlFile === undefined ? {} : { crlFile }),
      ...(settings.flag('crl-strict') ? { crlStrict: true } : {}),
      ...(ciphers === undefined ? {} : { ciphers }),
      policy: settings.choice('tls-policy', tlsPolicies),
    }),
    address: settings.text('address') ?? '',
    port: settings.integer('port'),
    spoolDir,
    ...(moveDir === undefined ? {} : { moveDir }),
    ...(moveDirMaxAgeMs === undefined ? {} : { moveDirMaxAgeMs }),
    delete: settings.flag('delete'),
    ...(settings.flag('intake-streams') ? { intakeStreams: true } : {}),
    ...(maxBatchSize === undefined ? {} : { maxBatchSize }),
    stateDir: settings.path('state') ?? env.stateDirectory ?? './state',
    allow: Object.freeze(allowed(settings, paths)),
    consumers: Object.freeze(consumers(settings)),
    ...(maxJournalBytes === undefined ? {} : { maxJournalBytes }),
    ...(retention === undefined ? {} : { retention }),
    ...(consumerBounds === undefined ? {} : { consumerBounds }),
    minFree: settings.minFree('min-free'),
    log: settings.log(),
  });
}

function settingsFiles(directories: string | undefined): readonly SettingsFile[] {
  if (directories === undefined) return [];
  const list = directories.split(':').filter((directory) => directory !== '');
  const file = readSettingsFile(list, 'reverse-server');
  if (file !== undefined) return [file];
  throw new RelayError('CONFIG', `no settings file reverse-server in ${list.join(' or ')}`, {
    fault: 'settings-missing',
    hint: 'copy config/reverse-server there and edit it',
  });
}

function batchSize(settings: Settings): number | undefined {
  const value = settings.integer('maxbatchsize');
  if (value === 0) throw settings.refusal('maxbatchsize', "must be -1 (no limit) or at least 1, not '0'");
  return value === -1 ? undefined : value;
}

/** A service set up by a file must say who may fetch: polling removes alerts. */
function allowed(settings: Settings, files: readonly string[]): ReverseServerConfig['allow'] {
  const [file] = files;
  if (file !== undefined && !settings.has('allow-poller')) {
    throw new RelayError('CONFIG', `${file}: ALLOW_POLLER is not set: nobody has said who may fetch alerts`, {
      hint: 'ALLOW_POLLER=DNS:manager.example, or ALLOW_POLLER=* for any certificate of the CA',
    });
  }
  const poller = names(settings, 'allow-poller');
  const producer = names(settings, 'allow-producer');
  const monitor = names(settings, 'allow-monitor');
  return {
    ...(poller === undefined ? {} : { poller }),
    ...(producer === undefined ? {} : { producer }),
    ...(monitor === undefined ? {} : { monitor }),
  };
}

function names(settings: Settings, option: string): readonly string[] | undefined {
  const given = settings.texts(option);
  for (const name of given ?? []) {
    if (name === '*' || /^(?:DNS|URI|email|CN):./.test(name) || /^[^:\s*]+$/.test(name)) continue;
    throw settings.refusal(
      option,
      `must be DNS:…, URI:…, email:…, CN:… or *, not '${name}'`,
      'names are compared exactly; a bare name is DNS',
    );
  }
  return given;
}

function consumers(settings: Settings): { name: string; peer?: string }[] {
  const seen = new Set<string>();
  return (settings.texts('consumer') ?? []).map((text) => {
    const [, name = '', peer] = /^([A-Za-z0-9][A-Za-z0-9_.-]*)(?:=(.+))?$/.exec(text) ?? [];
    if (name === '') throw settings.refusal('consumer', `must be NAME or NAME=SAN, not '${text}'`);
    if (seen.has(name)) throw settings.refusal('consumer', `names '${name}' twice`);
    seen.add(name);
    return peer === undefined ? { name } : { name, peer };
  });
}
