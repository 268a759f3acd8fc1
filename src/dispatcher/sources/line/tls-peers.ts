/**
 * TLS of a listener whose peers may show a certificate: the context, and who a connection is.
 *
 * Used by syslog-source.ts. A certificate that is shown must be of our authority and not revoked, whether one is required or not. With
 * revocation lists every intermediate authority must stand in the file of authorities, because some versions of Node do not show
 * a server what a peer sends along. No session is resumed: a ticket would carry an old verdict past a new list.
 */

import { constants } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';

import type { Credentials } from '../../../tls/credentials.ts';
import { peerIdentity } from '../../../tls/peer.ts';
import { tlsParameters } from '../../../tls/policy.ts';

export type Peer =
  { readonly ok: true; readonly name: string | undefined } | { readonly ok: false; readonly reason: string };

export function tlsServerOptions(credentials: Credentials): TlsOptions {
  const { cert, key, ca } = credentials;
  return {
    cert,
    key,
    ca: [...ca],
    ...tlsParameters({ policy: 'anssi' }).parameters,
    requestCert: true,
    // Judged in peerOf, so that a peer without one may be let in.
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Of a connection whose handshake is done. `now`: wall ms. */
export function peerOf(socket: TLSSocket, credentials: Credentials, required: boolean, now: number): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return required ? { ok: false, reason: 'no certificate shown' } : { ok: true, name: undefined };
  }
  if (!socket.authorized) {
    // A string, whatever the types say.
    return { ok: false, reason: String(socket.authorizationError) };
  }
  const verdict = credentials.judge.revocation({ leaf: certificate, sent: [] }, now);
  if (verdict.kind === 'good') return { ok: true, name: peerIdentity(certificate).name };
  const unseen = 'its intermediate authority is not in the file of authorities';
  return { ok: false, reason: verdict.kind === 'unseen' ? unseen : verdict.code };
}
