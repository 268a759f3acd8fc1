/**
 * Opens a connection of a sink that does not speak HTTP: name resolution, outbound policy, TCP, TLS.
 *
 * The address is checked after resolution and then dialled itself, so that a name cannot answer differently the second time.
 * Every failure is a RelayError: FORBIDDEN (policy), DESTINATION_UNREACHABLE (passes), DESTINATION_BROKEN (certificate,
 * somebody must act). Nothing reads the process environment.
 */

import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  rootCertificates,
  type ConnectionOptions,
  type TLSSocket,
} from 'node:tls';

import { messageOf, RelayError } from '../../../core/errors.ts';
import type { Outcome } from '../../../core/outcome.ts';
import { untilAbort } from '../../../core/until-abort.ts';
import { certificateFault, nameFault } from '../../../http/certificate-fault.ts';
import { connectionFault } from '../../../http/connection-fault.ts';
import { destinationCodes, type Peer } from '../../../http/peer.ts';
import { tlsParameters } from '../../../tls/policy.ts';
import type { Provenance } from '../../model/recipient.ts';
import type { OutboundPolicy } from '../../model/sink.ts';
import type { TlsFileNames } from './params.ts';

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** Subject of every sentence: `smtp server mail.example:587`. */
  readonly label: string;
  readonly provenance: Provenance;
}

export interface DialOptions {
  readonly outbound: OutboundPolicy;
  /** Milliseconds for resolution, connection and handshake together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Addresses of the host, at least one, all of them allowed: a name that points inside and outside at once is a trick. */
export async function allowedAddresses(target: DialTarget, outbound: OutboundPolicy): Promise<Address[]> {
  const found = await addressesOf(target);
  for (const { address } of found) {
    const reason = outbound.refusal(target.provenance, address, target.port);
    if (reason === undefined) continue;
    throw new RelayError('FORBIDDEN', `${target.label} may not be dialled: ${reason}`, {
      hint: 'endpoints of dispatcher.yml may reach any address; others: outbound_allow',
    });
  }
  return found;
}

async function addressesOf(target: DialTarget): Promise<Address[]> {
  const kind = isIP(target.host);
  if (kind !== 0) return [{ address: target.host, family: kind === 4 ? 4 : 6 }];
  try {
    const found = await lookup(target.host, { all: true, order: 'verbatim' });
    return found.map(({ address, family }) => ({ address, family: family === 4 ? 4 : 6 }));
  } catch (error) {
    throw connectionFault(error, peerOf(target), { certFile: '' });
  }
}

/** The first allowed address that takes the connection. */
export async function dial(target: DialTarget, options: DialOptions): Promise<Socket> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([deadline, options.signal]);
  try {
    const addresses = await untilAbort(allowedAddresses(target, options.outbound), signal);
    return await firstOf(
      addresses,
      (address, patience) => open(address, target.port, patience),
      options.timeoutMs,
      signal,
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (deadline.aborted) throw slow(target, options.timeoutMs, error);
    throw connectionFault(error, peerOf(target), { certFile: '' });
  }
}

/**
 * One after the other. None but the last may use more than its part of the time: an address that swallows everything
 * (IPv6 on a host that has no way out for it) must not cost the others theirs.
 */
export async function firstOf<Connection>(
  addresses: readonly Address[],
  connectTo: (address: Address, patience: AbortSignal) => Promise<Connection>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  let last: unknown;
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const part = isLast ? [] : [AbortSignal.timeout(timeoutMs / addresses.length)];
    try {
      return await connectTo(address, AbortSignal.any([signal, ...part]));
    } catch (error) {
      if (signal.aborted) throw error;
      last = error;
    }
  }
  throw last;
}

function open({ address, family }: Address, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, family });
    const finish = (error?: Error): void => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', finish).removeListener('connect', done);
      if (error === undefined) resolve(socket);
      else reject(error);
    };
    const done = (): void => finish();
    const abort = (): void => {
      socket.on('error', () => undefined).destroy();
      finish(new Error('aborted'));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', finish).once('connect', done);
  });
}

/** TLS over an open connection, which is closed when the other side does not prove its name. */
export async function secure(
  socket: Socket,
  target: DialTarget,
  files: TlsFileNames & { readonly name?: string },
  options: DialOptions,
): Promise<TLSSocket> {
  const name = files.name ?? target.host;
  const peer = peerOf(target);
  const settings = tlsOptions(files, name);
  return await new Promise((resolve, reject) => {
    const tls = connectTls({ ...settings, socket, rejectUnauthorized: false });
    const finish = (fault?: RelayError | Error): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
      tls.removeListener('error', failed).removeListener('close', closed);
      if (fault === undefined) return resolve(tls);
      // It takes the connection below with it.
      socket.on('error', () => undefined);
      tls.on('error', () => undefined).destroy();
      reject(fault);
    };
    const abort = (): void =>
      finish(options.signal.reason instanceof Error ? options.signal.reason : new Error('aborted'));
    const failed = (error: Error): void =>
      finish(connectionFault(error, peer, { certFile: files.certFile ?? '' }));
    const closed = (): void =>
      finish(
        new RelayError(
          'DESTINATION_UNREACHABLE',
          `${target.label} closed the connection during the TLS handshake`,
        ),
      );
    const timer = setTimeout(() => finish(slow(target, options.timeoutMs)), options.timeoutMs);
    if (options.signal.aborted) return abort();
    options.signal.addEventListener('abort', abort, { once: true });
    tls
      .once('error', failed)
      .once('close', closed)
      .once('secureConnect', () => finish(verdict(tls, name, peer, files)));
  });
}

function verdict(tls: TLSSocket, name: string, peer: Peer, files: TlsFileNames): RelayError | undefined {
  if (tls.authorized) return undefined;
  // Typed as Error; in fact the code as text.
  const code = String(tls.authorizationError);
  const certificate = tls.getPeerCertificate();
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID'
    ? nameFault(name, certificate, peer)
    : certificateFault(code, certificate, peer, { caFile: files.caFile ?? 'the well-known authorities' });
}

/** For node:tls. Reads the files anew each time, so that renewed ones are taken up. Throws RelayError TLS_FILE. */
export function tlsOptions(files: TlsFileNames, name: string): ConnectionOptions {
  const { minVersion, maxVersion, ciphers } = tlsParameters({ policy: 'intermediate' }).parameters;
  return {
    minVersion,
    maxVersion,
    ciphers,
    // Named explicitly: the environment could add to OpenSSL's default.
    ca: files.caFile === undefined ? [...rootCertificates] : read('ca_file', files.caFile),
    ...(files.certFile === undefined ? {} : { cert: read('client_cert', files.certFile) }),
    ...(files.keyFile === undefined ? {} : { key: read('client_key', files.keyFile) }),
    // Server name indication carries DNS names only (RFC 6066 §3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RelayError('TLS_FILE', `${option} ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What a failed connection means for the messages; the reason names the server. Rethrows what is no fault of the other side. */
export function dialOutcome(error: unknown): Outcome {
  if (!(error instanceof RelayError)) throw error;
  const hint = hintOf(error);
  return {
    kind: error.code === 'DESTINATION_UNREACHABLE' ? 'again' : 'broken',
    reason: error.message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The options of the relay's own connections are no parameters of an endpoint. */
function hintOf({ fault = '', hint }: RelayError): string | undefined {
  if (hint?.includes('--') !== true) return hint;
  return fault.startsWith('certificate-')
    ? 'trusted is what the ca_file of the endpoint holds, by default the authorities built into Node'
    : undefined;
}

/** What can be looked up or dialled: neither `a:b` nor `300.1.1.1`. */
export function isHost(host: string): boolean {
  return URL.canParse(`https://${hostAndPort(host, 1)}`);
}

/** As people and URLs write it: `mail.example:587`, `[2001:db8::1]:587`. */
export function hostAndPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function peerOf({ host, port, label }: DialTarget): Peer {
  return { url: new URL(`https://${hostAndPort(host, port)}`), label, codes: destinationCodes };
}

function slow({ label }: DialTarget, timeoutMs: number, cause?: unknown): RelayError {
  return new RelayError(
    'DESTINATION_UNREACHABLE',
    `${label} did not take the connection within ${timeoutMs / 1000} s`,
    {
      hint: 'check the network and the firewall, and that the service answers',
      cause,
    },
  );
}
