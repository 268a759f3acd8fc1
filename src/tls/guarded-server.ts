/**
 * An HTTPS server that waits for nobody, before it knows connections and requests: deadlines for handshakes, heads and bodies, bounds, and
 * each refused handshake said and counted. Made by the servers of src/sensor and src/dispatcher, which add what becomes of a peer.
 *
 * Raw sockets are tracked from `connection`, because a handshake that never ends is known to nobody else and would keep close() waiting.
 */

import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { connectionLimits } from '../core/limits.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import { handshakeLabel } from './handshake-label.ts';
import type { HandshakeLog } from './handshake-log.ts';
import type { PeerGate } from './peer-gate.ts';

interface GuardedParts {
  readonly gate: PeerGate;
  readonly bounds: ConnectionBounds;
  readonly handshakes: HandshakeLog;
  readonly counts: { add(what: 'handshakes_refused', labels: { readonly reason: string }): void };
  /** True: without a certificate of ours a handshake fails. False: the server judges what is shown, at `secureConnection`. */
  readonly mutual: boolean;
}

export interface GuardedServer {
  readonly server: Server;
  /** All that are open, handshaking ones included. */
  readonly rawSockets: ReadonlySet<Socket>;
}

export function createGuardedServer({
  gate,
  bounds,
  handshakes,
  counts,
  mutual,
}: GuardedParts): GuardedServer {
  const rawSockets = new Set<Socket>();
  const server = createServer({
    ...gate.contextOptions(),
    requestCert: true,
    rejectUnauthorized: mutual,
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    handshakeTimeout: connectionLimits.handshakeMs,
    headersTimeout: connectionLimits.headersMs,
    requestTimeout: connectionLimits.requestMs,
    keepAliveTimeout: connectionLimits.idleMs,
    connectionsCheckingInterval: connectionLimits.headersMs / 2,
    maxHeaderSize: connectionLimits.headerBytes,
    // Looked at by request-fault.ts, with the answer of ours.
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
  });
  server.maxConnections = connectionLimits.connections;
  server.on('connection', (socket: Socket) => {
    rawSockets.add(socket);
    handshakes.begin(socket);
    bounds.begin(socket);
    gate.begin(socket);
    socket.once('close', () => rawSockets.delete(socket));
  });
  server.on('drop', () => {
    bounds.refused('total');
    handshakes.dropped();
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    counts.add('handshakes_refused', { reason: handshakeLabel(error, socket) });
    handshakes.failed(error, socket);
  });
  return { server, rawSockets };
}
