/**
 * One TLS handshake, whatever comes of it: version, suite, the certificates shown, OpenSSL's verdict on them, and
 * how it ended. For looking only: nothing is sent over it but, on demand, a HEAD for the other side's clock.
 *
 * Called by check-handshake.ts and tls-versions.ts, check-clock.ts and check-port.ts. Unlike verified-connection.ts
 * it goes on with a certificate it does not trust, because the question is what is wrong with that.
 */

import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';

export interface TlsLook {
  /** The handshake was completed on our side. */
  readonly done: boolean;
  /** `TLSv1.3` */
  readonly version: string;
  readonly cipher: string;
  /** As Node describes it, and from the leaf upwards as far as it is known. */
  readonly certificate: PeerCertificate | undefined;
  readonly chain: readonly X509Certificate[];
  /** '' trusted, else the code of OpenSSL or ERR_TLS_CERT_ALTNAME_INVALID. */
  readonly verdict: string;
  /** Of the socket, during the handshake or in the moment after it. */
  readonly error: Error | undefined;
  /** Closed by the other side, without an error. */
  readonly ended: boolean;
  /** Nothing happened before the time was over. */
  readonly silent: boolean;
}

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  /** Instead of host and port. */
  readonly tunnel?: Socket;
  /** For the server name indication and the check of names. */
  readonly name: string;
  readonly context: SecureContext;
  readonly timeoutMs: number;
  /** After the handshake the other side may refuse our certificate: wait so long for that. 0: do not. */
  readonly settleMs: number;
}

/** `use` may exchange something over the connection, when the handshake was completed. */
export function lookAtTls(target: TlsTarget, use?: (socket: TLSSocket) => Promise<void>): Promise<TlsLook> {
  const { host, port, tunnel, name, context } = target;
  return new Promise((resolve) => {
    let seen: Pick<TlsLook, 'version' | 'cipher' | 'certificate' | 'chain' | 'verdict'> | undefined;
    const socket = connect({
      ...(tunnel === undefined ? { host, port } : { socket: tunnel }),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      rejectUnauthorized: false, // looking only
    });
    let timer = setTimeout(() => finish({ silent: true }), target.timeoutMs);
    const finish = (how: Partial<Pick<TlsLook, 'error' | 'ended' | 'silent'>>): void => {
      clearTimeout(timer);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
      resolve({
        ...(seen ?? { version: '', cipher: '', certificate: undefined, chain: [], verdict: '' }),
        done: seen !== undefined,
        error: how.error,
        ended: how.ended ?? false,
        silent: how.silent ?? false,
      });
    };
    socket
      .once('error', (error) => finish({ error }))
      .once('end', () => finish({ ended: true }))
      .once('close', () => finish({ ended: true }))
      .once('secureConnect', () => {
        clearTimeout(timer);
        seen = factsOf(socket);
        socket.resume();
        if (use === undefined) timer = setTimeout(() => finish({}), target.settleMs);
        else
          use(socket).then(
            () => finish({}),
            (error: unknown) => finish({ error: asError(error) }),
          );
      });
  });
}

function factsOf(
  socket: TLSSocket,
): Pick<TlsLook, 'version' | 'cipher' | 'certificate' | 'chain' | 'verdict'> {
  const certificate = socket.getPeerCertificate(true);
  return {
    version: socket.getProtocol() ?? '',
    // The type says object; a connection that is gone has none.
    cipher: (socket.getCipher() as { standardName?: string; name?: string } | undefined)?.name ?? '',
    certificate,
    chain: chainOf(certificate),
    // Typed as Error; in fact the code as text, OpenSSL's or that of checkServerIdentity.
    verdict: socket.authorized ? '' : String(socket.authorizationError),
  };
}

/** Node links each certificate to its issuer, the last one to itself. */
function chainOf(leaf: PeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: unknown = leaf;
  while (typeof next === 'object' && next !== null && 'raw' in next && Buffer.isBuffer(next.raw)) {
    const certificate = new X509Certificate(next.raw);
    if (seen.has(certificate.fingerprint256)) break;
    seen.add(certificate.fingerprint256);
    chain.push(certificate);
    next = 'issuerCertificate' in next ? next.issuerCertificate : undefined;
  }
  return chain;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
