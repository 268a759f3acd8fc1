/** The certificates of a listener, looked after while it stands: changed files are taken up, ends of certificates are said. */

import type { Clock, Logger } from '../../core/ports.ts';
import type { TlsPolicy, TlsSettings } from '../../core/settings.ts';
import type { TlsFiles } from '../../dispatcher/model/config.ts';
import { type Credentials, loadCredentials } from '../../tls/credentials.ts';
import { type TlsWatch, watchTls } from '../../tls/tls-watch.ts';

export interface SourceTls {
  readonly settings: TlsSettings;
  readonly watch: TlsWatch;
  /** Whoever takes the credentials up from now on. */
  attach(adopt: (credentials: Credentials) => void): void;
}

/** Throws RelayError TLS_FILE. */
export function watchSourceTls(
  source: string,
  { cert: certFile, key: keyFile, ca: caFile, crl }: TlsFiles,
  policy: TlsPolicy,
  deps: { readonly clock: Clock; readonly log: Logger },
): SourceTls {
  const settings: TlsSettings = {
    certFile,
    keyFile,
    caFile,
    policy,
    ...(crl === undefined ? {} : { crlFile: crl }),
  };
  let taker: (credentials: Credentials) => void = () => undefined;
  const watch = watchTls({
    settings,
    load: () =>
      loadCredentials(settings, { now: deps.clock.now(), purpose: 'server', setting: `sources.${source}` }),
    adopt: (credentials) => taker(credentials),
    prefix: `${source}: `,
    logger: deps.log,
    clock: deps.clock,
  });
  for (const warning of watch.credentials.warnings)
    deps.log.warning(`${source}: ${warning}`, { event: 'tls-warning' });
  return {
    settings,
    watch,
    attach(adopt) {
      taker = adopt;
    },
  };
}
