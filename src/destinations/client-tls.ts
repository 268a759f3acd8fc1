/**
 * Our side of mutual TLS as src/http wants it, made of credentials. Called by src/poller for both of its sides, by src/dispatcher for
 * sinks that deliver IDMEF, and by `idmef doctor`.
 */

import { createSecureContext } from 'node:tls';

import type { Clock } from '../core/ports.ts';
import type { TlsSettings } from '../core/settings.ts';
import type { ClientTls } from '../http/peer.ts';
import type { Credentials } from '../tls/credentials.ts';
import type { PlainCredentials } from '../tls/plain-credentials.ts';
import { tlsParameters } from '../tls/policy.ts';

export function clientTlsOf(
  settings: TlsSettings,
  credentials: PlainCredentials | Credentials,
  clock: Pick<Clock, 'now'>,
): ClientTls {
  const { cert, key, ca } = credentials;
  const { minVersion, maxVersion, ciphers } = tlsParameters(settings).parameters;
  return {
    certFile: settings.certFile,
    caFile: settings.caFile,
    // Without the lists: OpenSSL would refuse everybody once one is past its end.
    secureContext: createSecureContext({ cert, key, ca: [...ca], minVersion, maxVersion, ciphers }),
    ...(!('lists' in credentials) || credentials.lists.length === 0
      ? {}
      : {
          judge: ([leaf, ...sent]) => {
            if (leaf === undefined) return 'UNABLE_TO_GET_CRL';
            const verdict = credentials.judge.revocation({ leaf, sent }, clock.now());
            if (verdict.kind === 'good') return undefined;
            return verdict.kind === 'refused' ? verdict.code : 'UNABLE_TO_GET_CRL';
          },
        }),
  };
}
