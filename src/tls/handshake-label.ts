/**
 * A failed handshake as the label of a counter: OpenSSL's verdict on the certificate, else the error's code, without
 * what all of them have in common. Called by HTTPS servers at `tlsClientError`; handshake-log.ts has the words for people.
 */

import type { TLSSocket } from 'node:tls';
import { systemCode } from '../core/errors.ts';

/** `cert_has_expired`, `no_shared_cipher`, `econnreset`, … */
export function handshakeLabel(
  error: Error,
  { authorizationError }: Pick<TLSSocket, 'authorizationError'>,
): string {
  const verdict: unknown = authorizationError;
  const code = typeof verdict === 'string' ? verdict : systemCode(verdict);
  const name = (code === '' ? systemCode(error) : code).replace(/^ERR_(?:SSL|TLS)_/, '').toLowerCase();
  return /^[a-z0-9_]{1,64}$/.test(name) ? name : 'other';
}
