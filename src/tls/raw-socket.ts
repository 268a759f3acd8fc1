/**
 * The TCP connection below a TLS socket, and its other end in words. Called by whoever keeps account of a server's connections: a TLS
 * socket that failed has forgotten its peer, so accounts begin with the raw socket.
 */

import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { plainAddress } from '../core/network.ts';

/** The TCP socket below a TLS socket of a server; Node has no public name for it. */
export function rawSocketOf(socket: TLSSocket): Socket | undefined {
  const raw: unknown = Reflect.get(socket, '_parent');
  return raw instanceof Socket ? raw : undefined;
}

/** `192.0.2.1:50432`, `[2001:db8::1]:50432`; an IPv4 peer of a dual-stack socket as IPv4. */
export function addressOf(socket: Socket): string {
  const address = hostOf(socket);
  return address.includes(':')
    ? `[${address}]:${socket.remotePort}`
    : `${address}:${socket.remotePort ?? '?'}`;
}

/** `192.0.2.1`, `2001:db8::1`; `unknown` once the socket is closed. */
export function hostOf(socket: Socket): string {
  return plainAddress(socket.remoteAddress ?? 'unknown');
}
