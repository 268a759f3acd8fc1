/**
 * `alert-dispatcher check`: all that is wrong, and what is unusual and should be known: machines that are treated like people, ways
 * of delivery without acknowledgement, keys in clear.
 */

import { hostname } from 'node:os';

import { messageOf, RelayError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { noStoredSettings, type StoredSettings } from '../../dispatcher/config/stored-settings.ts';
import { problemLine } from '../../dispatcher/config/problem.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import { isChannel } from '../../dispatcher/model/recipient.ts';
import type { SinkDeps, SinkType } from '../../dispatcher/model/sink.ts';
import { loadCatalogues } from '../../dispatcher/render/load-catalogues.ts';
import { watchdogType } from '../../dispatcher/sinks/own/watchdog/watchdog.ts';
import { formatDuration } from '../../core/quantities.ts';
import { systemRandom } from '../../os/random.ts';
import { loadCredentials } from '../../tls/credentials.ts';
import { type ConfigurationPlace, loadConfiguration } from './load-configuration.ts';
import { systemTimers } from './real-timers.ts';
import { createSinkTypes } from './sink-types.ts';

export interface CheckReport {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Throws RelayError CONFIG when the main file cannot be read at all. @param stored what commands have made */
export async function checkConfiguration(
  place: ConfigurationPlace,
  withoutFiles: boolean,
  stored: StoredSettings = noStoredSettings,
): Promise<CheckReport> {
  const loaded = await loadConfiguration({ ...place, withoutFiles }, stored, createSinkTypes());
  if (!loaded.ok) return { problems: loaded.problems.map(problemLine), notes: [] };
  const { config, types } = loaded;
  const notes = notesOf(config, types);
  if (withoutFiles) return { problems: [], notes };
  const certificates = certificateReport(config);
  const languages = await languageReport(config);
  const problems = [
    ...certificates.problems,
    ...(await endpointProblems(config, types)),
    ...languages.problems,
  ];
  return { problems, notes: [...notes, ...certificates.notes, ...languages.notes] };
}

/** Certificates and keys the sources name. */
function certificateReport({ sources }: DispatcherConfig): CheckReport {
  const problems: string[] = [];
  const notes: string[] = [];
  const named = [
    ['sources.https', sources.https?.tls],
    ['sources.smtp', sources.smtp?.tls],
    ...sources.syslog.map(({ name, tls }) => [`sources.syslog.${name}`, tls] as const),
  ] as const;
  for (const [setting, tls] of named) {
    if (tls === undefined) continue;
    const { cert: certFile, key: keyFile, ca: caFile, crl } = tls;
    const policy = setting === 'sources.https' ? (sources.https?.tlsPolicy ?? 'anssi') : 'intermediate';
    try {
      const files = { certFile, keyFile, caFile, ...(crl === undefined ? {} : { crlFile: crl }) };
      notes.push(...loadCredentials({ ...files, policy }, { purpose: 'server', setting }).warnings);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { problems, notes };
}

/** Each endpoint is made, as at the start, and thrown away: its files, its directory, its module. Nothing is dialled. */
async function endpointProblems(
  { endpoints }: DispatcherConfig,
  types: ReadonlyMap<string, SinkType>,
): Promise<string[]> {
  const problems: string[] = [];
  const deps: SinkDeps = {
    log: silentLogger,
    timers: systemTimers,
    random: systemRandom,
    hostname: hostname(),
    version: '',
    outbound: { refusal: () => undefined },
  };
  for (const endpoint of endpoints) {
    try {
      const sink = await types.get(endpoint.type)?.create(endpoint, deps);
      await sink?.close();
    } catch (error) {
      if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
      problems.push(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
    }
  }
  return problems;
}

/** Languages of the site's own, and who is to have one that nobody knows. */
async function languageReport({ localesDir, recipients }: DispatcherConfig): Promise<CheckReport> {
  try {
    const own = localesDir === undefined ? [] : await loadCatalogues(localesDir, silentLogger);
    const known = new Set(['en', 'es', ...own.map(({ locale }) => locale)]);
    const isKnown = (locale: string): boolean => known.has(locale) || known.has(locale.split('-')[0] ?? '');
    const notes = recipients
      .filter(({ locale }) => !isKnown(locale))
      .map(({ name, locale }) => `recipients.${name}: there are no words of ${locale}: it is told in en`);
    return { problems: [], notes };
  } catch (error) {
    if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
    return { problems: [error.message], notes: [] };
  }
}

function notesOf(config: DispatcherConfig, types: ReadonlyMap<string, SinkType>): string[] {
  const notes: string[] = [];
  const endpoints = new Map(config.endpoints.map(({ name, type }) => [name, types.get(type)]));
  for (const { name, endpoint, audience, giveUpMs, fallback, enabled } of config.recipients) {
    const type = endpoints.get(endpoint);
    if (type !== undefined && type.audience !== audience) {
      notes.push(
        audience === 'people'
          ? `recipients.${name}: ${type.type} is treated like people: silences, windows, repeats, digests and give-up act on it`
          : `recipients.${name}: ${type.type} is treated as a machine: it gets every message, whatever is silenced`,
      );
    }
    if (audience === 'machine' && giveUpMs !== undefined) {
      notes.push(
        `recipients.${name}: a machine that is given up after ${formatDuration(giveUpMs)}: older alerts will be dead`,
      );
    }
    if (audience === 'machine' && fallback !== undefined) {
      notes.push(`recipients.${name}: what it refuses goes to ${fallback}`);
    }
    if (!enabled) notes.push(`recipients.${name}: is disabled: what it would get is suppressed`);
  }
  const { sources } = config;
  const anything =
    sources.https !== undefined ||
    sources.secarc !== undefined ||
    sources.smtp !== undefined ||
    sources.syslog.length > 0 ||
    sources.feeds.length > 0;
  if (!anything) notes.push('sources: nothing listens, so nothing comes in');
  if (sources.https !== undefined && sources.https.allowRelay.length === 0) {
    notes.push(
      'sources.https: allow_relay names nobody: where messages come from is not believed of any poller',
    );
  }
  for (const { name, transport, keyedOnly } of sources.syslog) {
    if (transport === 'udp')
      notes.push(`sources.syslog.${name}: UDP is not acknowledged: what is lost on the way is not missed`);
    if (transport !== 'tls' && keyedOnly)
      notes.push(`sources.syslog.${name}: keys go over the network in clear`);
  }
  if (sources.smtp !== undefined && !sources.smtp.requireTls)
    notes.push('sources.smtp: keys may go over the network in clear');
  const routed = new Set(recipientsOf(config.route));
  for (const recipient of config.recipients) {
    const { name, owner = '' } = recipient;
    if (!isChannel(recipient) || !routed.has(name)) continue;
    notes.push(
      `recipients.${name}: is a channel of ${owner} and on a route: in a flood its alerts come one by one, not as digests (verbatim: false)`,
    );
  }
  const used = new Set([
    ...routed,
    ...config.recipients.flatMap(({ owner, name }) => (owner === undefined ? [] : [name])),
  ]);
  for (const { name, endpoint } of config.recipients) {
    const reached =
      used.has(name) ||
      endpoints.get(endpoint)?.type === watchdogType.type ||
      config.reportTo === name ||
      config.recipients.some(({ fallback }) => fallback === name);
    if (!reached) notes.push(`recipients.${name}: no route leads to it`);
  }
  return notes;
}

function recipientsOf(node: DispatcherConfig['route']): string[] {
  return [...node.to, ...node.escalate.map(({ to }) => to), ...node.routes.flatMap(recipientsOf)];
}
