/**
 * Opens a TLS connection and hands it out only when the peer has proved who it is.
 *
 * Used by https-client.ts (sensor) and gateway-pool.ts (destinations). Node's built-in check destroys the
 * socket before anybody can ask whose certificate it was or when it ended, so its verdict on chain and name
 * (`authorized`, which no session is ever resumed to get around) is enforced here, and that of the revocation lists
 * (`judge`): not one byte of a request is written before both are good. Nothing here reads the process environment;
 * NODE_TLS_REJECT_UNAUTHORIZED and NODE_EXTRA_CA_CERTS change nothing.
 */

import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

import { RelayError, systemCode } from '../core/errors.ts';
import { hostOf, type ClientTls, type Peer } from './peer.ts';

interface ConnectOptions {
  /** Time for name resolution, TCP and TLS handshake together. */
  readonly timeoutMs: number;
  /** An established tunnel to speak TLS over, instead of a connection of our own. */
  readonly tunnel?: Socket;
}

/** Rejects with a RelayError of the peer's codes. The socket has no listener of ours left on it. */
export function connectVerified(peer: Peer, tls: ClientTls, options: ConnectOptions): Promise<TLSSocket> {
  const host = hostOf(peer.url);
  const name = peer.name ?? host;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(options.tunnel === undefined
        ? { host, port: Number(peer.url.port === '' ? 443 : peer.url.port) }
        : { socket: options.tunnel }),
      // Server name indication carries DNS names only (RFC 6066 §3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      secureContext: tls.secureContext,
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      rejectUnauthorized: false, // verdict() is the check; see above
    });
    const finish = (fault: RelayError | Promise<RelayError> | undefined): void => {
      clearTimeout(timer);
      socket.removeListener('error', onError).removeListener('close', onClose);
      if (fault === undefined) {
        socket.setNoDelay(true);
        resolve(socket);
      } else {
        socket.on('error', () => undefined).destroy();
        Promise.resolve(fault).then(reject, reject);
      }
    };
    let reached = options.tunnel !== undefined;
    const onError = (error: Error): void => {
      // A reset before TCP was up is the network's; after it, the other side dislikes our handshake.
      const reset = reached && ['ECONNRESET', 'EPIPE'].includes(systemCode(error));
      finish(reset ? hungUp(peer, tls) : explain(error, peer, tls));
    };
    const onClose = (): void => finish(hungUp(peer, tls));
    const timer = setTimeout(() => finish(slow(peer, options.timeoutMs)), options.timeoutMs);
    socket
      .once('error', onError)
      .once('close', onClose)
      .once('connect', () => {
        reached = true;
      })
      .once('secureConnect', () => finish(verdict(socket, name, peer, tls)));
  });
}

/** The words for faults are loaded when there is one: an empty poll counts its modules. */
async function explain(error: Error, peer: Peer, tls: ClientTls): Promise<RelayError> {
  const { connectionFault } = await import('./connection-fault.ts');
  return connectionFault(error, peer, tls);
}

function verdict(
  socket: TLSSocket,
  name: string,
  peer: Peer,
  tls: ClientTls,
): Promise<RelayError> | undefined {
  // Typed as Error; in fact the code as text, OpenSSL's or that of checkServerIdentity.
  const code = socket.authorized ? revoked(socket, tls) : String(socket.authorizationError);
  if (code === undefined) return undefined;
  const certificate = socket.getPeerCertificate();
  return import('./certificate-fault.ts').then(({ certificateFault, nameFault }) =>
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? nameFault(name, certificate, peer)
      : certificateFault(code, certificate, peer, tls),
  );
}

/** Not by getPeerX509Certificate: on the client's side that takes the chain away, and the next caller gets none. */
function revoked(socket: TLSSocket, { judge }: ClientTls): string | undefined {
  if (judge === undefined) return undefined;
  const chain: X509Certificate[] = [];
  const seen = new Set<DetailedPeerCertificate>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !seen.has(next)) {
    seen.add(next);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return judge(chain);
}

function slow(peer: Peer, timeoutMs: number): RelayError {
  return new RelayError(
    peer.codes.unreachable,
    `${peer.label} did not take the connection within ${timeoutMs / 1000} s`,
    {
      hint: 'check the network and the firewall, and that the service answers',
      fault: 'connection-timeout',
    },
  );
}

function hungUp(peer: Peer, tls: ClientTls): RelayError {
  return new RelayError(peer.codes.tls, `${peer.label} closed the connection during the TLS handshake`, {
    fault: 'tls-hang-up',
    hint: `it may not speak TLS, or not accept our certificate ${tls.certFile}; its log says why`,
  });
}
