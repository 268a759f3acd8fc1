/**
 * The sensor's HTTPS server: mutual TLS, limits, one SensorConnection per peer, orderly stop. Made by
 * src/app/reverse-server.ts; requests go to router.ts.
 *
 * Nothing here waits for a peer: handshakes, heads and bodies have deadlines, answers have back-pressure, and the
 * journal works in another thread. Raw sockets are tracked from `connection`, because a handshake that never
 * ends is known to nobody else and would keep close() waiting. New credentials are taken into use while it runs, and
 * who is no longer acceptable under them is cut off (peer-gate.ts).
 */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { messageOf, RelayError } from '../core/errors.ts';
import { connectionLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import type { Claim, Journal } from '../journal/journal.ts';
import type { Credentials } from '../tls/credentials.ts';
import { peerIdentity } from '../tls/peer.ts';
import type { PeerIdentity } from '../tls/peer.ts';
import type { TlsParameters } from '../tls/policy.ts';
import { addressOf, rawSocketOf } from '../tls/raw-socket.ts';
import type { Roles } from '../tls/roles.ts';
import { Ahead } from './ahead.ts';
import { answerClientError } from '../http/client-error.ts';
import { ConnectionBounds } from '../tls/connection-bounds.ts';
import { SensorConnection, STALL_TICK_MS } from './connection.ts';
import type { SensorStatus } from './context.ts';
import { Counts } from './counts.ts';
import { createContext } from './create-context.ts';
import { cutPeers } from './cut-peers.ts';
import { drained } from './drain.ts';
import { createGuardedServer } from '../tls/guarded-server.ts';
import { HandshakeLog } from '../tls/handshake-log.ts';
import { Leases } from './leases.ts';
import type { LeaseEvent } from './leases.ts';
import { listen } from '../os/listen.ts';
import { meterLoopDelay } from './loop-delay.ts';
import type { LoopDelayMeter } from './loop-delay.ts';
import { requestLabels } from './paths.ts';
import { PeerGate } from '../tls/peer-gate.ts';
import { createTcpTable } from '../os/proc-net.ts';
import type { TcpTable } from '../os/proc-net.ts';
import { sendProblem } from '../http/problem.ts';
import { route } from './router.ts';
import type { ProgramFacts } from './snapshot.ts';

export interface SensorServerConfig {
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
  /** Shown to role monitor. */
  readonly program?: Partial<ProgramFacts>;
}

export interface SensorServer {
  /** Resolves when connections are accepted. Throws RelayError LISTEN, UNSUPPORTED. */
  listen(): Promise<AddressInfo>;
  /** Accept no more, finish what is open within connectionLimits.drainMs, cut the rest. */
  close(): Promise<void>;
  /** Open connections, and how many requests hold on for a message. */
  connections(): { readonly open: number; readonly waiting: number };
  /** In force. */
  credentials(): Credentials;
  /** Takes new ones into use, all or nothing; peers that may no longer be served are cut off. Throws what OpenSSL throws. */
  adopt(credentials: Credentials): void;
  /** What time alone changes: a revocation list has passed its end. Called every few seconds. */
  refresh(): void;
  /** Refused connections so far, by reason. */
  handshakes(): Readonly<Record<string, number>>;
}

export function createSensorServer(config: SensorServerConfig, deps: SensorServerDeps): SensorServer {
  const { journal, parameters, roles, logger, clock, random } = deps;
  const gate = new PeerGate(deps.credentials, parameters, clock);
  const table = deps.tcpTable ?? createTcpTable();
  const counts = new Counts();
  const bounds = new ConnectionBounds(counts);
  const handshakes = new HandshakeLog(logger, clock);
  const count = (event: LeaseEvent): void => counts.add('lease_events', { event });
  const ahead = new Ahead({ journal, clock });
  const returned = (claim: Claim): void => ahead.returned(claim);
  const leases = new Leases({ journal, clock, random, logger, count, returned });
  const draining = new AbortController();
  let loopDelay: LoopDelayMeter | undefined;
  const context = createContext(config, deps, {
    leases,
    ahead,
    counts,
    draining: draining.signal,
    connections: () => ({ open: rawSockets.size, handshaking: bounds.handshaking }),
    loopDelay: () => loopDelay?.read(),
  });
  const connections = new Map<Socket, SensorConnection>();
  const { server, rawSockets } = createGuardedServer({ gate, bounds, handshakes, counts, mutual: true });

  server.on('secureConnection', (socket: TLSSocket) => {
    const admission = gate.admit(socket);
    if (admission === undefined || typeof admission === 'string') {
      if (admission !== undefined) {
        counts.add('handshakes_refused', { reason: admission.toLowerCase() });
        handshakes.refused(admission, socket);
      }
      socket.destroy();
      return;
    }
    const peer = peerIdentity(admission.certificate);
    const connection = new SensorConnection(socket, table, {
      peer,
      rights: roles.rightsOf(peer),
      consumer: deps.consumerOf(peer),
      address: addressOf(socket),
    });
    if (admission.retire) {
      connection.retire();
    }
    connections.set(socket, connection);
    counts.add('connections_accepted');
    socket.once('close', () => {
      connections.delete(socket);
      bounds.closed(connection);
    });
    bounds.established(rawSocketOf(socket), connection);
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
    answerClientError(error, socket, connections.get(socket), logger, counts);
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
  const becomeIdle = async (connection: SensorConnection, answered: Promise<void>): Promise<void> => {
    await answered;
    if (!connection.busy) bounds.idle(connection);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    if (draining.signal.aborted || connection.retired) {
      response.shouldKeepAlive = false;
    }
    const labels = requestLabels(request.url ?? '/', request.method ?? '');
    response.once('close', () => {
      counts.add('requests', {
        ...labels,
        status: response.headersSent ? String(response.statusCode) : 'none',
      });
    });
    const answered = connection.take(request, response, () => answer(connection, request, response));
    if (answered === false) {
      bounds.refused('pipelined');
      return;
    }
    bounds.answering(connection);
    void becomeIdle(connection, answered);
  };
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);

  const adopt = (credentials: Credentials): void => {
    const former = gate.credentials;
    server.setSecureContext(gate.contextOptions(credentials));
    gate.adopt(credentials);
    cutPeers(connections, (socket) => gate.rejudge(socket, former), { leases, logger });
  };

  return {
    credentials: () => gate.credentials,
    handshakes: () => handshakes.counts(),
    adopt,
    refresh() {
      if (gate.isOutdated()) {
        adopt(gate.credentials);
      }
    },
    connections: () => ({ open: rawSockets.size, waiting: context.waiting.size }),
    async listen() {
      const bound = await listen(server, config.address, config.port);
      loopDelay = meterLoopDelay();
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
      ahead.close();
      await drained(connections, leases, connectionLimits.drainMs);
      const open = [...connections.values()];
      const gone = [...rawSockets].map(async (socket) => once(socket, 'close'));
      for (const socket of [...connections.keys(), ...rawSockets]) {
        socket.destroy();
      }
      await Promise.allSettled([...gone, ...open.map(async (connection) => connection.idle())]);
      leases.close();
      loopDelay?.stop();
      handshakes.close();
      server.close();
    },
  };
}
