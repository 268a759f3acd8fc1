/**
 * Syslog over TCP (RFC 6587) and TLS (RFC 5425).
 *
 * Made by syslog-source.ts. A connection is read while the queue has room and not otherwise, which holds its sender back: what was
 * read is dropped only when it cannot be stored until the service ends, or too many connections have left such remains; then it is counted. There is no acknowledgement in either protocol: what a sender has sent and we have not read when the
 * connection ends is lost. Certificates are judged as those of the HTTPS listener are, open connections again whenever files or
 * revocation lists change.
 */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';

import { RelayError } from '../../../../core/errors.ts';
import { syslogLimits } from '../../../../core/limits.ts';
import type { Credentials } from '../../../../tls/credentials.ts';
import { certificateReason, handshakeReason } from '../../../../tls/handshake-error.ts';
import { PeerGate } from '../../../../tls/peer-gate.ts';
import { peerIdentity } from '../../../../tls/peer.ts';
import { tlsParameters } from '../../../../tls/policy.ts';
import { hostOf, rawSocketOf } from '../../../../tls/raw-socket.ts';
import type { AllowFrom } from '../allow-from.ts';
import { bind, boundAddress } from '../bind.ts';
import { Connections } from '../connections.ts';
import type { JudgingLineSource, LineDeps } from '../deps.ts';
import type { Sayings } from '../sayings.ts';
import { FrameReader } from './frame-reader.ts';
import type { Intake } from './intake.ts';

export interface StreamDeps extends Pick<LineDeps, 'door' | 'timers' | 'clock'> {
  readonly source: string;
  readonly address: string;
  readonly port: number;
  readonly allowed: AllowFrom;
  readonly sayings: Sayings;
  readonly intake: Intake;
  /** Undefined: TCP in clear. */
  readonly credentials?: Credentials;
}

export function createStreamListener(deps: StreamDeps): JudgingLineSource {
  const { source, address, port, allowed, sayings, door, timers, credentials } = deps;
  const { connections: total, perAddress } = syslogLimits;
  const connections = new Connections({ total, perAddress }, { source, door, timers, sayings, allowed });
  const secure = credentials === undefined ? undefined : tlsServer(credentials, deps);
  const server = secure?.server ?? createServer((socket) => readFrames(socket, undefined, deps));
  connections.watch(server);
  const judging = (): SecureListener => {
    if (secure === undefined) throw new RelayError('BUG', `${source} has no TLS`);
    return secure;
  };

  return {
    async listen() {
      await bind(server, { source, address, port }, (bound) => server.listen({ host: address, port }, bound));
      return boundAddress(server, source);
    },
    adopt: (fresh) => judging().adopt(fresh),
    refresh: () => secure?.refresh(),
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      connections.destroy();
      await closed;
    },
  };
}

interface SecureListener {
  readonly server: TlsServer;
  adopt(credentials: Credentials): void;
  refresh(): void;
}

function tlsServer(credentials: Credentials, deps: StreamDeps): SecureListener {
  const { source, allowed, sayings, door, clock } = deps;
  const gate = new PeerGate(credentials, tlsParameters({ policy: 'anssi' }).parameters, clock);
  /** Connections of peers with a certificate, and its name. */
  const peers = new Map<TLSSocket, string>();
  const server = createTlsServer({
    ...gate.contextOptions(),
    requestCert: true,
    // Judged here, so that a peer without one may be let in.
    rejectUnauthorized: false,
    handshakeTimeout: syslogLimits.handshakeMs,
  });
  /** A TLS socket that failed has forgotten its peer. */
  const addresses = new WeakMap<Socket, string>();
  server.on('connection', (raw: Socket) => {
    gate.begin(raw);
    addresses.set(raw, hostOf(raw));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    const peer = peerOf(socket, gate, allowed.empty);
    if (!peer.ok) {
      door.refused('not-allowed');
      sayings.warn('tls-peer', `${source}: connection of ${hostOf(socket)} refused: ${peer.reason}`);
      socket.destroy();
      return;
    }
    if (peer.name !== undefined) {
      peers.set(socket, peer.name);
      socket.once('close', () => peers.delete(socket));
    }
    readFrames(socket, peer.name, deps);
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    const raw = rawSocketOf(socket);
    // Who sent nothing has only looked whether somebody is there.
    if (raw === undefined || raw.bytesRead === 0) return;
    door.refused('malformed');
    const { authorizationError } = socket;
    const reason = handshakeReason({ error, authorizationError, bytesRead: raw.bytesRead });
    sayings.warn('tls-handshake', `${source}: no connection of ${addresses.get(raw) ?? 'a peer'}: ${reason}`);
  });
  const adopt = (fresh: Credentials): void => {
    const former = gate.credentials;
    server.setSecureContext(gate.contextOptions(fresh));
    gate.adopt(fresh);
    for (const [socket, name] of peers) {
      const verdict = gate.rejudge(socket, former);
      if (verdict.kind === 'good') continue;
      // Who cannot be judged any more dials again, and is judged by what he then shows.
      if (verdict.kind === 'refused') {
        sayings.warn('peer-cut', `${source}: ${name}: ${certificateReason(verdict.code)}: connection cut`);
      }
      socket.destroy();
    }
  };
  return {
    server,
    adopt,
    refresh() {
      if (gate.isOutdated()) adopt(gate.credentials);
    },
  };
}

type Peer =
  { readonly ok: true; readonly name: string | undefined } | { readonly ok: false; readonly reason: string };

/** Of a connection whose handshake is done. */
function peerOf(socket: TLSSocket, gate: PeerGate, required: boolean): Peer {
  if (socket.getPeerX509Certificate() === undefined) {
    return required ? { ok: false, reason: 'no certificate shown' } : { ok: true, name: undefined };
  }
  // undefined: OpenSSL has refused it, and says why in a string, whatever the types say.
  const admission = gate.admit(socket) ?? String(socket.authorizationError);
  if (typeof admission === 'string') return { ok: false, reason: certificateReason(admission) };
  if (admission.retire) return { ok: false, reason: 'certificates were exchanged meanwhile' };
  return { ok: true, name: peerIdentity(admission.certificate).name };
}

/** Takes frames out of a connection as long as there is room for them. */
function readFrames(socket: Socket, peer: string | undefined, deps: StreamDeps): void {
  const { source, intake, door } = deps;
  const reader = new FrameReader();
  const origin = { source, address: hostOf(socket), ...(peer === undefined ? {} : { peer }) };
  let ended = false;

  const step = (): boolean => {
    const next = ended ? reader.end() : reader.next();
    if (next === undefined) return false;
    if (next === 'cut') {
      door.refused('malformed');
      return false;
    }
    if (next.kind === 'too-large') door.refused('too-large');
    else if (next.bytes.length > 0) intake.offer({ bytes: next.bytes, origin });
    return true;
  };
  const drain = (): void => {
    while (intake.hasRoom) {
      if (!step()) {
        if (!ended) socket.resume();
        return;
      }
    }
    socket.pause();
    if (intake.onRoom(drain)) return;
    // Nobody will ask again: what was read is offered all the same, and counted as lost.
    while (step());
    socket.destroy();
  };
  socket.setKeepAlive(true, syslogLimits.keepAliveMs);
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    drain();
  });
  socket.on('end', () => {
    ended = true;
    drain();
  });
  socket.on('close', () => {
    // What was read of a connection that broke is taken all the same.
    if (!ended) {
      ended = true;
      drain();
    }
  });
}
