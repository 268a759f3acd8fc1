/**
 * The dispatcher's HTTPS listener: IDMEF by certificate, REST and the compatible calls by API key, health and metrics. Made by
 * src/app/alert-dispatcher.ts; requests go to http-app.ts.
 *
 * A certificate is optional, and judged as the sensor's are: one that is not trusted, or revoked, ends the connection. Nothing waits for
 * a peer: handshakes, heads and bodies have deadlines, connections and bodies are bounded. Credentials and settings are exchanged
 * while it runs, all or nothing.
 */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { RelayError } from '../../../core/errors.ts';
import { connectionLimits, httpsLimits } from '../../../core/limits.ts';
import type { Clock, Logger, Random } from '../../../core/ports.ts';
import { answerClientError } from '../../../http/client-error.ts';
import type { MetricFamily } from '../../../log/exposition.ts';
import { listen } from '../../../os/listen.ts';
import { ConnectionBounds } from '../../../tls/connection-bounds.ts';
import type { Credentials } from '../../../tls/credentials.ts';
import { certificateReason } from '../../../tls/handshake-error.ts';
import { createGuardedServer } from '../../../tls/guarded-server.ts';
import { HandshakeLog } from '../../../tls/handshake-log.ts';
import { PeerGate } from '../../../tls/peer-gate.ts';
import { peerIdentity } from '../../../tls/peer.ts';
import type { TlsParameters } from '../../../tls/policy.ts';
import { rawSocketOf } from '../../../tls/raw-socket.ts';
import { Pace } from '../../keys/pace.ts';
import type { Channels, Door, KeyRing } from '../../model/ports.ts';
import { BodyBudget } from '../body-budget.ts';
import { HttpConnection } from './connection.ts';
import type { HealthProblems, HttpContext, HttpSettings, HttpSourcesConfig } from './context.ts';
import { HttpsCounts } from './counts.ts';
import { createHttpApp } from './http-app.ts';
import { ntopngNames } from './ntopng-names.ts';
import { createSourceRoles } from './roles.ts';
import { takeRequest } from './take-request.ts';

export interface HttpsSourcesDeps {
  readonly config: HttpSourcesConfig;
  readonly credentials: Credentials;
  readonly parameters: TlsParameters;
  readonly door: Door;
  readonly keyRing: KeyRing;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  readonly log: Logger;
  /** Text for `GET /metrics`, complete. */
  readonly metrics: () => Promise<string>;
  readonly health: () => Promise<HealthProblems>;
  /** For `GET /api/v1/status`. */
  readonly status: () => Promise<Readonly<Record<string, unknown>>>;
}

export interface HttpsSources {
  /** Resolves when connections are accepted. Throws RelayError LISTEN. */
  listen(): Promise<AddressInfo>;
  /** Accept no more, finish what is open within connectionLimits.drainMs, cut the rest. */
  close(): Promise<void>;
  /** In force. */
  credentials(): Credentials;
  /** Takes new ones into use, all or nothing; peers that may no longer be served are cut off. Throws what OpenSSL throws. */
  adopt(credentials: Credentials): void;
  /** What time alone changes: a revocation list has passed its end. Called every few seconds. */
  refresh(): void;
  /** Sources, roles, rates and names of a new configuration; address and port stay. Throws RelayError CONFIG; the result takes them up. */
  prepare(config: HttpSourcesConfig): () => void;
  /** Open connections, and requests being answered. */
  connections(): { readonly open: number; readonly answering: number };
  /** For the exposition. */
  families(): readonly MetricFamily[];
}

/** Throws RelayError CONFIG for roles that are none. */
export function createHttpsSources(deps: HttpsSourcesDeps): HttpsSources {
  const { clock, log } = deps;
  const counts = new HttpsCounts();
  const gate = new PeerGate(deps.credentials, deps.parameters, clock);
  const bounds = new ConnectionBounds(counts);
  const handshakes = new HandshakeLog(log, clock);
  const connections = new Map<Socket, HttpConnection>();
  let settings = settingsOf(deps.config);
  let draining = false;
  const context: HttpContext = {
    get settings() {
      return settings;
    },
    ...deps,
    world: { clock, random: deps.random, hostname: deps.hostname },
    counts,
    pace: new Pace(clock),
    bodies: new BodyBudget(httpsLimits.inFlightBytes),
    unproven: new BodyBudget(httpsLimits.unprovenBytes),
  };

  const { server, rawSockets } = createGuardedServer({ gate, bounds, handshakes, counts, mutual: false });
  server.timeout = connectionLimits.stallMs;

  server.on('secureConnection', (socket: TLSSocket) => {
    const connection = admitted(socket, gate);
    if (typeof connection === 'string') {
      counts.add('handshakes_refused', { reason: connection.toLowerCase() });
      handshakes.refused(connection, socket);
      socket.destroy();
      return;
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
    if (connections.get(socket)?.waitsForUs === true) socket.setTimeout(connectionLimits.stallMs);
    else socket.destroy();
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    answerClientError(error, socket, connections.get(socket), log, counts);
  });

  const adopt = (credentials: Credentials): void => {
    const former = gate.credentials;
    server.setSecureContext(gate.contextOptions(credentials));
    gate.adopt(credentials);
    for (const connection of connections.values()) {
      if (connection.identity === undefined) continue;
      const verdict = gate.rejudge(connection.socket, former);
      if (verdict.kind === 'unseen') connection.retire();
      if (verdict.kind !== 'refused') continue;
      const reason = certificateReason(verdict.code);
      const { peer, address } = connection;
      log.warning(`${peer.name}: ${reason}: connection cut`, {
        event: 'peer-cut',
        peer: peer.name,
        address,
        reason,
      });
      connection.socket.destroy();
    }
  };

  const answer = createHttpApp({ context, isLast: (connection) => draining || connection.retired });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket);
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    takeRequest(
      { request, response, connection, bounds, counts },
      () => void answer(request, response, connection),
    );
  };
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);

  return {
    async listen() {
      const { https } = settings.sources;
      if (https === undefined) throw new RelayError('BUG', 'sources.https is not configured');
      return await listen(server, https.address, https.port);
    },
    async close() {
      draining = true;
      // Stops listening and ends idle connections.
      server.close();
      await drained(connections);
      const gone = [...rawSockets].map(async (socket) => await once(socket, 'close'));
      for (const socket of [...connections.keys(), ...rawSockets]) socket.destroy();
      await Promise.allSettled(gone);
      handshakes.close();
    },
    credentials: () => gate.credentials,
    adopt,
    refresh() {
      if (gate.isOutdated()) adopt(gate.credentials);
    },
    prepare(config) {
      const next = settingsOf(config);
      return () => {
        settings = next;
      };
    },
    connections: () => ({
      open: rawSockets.size,
      answering: [...connections.values()].reduce((sum, { open }) => sum + open, 0),
    }),
    families: () => counts.families(),
  };
}

function settingsOf(sources: HttpSourcesConfig): HttpSettings {
  const { https, ntopng } = sources;
  if (https === undefined) throw new RelayError('BUG', 'sources.https is not configured');
  return { sources, roles: createSourceRoles(https), names: ntopngNames(ntopng?.names) };
}

/** The connection, or the name of the reason why its certificate is not taken. */
function admitted(socket: TLSSocket, gate: PeerGate): HttpConnection | string {
  if (socket.getPeerX509Certificate() === undefined) return new HttpConnection(socket, undefined);
  const admission = gate.admit(socket);
  if (admission === undefined) {
    const verdict: unknown = socket.authorizationError;
    return typeof verdict === 'string' ? verdict : 'UNVERIFIED';
  }
  if (typeof admission === 'string') return admission;
  const connection = new HttpConnection(socket, peerIdentity(admission.certificate));
  if (admission.retire) connection.retire();
  return connection;
}

/** Resolves when nobody is being answered, or the patience of a stop is over. */
async function drained(connections: ReadonlyMap<Socket, HttpConnection>): Promise<void> {
  const open = [...connections.values()].filter(({ busy }) => busy);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), connectionLimits.drainMs);
  await Promise.allSettled(
    open.map(async ({ socket }) =>
      socket.destroyed ? undefined : await once(socket, 'close', { signal: limit.signal }),
    ),
  );
  clearTimeout(timer);
}
