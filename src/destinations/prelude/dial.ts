/**
 * Opens TLS to a prelude-manager: our one certificate shown, its certificate pinned. Called by session.ts.
 *
 * The manager wants exactly one certificate, so OpenSSL gets no authority to complete a chain with (`ca: []`, not even
 * the system's), and its certificate is nobody's by OpenSSL's rules: it is compared byte by byte with those the profile
 * trusts, before anything is written. Which of several certificates it wants is only known when it has shown its own; a
 * wrong guess costs a second handshake. It judges ours after the handshake (session.ts).
 */

import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

import { messageOf, systemCode, type RelayError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { connectionFault, refusalOf } from '../../http/connection-fault.ts';
import { destinationCodes } from '../../http/peer.ts';
import { preludeFault } from './faults.ts';
import { capabilities } from './messages.ts';
import type { PreludeAddress } from './prelude-url.ts';
import { certificateFor, type AgentCertificate, type PreludeProfile } from './profile.ts';

export interface Dialling {
  readonly address: PreludeAddress;
  readonly profile: PreludeProfile;
  readonly clock: Clock;
  /**
   * `stay`: a program that stays, and may be a reader. `run`: one that ends, and must not. `look`: it is not a reader,
   * whatever it may be.
   */
  readonly mode: 'stay' | 'run' | 'look';
  /** For name, TCP and TLS together. */
  readonly timeoutMs: number;
  /** Whoever asked does not want it any more. */
  readonly signal?: AbortSignal;
}

export interface Dialled {
  /** Nothing has been read from it, and no listener of ours is on it. */
  readonly socket: TLSSocket;
  readonly certificate: AgentCertificate;
  /** The manager's analyzerid, by its certificate. */
  readonly manager: string;
}

/** Rejects with a RelayError. */
export async function dial(dialling: Dialling): Promise<Dialled> {
  const { address, profile, clock, mode } = dialling;
  const choose = (id: string): AgentCertificate => {
    const chosen = certificateFor(id, profile, address, clock.now());
    const reader = (chosen.rights & capabilities.readIdmef) !== 0;
    if (reader && mode === 'run') throw preludeFault('prelude-reader-in-oneshot', address);
    return chosen;
  };
  const [only, ...more] = profile.managers;
  const [guess] = profile.certificates;
  // Always there: profile.ts has read one of each at least.
  if (only === undefined || guess === undefined) throw new Error('a profile without certificates was read');
  let certificate = more.length === 0 ? choose(only.id) : guess;
  for (let attempts = 1; ; attempts++) {
    const socket = await handshake(dialling, certificate);
    try {
      const manager = managerOf(socket, dialling);
      const wanted = choose(manager);
      if (wanted === certificate) return { socket, certificate, manager };
      if (attempts > profile.managers.length)
        throw preludeFault('prelude-protocol', address, { said: CHANGING });
      certificate = wanted;
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.destroy();
  }
}

const CHANGING = 'it shows the certificate of another manager each time';

function handshake(dialling: Dialling, certificate: AgentCertificate): Promise<TLSSocket> {
  const { address, timeoutMs, signal } = dialling;
  signal?.throwIfAborted();
  let reached = false;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      secureContext: contextOf(dialling, certificate),
      rejectUnauthorized: false, // managerOf() is the check; see above
    });
    const finish = (fault?: RelayError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', late);
      socket.off('error', onError).off('close', onClose);
      // A session listens anew; what fails in between shows again there.
      socket.on('error', () => undefined);
      if (fault === undefined) {
        socket.setNoDelay(true).setKeepAlive(true, timeoutMs);
        resolve(socket);
      } else {
        socket.destroy();
        reject(fault);
      }
    };
    const late = (): void => {
      finish(socketFault(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' }), address));
    };
    const onError = (error: Error): void => {
      // A connection that is ended during the handshake is an error of this kind too.
      const hungUp = reached && systemCode(error) === 'ECONNRESET';
      finish(hungUp ? rejected(address, error) : socketFault(error, address));
    };
    const onClose = (): void => finish(rejected(address));
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener('abort', late);
    socket
      .once('error', onError)
      .once('close', onClose)
      .once('connect', () => {
        reached = true;
      })
      .once('secureConnect', () => finish());
  });
}

function contextOf({ profile, address }: Dialling, { pem }: AgentCertificate): SecureContext {
  try {
    return createSecureContext({ cert: pem, key: profile.keyPem, ca: [], minVersion: 'TLSv1.2' });
  } catch (error) {
    // OpenSSL takes no key that is too short.
    throw preludeFault('prelude-profile-damaged', address, {
      path: `${address.dir}/client.keycrt`,
      said: `is not taken by OpenSSL (${messageOf(error)})`,
    });
  }
}

function rejected(address: PreludeAddress, cause?: Error): RelayError {
  return preludeFault('prelude-rejected', address, { said: 'during the TLS handshake' }, cause);
}

/** By its certificate, which must be one of those the profile trusts. */
function managerOf(socket: TLSSocket, { address, profile }: Dialling): string {
  const { raw, subject } = socket.getPeerCertificate();
  const manager = profile.managers.find((trusted) => raw?.equals(trusted.raw));
  if (manager !== undefined) return manager.id;
  const names: Readonly<Record<string, unknown>> = { ...subject };
  const id = names['dnQualifier'];
  const shown =
    typeof id === 'string' ? `manager ${id}` : `something that is no prelude-manager (${nameOf(names)})`;
  const trusted = profile.managers.map(({ id: known }) => `manager ${known}`).join(', ');
  throw preludeFault('prelude-other-manager', address, { shown, trusted });
}

function nameOf(names: Readonly<Record<string, unknown>>): string {
  const text = Object.entries(names)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');
  return text === '' ? 'without a name' : text;
}

/** Of a connection, at any time. An alert about our certificate is the manager's judgement of the profile. */
export function socketFault(error: Error, address: PreludeAddress): RelayError {
  const alert = refusalOf(systemCode(error));
  if (alert !== undefined) {
    const revoked = alert === 'certificate revoked';
    return preludeFault(
      revoked ? 'prelude-certificate-revoked' : 'prelude-certificate-refused',
      address,
      { alert },
      error,
    );
  }
  const peer = { label: address.label, codes: destinationCodes };
  return connectionFault(error, peer, { certFile: `${address.dir}/client.keycrt` });
}
