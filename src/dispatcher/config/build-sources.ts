/** `sources:` → SourcesConfig: what listens where, and what of it operators have switched off in the database. */

import { dispatcherLimits } from '../../core/limits.ts';
import type { SourcesConfig, TlsFiles } from '../model/config.ts';
import type { Fault } from '../input/check-input.ts';
import type { SourcesContent } from './sources-schema.ts';

type Shared = Pick<SourcesConfig, 'idmef' | 'rest' | 'alertgateway' | 'ntopng' | 'alertresponder'>;

/** @param off names of sources that are switched off: `rest`, `syslog.udp514`, `feeds.nvd` */
export function buildSources(
  content: SourcesContent,
  off: ReadonlySet<string>,
): { readonly sources: SourcesConfig; readonly faults: readonly Fault[] } {
  const { https, secarc, smtp, syslog = {}, feeds = {} } = content;
  const faults: Fault[] = [];
  const shared = sharedSources(content, off);
  for (const name of ['idmef', 'rest', 'alertgateway', 'ntopng', 'alertresponder'] as const) {
    if (https === undefined && typeof content[name] === 'object') {
      faults.push({ path: ['sources', name], text: 'needs sources.https, where it listens' });
    }
  }
  for (const [name, { every }] of Object.entries(feeds)) {
    if (every >= dispatcherLimits.minFeedMs) continue;
    faults.push({ path: ['sources', 'feeds', name, 'every'], text: 'must be at least 1m' });
  }
  const sources: SourcesConfig = {
    ...(https === undefined ? {} : { https: httpsOf(https), ...shared }),
    ...(typeof secarc !== 'object' || off.has('secarc')
      ? {}
      : { secarc: { ...secarc.listen, allowFrom: secarc.allow_from } }),
    ...(typeof smtp !== 'object' || off.has('smtp') ? {} : { smtp: smtpOf(smtp) }),
    syslog: Object.entries(syslog)
      .filter(([name]) => !off.has(`syslog.${name}`))
      .map(([name, one]) => ({
        name,
        ...one.listen,
        transport: one.transport,
        allowFrom: one.allow_from,
        keyedOnly: one.keyed_only,
        ...(one.tls === undefined ? {} : { tls: tlsOf(one.tls) }),
      })),
    feeds: Object.entries(feeds)
      .filter(([name]) => !off.has(`feeds.${name}`))
      .map(([name, { url, every }]) => ({ name, url, everyMs: every })),
  };
  return { sources, faults };
}

/** Names that can be switched, of what the file provides. */
export function sourceNames(content: SourcesContent): string[] {
  const { https, syslog = {}, feeds = {} } = content;
  const shared = (['idmef', 'rest'] as const).filter(
    (name) => https !== undefined && content[name] !== false,
  );
  const others = (['alertgateway', 'ntopng', 'alertresponder', 'secarc', 'smtp'] as const).filter(
    (name) => typeof content[name] === 'object',
  );
  return [
    ...shared,
    ...others,
    ...Object.keys(syslog).map((name) => `syslog.${name}`),
    ...Object.keys(feeds).map((name) => `feeds.${name}`),
  ];
}

/** IDMEF and REST are there with the listener, the others when they are named. */
function sharedSources(content: SourcesContent, off: ReadonlySet<string>): Shared {
  const keyed = (one: { readonly rate: number }): { readonly ratePerMinute: number } => ({
    ratePerMinute: one.rate,
  });
  const { idmef = { mode: 'lenient' as const }, rest = { rate: dispatcherLimits.ratePerMinute } } = content;
  const { alertgateway, ntopng, alertresponder } = content;
  return {
    ...(idmef === false || off.has('idmef') ? {} : { idmef }),
    ...(rest === false || off.has('rest') ? {} : { rest: keyed(rest) }),
    ...(typeof alertgateway !== 'object' || off.has('alertgateway')
      ? {}
      : { alertgateway: keyed(alertgateway) }),
    ...(typeof ntopng !== 'object' || off.has('ntopng')
      ? {}
      : { ntopng: { ...keyed(ntopng), ...(ntopng.names === undefined ? {} : { names: ntopng.names }) } }),
    ...(typeof alertresponder !== 'object' || off.has('alertresponder')
      ? {}
      : { alertresponder: keyed(alertresponder) }),
  };
}

function httpsOf(https: NonNullable<SourcesContent['https']>): NonNullable<SourcesConfig['https']> {
  return {
    ...https.listen,
    tls: tlsOf(https),
    tlsPolicy: https.tls_policy,
    allowRelay: https.allow_relay,
    allowProducer: https.allow_producer,
    allowMonitor: https.allow_monitor,
  };
}

function smtpOf(
  smtp: Exclude<NonNullable<SourcesContent['smtp']>, false>,
): NonNullable<SourcesConfig['smtp']> {
  return {
    ...smtp.listen,
    ...(smtp.tls === undefined ? {} : { tls: tlsOf(smtp.tls) }),
    requireTls: smtp.require_tls ?? smtp.tls !== undefined,
    allowFrom: smtp.allow_from,
    maxBytes: smtp.max_size,
  };
}

function tlsOf(files: {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl?: string | undefined;
}): TlsFiles {
  const { cert, key, ca, crl } = files;
  return { cert, key, ca, ...(crl === undefined ? {} : { crl }) };
}
