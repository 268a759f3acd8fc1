/**
 * Syslog over TCP (RFC 6587) and TLS (RFC 5425).
 *
 * Made by syslog-source.ts. A connection is read while the queue has room and not otherwise, which holds its sender back: nothing that was
 * read is dropped. There is no acknowledgement in either protocol: what a sender has sent and we have not read when the
 * connection ends is lost.
 */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import {
  createSecureContext,
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';

import { RelayError } from '../../../../core/errors.ts';
import { syslogLimits } from '../../../../core/limits.ts';
import type { Credentials } from '../../../../tls/credentials.ts';
import type { AllowFrom } from '../allow-from.ts';
import { bind, boundAddress } from '../bind.ts';
import { Connections } from '../connections.ts';
import type { LineDeps, TlsLineSource } from '../deps.ts';
import type { Sayings } from '../sayings.ts';
import { peerOf, tlsServerOptions } from '../tls-peers.ts';
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

export function createStreamListener(deps: StreamDeps): TlsLineSource {
  const { source, address, port, allowed, sayings, door, timers, clock } = deps;
  let inForce = deps.credentials;
  const { connections: total, perAddress } = syslogLimits;
  const connections = new Connections({ total, perAddress }, { source, door, timers, sayings, allowed });

  const plainServer = (): Server => createServer((socket) => readFrames(socket, undefined, deps));
  const tlsServer = (credentials: Credentials): TlsServer => {
    const server = createTlsServer({
      ...tlsServerOptions(credentials),
      handshakeTimeout: syslogLimits.handshakeMs,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => undefined);
      const peer = peerOf(socket, inForce ?? credentials, allowed.empty, clock.now());
      if (peer.ok) {
        readFrames(socket, peer.name, deps);
      } else {
        door.refused('not-allowed');
        sayings.warn('tls-peer', `${source}: connection of ${socket.remoteAddress} refused: ${peer.reason}`);
        socket.destroy();
      }
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      door.refused('malformed');
      sayings.warn(
        'tls-handshake',
        `${source}: no TLS from ${socket.remoteAddress ?? 'a peer'}: ${error.message}`,
      );
    });
    return server;
  };
  const secure = deps.credentials === undefined ? undefined : tlsServer(deps.credentials);
  const server = secure ?? plainServer();
  connections.watch(server);

  return {
    async listen() {
      await bind(server, { source, address, port }, (bound) => server.listen({ host: address, port }, bound));
      return boundAddress(server, source);
    },
    adopt(fresh) {
      if (secure === undefined) throw new RelayError('BUG', `${source} has no TLS`);
      createSecureContext(tlsServerOptions(fresh));
      secure.setSecureContext(tlsServerOptions(fresh));
      inForce = fresh;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      connections.destroy();
      await closed;
    },
  };
}

/** Takes frames out of a connection as long as there is room for them. */
function readFrames(socket: Socket, peer: string | undefined, deps: StreamDeps): void {
  const { source, intake, door } = deps;
  const reader = new FrameReader();
  const address = socket.remoteAddress ?? '';
  const origin = { source, address, ...(peer === undefined ? {} : { peer }) };
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
    intake.onRoom(drain);
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
