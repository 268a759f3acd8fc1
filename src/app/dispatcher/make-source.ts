/**
 * One source of the configuration → something that listens. Each of them is told apart by its settings: what has not changed stays as it is
 * when a new configuration is taken up.
 */

import type { SourcesConfig, TlsFiles } from '../../dispatcher/model/config.ts';
import type { LineDeps } from '../../dispatcher/sources/line/deps.ts';
import type { HttpsSources, HttpsSourcesDeps } from '../../dispatcher/sources/http/https-sources.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import type { AddressPolicy } from '../../http/outbound-policy.ts';
import type { Credentials } from '../../tls/credentials.ts';
import { tlsParameters } from '../../tls/policy.ts';
import { type SourceTls, watchSourceTls } from './source-watch.ts';

/** Something that can be listened with, whatever it is. */
export interface RunningSource {
  listen(): Promise<{ readonly address: string; readonly port: number } | undefined>;
  close(): Promise<void>;
  /** Compare its certificate files now. */
  look(): void;
  /** The HTTPS listener, which takes up changed settings without closing. */
  readonly https?: HttpsSources;
}

export interface Binding {
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface PlannedSource {
  /** `https`, `smtp`, `syslog.udp514`, `feeds.nvd`. */
  readonly name: string;
  /** What must be the same for it to stay. */
  readonly identity: string;
  /** What it binds; undefined for what only asks others. */
  readonly binds: Binding | undefined;
  /** Throws RelayError CONFIG, TLS_FILE. */
  make(): Promise<RunningSource>;
}

export type SourceDeps = LineDeps &
  Omit<HttpsSourcesDeps, 'config' | 'credentials' | 'parameters'> & {
    readonly store: Pick<Store, 'state' | 'setState'>;
    /** For feeds: whom they may ask. */
    readonly outbound: AddressPolicy;
  };

export function planSources(config: SourcesConfig, deps: SourceDeps): PlannedSource[] {
  const planned: PlannedSource[] = [];
  const { https, secarc, smtp } = config;
  if (https !== undefined) {
    const { address, port, tls, tlsPolicy } = https;
    planned.push({
      name: 'https',
      identity: JSON.stringify({ address, port, tls, tlsPolicy }),
      binds: { transport: 'tcp', address, port },
      make: async () => await makeHttps(config, https, deps),
    });
  }
  if (secarc !== undefined) {
    planned.push({
      name: 'secarc',
      identity: JSON.stringify(secarc),
      binds: { transport: 'tcp', address: secarc.address, port: secarc.port },
      make: async () => {
        const { createSecarcSource } = await import('../../dispatcher/sources/line/secarc/secarc-source.ts');
        return running(createSecarcSource(secarc, deps));
      },
    });
  }
  if (smtp !== undefined) {
    planned.push({
      name: 'smtp',
      identity: JSON.stringify(smtp),
      binds: { transport: 'tcp', address: smtp.address, port: smtp.port },
      make: async () => {
        const { createSmtpSource } = await import('../../dispatcher/sources/line/smtp/smtp-source.ts');
        return watched('smtp', smtp.tls, deps, (credentials) =>
          createSmtpSource(smtp, { ...deps, ...credentials }),
        );
      },
    });
  }
  for (const one of config.syslog) {
    planned.push({
      name: `syslog.${one.name}`,
      identity: JSON.stringify(one),
      binds: {
        transport: one.transport === 'udp' ? 'udp' : 'tcp',
        address: one.address,
        port: one.port,
      },
      make: async () => {
        const name = `syslog.${one.name}`;
        const { createSyslogSource } = await import('../../dispatcher/sources/line/syslog/syslog-source.ts');
        return watched(name, one.tls, deps, (credentials) =>
          createSyslogSource({ ...one, name }, { ...deps, ...credentials }),
        );
      },
    });
  }
  for (const feed of config.feeds) {
    planned.push({
      name: `feeds.${feed.name}`,
      identity: JSON.stringify(feed),
      binds: undefined,
      make: async () => {
        const { createFeedSource } = await import('../../dispatcher/sources/line/feed/feed-source.ts');
        const { createFeedFetch } = await import('../../dispatcher/sources/line/feed/feed-fetch.ts');
        const { endpointTls } = await import('../../dispatcher/sinks/http/endpoint-tls.ts');
        const { outbound } = deps;
        const fetch = createFeedFetch({
          tls: await endpointTls({ name: `feed ${feed.name}`, provenance: 'file' }),
          timers: deps.timers,
          resolveForProxy: false,
          refusal: (address, port) => outbound.refusal('file', address, port),
        });
        const source = createFeedSource(feed, { ...deps, fetch, state: deps.store });
        return {
          listen: async () => {
            // The first poll may take long: nobody waits for it.
            void source.listen();
            return undefined;
          },
          close: async () => {
            await source.close();
            await fetch.close();
          },
          look: () => undefined,
        };
      },
    });
  }
  return planned;
}

interface Listening {
  listen(): Promise<{ readonly address: string; readonly port: number }>;
  close(): Promise<void>;
}

/** A source whose certificates, if it has any, are looked after while it stands. */
function watched(
  name: string,
  files: TlsFiles | undefined,
  deps: SourceDeps,
  create: (credentials: {
    readonly credentials?: Credentials;
  }) => Listening & { adopt(credentials: Credentials): void; refresh?(): void },
): RunningSource {
  if (files === undefined) return running(create({}));
  return underWatch(watchSourceTls(name, files, 'intermediate', deps), (tls) => {
    const source = create({ credentials: tls.watch.credentials });
    tls.attach((fresh) => source.adopt(fresh));
    const refresh = source.refresh?.bind(source);
    return running(source, tls, refresh && refreshed(refresh, deps.timers));
  });
}

/** What cannot be made is not watched any more. */
function underWatch<T>(tls: SourceTls, make: (tls: SourceTls) => T): T {
  try {
    return make(tls);
  } catch (error) {
    tls.watch.close();
    throw error;
  }
}

function running(source: Listening, tls?: SourceTls, cancel: () => void = () => undefined): RunningSource {
  return {
    listen: async () => await source.listen(),
    close: async () => {
      cancel();
      tls?.watch.close();
      await source.close();
    },
    look: () => tls?.watch.look(true),
  };
}

async function makeHttps(
  config: SourcesConfig,
  https: NonNullable<SourcesConfig['https']>,
  deps: SourceDeps,
): Promise<RunningSource> {
  const { createHttpsSources } = await import('../../dispatcher/sources/http/https-sources.ts');
  const tls = watchSourceTls('https', https.tls, https.tlsPolicy, deps);
  const source = underWatch(tls, ({ watch: { credentials }, settings }) => {
    const { parameters, warnings } = tlsParameters(settings);
    for (const warning of warnings) deps.log.warning(`https: ${warning}`, { event: 'tls-warning' });
    return createHttpsSources({ ...deps, config, credentials, parameters });
  });
  tls.attach((fresh) => source.adopt(fresh));
  return {
    ...running(
      source,
      tls,
      refreshed(() => source.refresh(), deps.timers),
    ),
    https: source,
  };
}

const REFRESH_MS = 5_000;

/** Asked again and again, because a revocation list passes its end without any file changing. Returns what ends it. */
function refreshed(refresh: () => void, timers: SourceDeps['timers']): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    refresh();
    cancel = timers.after(REFRESH_MS, again);
  };
  again();
  return () => cancel();
}
