/**
 * The sensor's HTTPS server: mutual TLS, limits, one SensorConnection per peer, orderly stop. Made by
 * src/app/reverse-server.ts; requests go to router.ts.
 *
 * Nothing here waits for a peer: handshakes, heads and bodies have deadlines, answers have back-pressure, and the
 * journal works in another thread. Raw sockets are tracked from `connection`, because a handshake that never
 * ends is known to nobody else and would keep close() waiting.
 */

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { messageOf, RelayError } from '../core/errors.ts';
import { connectionLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import type { Journal } from '../journal/journal.ts';
import type { Credentials } from '../tls/credentials.ts';
import { peerIdentity } from '../tls/peer.ts';
import type { PeerIdentity } from '../tls/peer.ts';
import type { TlsParameters } from '../tls/policy.ts';
import type { Roles } from '../tls/roles.ts';
import { BufferBin } from './buffer-bin.ts';
import { answerClientError } from './client-error.ts';
import { SensorConnection, STALL_TICK_MS } from './connection.ts';
import type { SensorContext, SensorStatus } from './context.ts';
import { drained } from './drain.ts';
import { addressOf, HandshakeLog } from './handshake-log.ts';
import { Leases } from './leases.ts';
import { listen } from './listen.ts';
import { createTcpTable } from './proc-net.ts';
import type { TcpTable } from './proc-net.ts';
import { sendProblem } from './problem.ts';
import { route } from './router.ts';

interface SensorServerConfig {
  /** '' for every address of both families. */
  readonly address: string;
  readonly port: number;
  readonly consuming: boolean;
  readonly maxBatchSize?: number;
}

export interface SensorServerDeps {
  readonly journal: Journal;
  readonly credentials: Credentials;
  readonly parameters: TlsParameters;
  readonly roles: Roles;
  readonly consumerOf: (peer: PeerIdentity) => string | undefined;
  readonly firstConsumer: string;
  readonly status: () => SensorStatus;
  readonly readDocument: (bytes: Uint8Array) => DocumentVerdict;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly tcpTable?: TcpTable;
}

export interface SensorServer {
  /** Resolves when connections are accepted. Throws RelayError LISTEN, UNSUPPORTED. */
  listen(): Promise<AddressInfo>;
  /** Accept no more, finish what is open within connectionLimits.drainMs, cut the rest. */
  close(): Promise<void>;
  /** Open connections, and how many requests hold on for a message. */
  connections(): { readonly open: number; readonly waiting: number };
}

export function createSensorServer(config: SensorServerConfig, deps: SensorServerDeps): SensorServer {
  const { journal, credentials, parameters, roles, logger, clock, random } = deps;
  const table = deps.tcpTable ?? createTcpTable();
  const leases = new Leases({ journal, clock, random, logger });
  const draining = new AbortController();
  const context: SensorContext = {
    journal,
    leases,
    clock,
    logger,
    consuming: config.consuming,
    maxBatchSize: config.maxBatchSize,
    hasProducers: roles.hasProducers,
    firstConsumer: deps.firstConsumer,
    status: deps.status,
    readDocument: deps.readDocument,
    draining: draining.signal,
    bodyBudget: { inFlight: 0 },
    waiting: new Set(),
    bufferBin: new BufferBin(),
  };
  const rawSockets = new Set<Socket>();
  const connections = new Map<Socket, SensorConnection>();
  const handshakes = new HandshakeLog(logger, clock);

  const server = createServer({
    cert: credentials.cert,
    key: credentials.key,
    ca: [...credentials.ca],
    crl: [...credentials.crl],
    ...parameters,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    handshakeTimeout: connectionLimits.handshakeMs,
    headersTimeout: connectionLimits.headersMs,
    requestTimeout: connectionLimits.requestMs,
    keepAliveTimeout: connectionLimits.idleMs,
    connectionsCheckingInterval: connectionLimits.headersMs / 2,
    maxHeaderSize: connectionLimits.headerBytes,
    noDelay: true,
    keepAlive: true,
  });
  server.maxConnections = connectionLimits.connections;

  server.on('connection', (socket: Socket) => {
    rawSockets.add(socket);
    handshakes.begin(socket);
    socket.once('close', () => rawSockets.delete(socket));
  });
  server.on('drop', () => handshakes.dropped());
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => handshakes.refused(error, socket));
  server.on('secureConnection', (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined || !socket.authorized) {
      socket.destroy();
      return;
    }
    const peer = peerIdentity(certificate);
    const connection = new SensorConnection(socket, table, {
      peer,
      rights: roles.rightsOf(peer),
      consumer: deps.consumerOf(peer),
      address: addressOf(socket),
    });
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('timeout', (socket: Socket) => {
    const connection = connections.get(socket);
    if (connection === undefined || connection.timedOut()) {
      if (connection?.busy === true) {
        logger.notice(`${connection.peer.name}: no progress, connection cut`, {
          event: 'stalled',
          address: connection.address,
        });
      }
      socket.destroy();
    } else {
      socket.setTimeout(STALL_TICK_MS);
    }
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    answerClientError(error, socket, connections.get(socket), logger);
  });

  async function answer(
    connection: SensorConnection,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await route(context, { request, response, connection });
    } catch (error) {
      const known = error instanceof RelayError;
      logger.error(`${connection.peer.name}: ${request.method} ${request.url} failed: ${messageOf(error)}`);
      sendProblem(response, {
        code: known ? error.code : 'BUG',
        message: known ? error.message : 'the server made a mistake, its log says more',
      });
    }
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    if (draining.signal.aborted) {
      response.shouldKeepAlive = false;
    }
    connection.take(request, response, async () => {
      await answer(connection, request, response);
    });
  };
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);

  return {
    connections: () => ({ open: rawSockets.size, waiting: context.waiting.size }),
    async listen() {
      const bound = await listen(server, config.address, config.port);
      if (config.consuming && !table.showsListener(bound.port)) {
        NetServer.prototype.close.call(server);
        throw new RelayError('UNSUPPORTED', '/proc/self/net/tcp does not show the sockets of this process', {
          hint: 'with --delete or --movedir it is needed to see that an answer was received: mount /proc, no ProcSubset=pid',
        });
      }
      return bound;
    },
    async close() {
      // Not https.Server#close: that would cut answers which are sent but not yet received.
      NetServer.prototype.close.call(server);
      draining.abort();
      await drained(connections, leases, connectionLimits.drainMs);
      const open = [...connections.values()];
      const gone = [...rawSockets].map(async (socket) => once(socket, 'close'));
      for (const socket of [...connections.keys(), ...rawSockets]) {
        socket.destroy();
      }
      await Promise.allSettled([...gone, ...open.map(async (connection) => connection.idle())]);
      leases.close();
      server.close();
    },
  };
}
