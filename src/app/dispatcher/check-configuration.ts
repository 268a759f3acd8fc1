/**
 * `alert-dispatcher check`: all that is wrong, and what is unusual and should be known: machines that are treated like people, ways
 * of delivery without acknowledgement, keys in clear.
 */

import { messageOf } from '../../core/errors.ts';
import { noStoredSettings } from '../../dispatcher/config/load-config.ts';
import { problemLine } from '../../dispatcher/config/problem.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { checkTemplate } from '../../dispatcher/render/template/check-template.ts';
import { formatDuration } from '../../core/quantities.ts';
import { loadCredentials } from '../../tls/credentials.ts';
import { type ConfigurationPlace, loadConfiguration } from './load-configuration.ts';

export interface CheckReport {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Throws RelayError CONFIG when the main file cannot be read at all. */
export async function checkConfiguration(
  place: ConfigurationPlace,
  withoutFiles: boolean,
): Promise<CheckReport> {
  const loaded = await loadConfiguration({ ...place, withoutFiles }, noStoredSettings, {
    print: () => undefined,
  });
  if (!loaded.ok) return { problems: loaded.problems.map(problemLine), notes: [] };
  const { config, types } = loaded;
  const problems = [...(await templateProblems(config)), ...(withoutFiles ? [] : fileProblems(config))];
  return { problems, notes: notesOf(config, types) };
}

async function templateProblems(config: DispatcherConfig): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, template } of config.recipients) {
    if (template === undefined) continue;
    const checked = await checkTemplate(template);
    if (!checked.ok) problems.push(`recipients.${name}.template: line ${checked.line}: ${checked.text}`);
  }
  return problems;
}

/** Certificates and keys the sources name. */
function fileProblems({ sources }: DispatcherConfig): string[] {
  const named = [
    ['sources.https', sources.https?.tls],
    ['sources.smtp', sources.smtp?.tls],
    ...sources.syslog.map(({ name, tls }) => [`sources.syslog.${name}`, tls] as const),
  ] as const;
  return named.flatMap(([path, tls]) => {
    if (tls === undefined) return [];
    const { cert: certFile, key: keyFile, ca: caFile, crl } = tls;
    try {
      const files = { certFile, keyFile, caFile, ...(crl === undefined ? {} : { crlFile: crl }) };
      loadCredentials({ ...files, policy: 'anssi' }, { purpose: 'server' });
      return [];
    } catch (error) {
      return [`${path}: ${messageOf(error)}`];
    }
  });
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
  const used = new Set([
    ...recipientsOf(config.route),
    ...config.recipients.flatMap(({ owner, name }) => (owner === undefined ? [] : [name])),
  ]);
  for (const { name } of config.recipients) {
    const reached =
      used.has(name) ||
      config.reportTo === name ||
      config.recipients.some(({ fallback }) => fallback === name);
    if (!reached) notes.push(`recipients.${name}: no route leads to it`);
  }
  return notes;
}

function recipientsOf(node: DispatcherConfig['route']): string[] {
  return [...node.to, ...node.escalate.map(({ to }) => to), ...node.routes.flatMap(recipientsOf)];
}
