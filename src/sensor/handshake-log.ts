/**
 * Says once, with peer and reason, why a connection did not become one: refused handshakes and connections
 * beyond the limit. Called by server.ts.
 *
 * A TLS socket that failed has forgotten its peer, so addresses are kept from the raw socket's first moment.
 */

import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connectionLimits } from '../core/limits.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { handshakeReason } from '../tls/handshake-error.ts';

/** A flood of dropped connections is said once in so many milliseconds. */
const DROPPED_EVERY_MS = 60_000;

export class HandshakeLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #addresses = new WeakMap<Socket, string>();
  #droppedSince = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** At `connection`, with the raw socket. */
  begin(raw: Socket): void {
    this.#addresses.set(raw, addressOf(raw));
  }

  /** At `tlsClientError`. Nobody who sent nothing was refused: a port probe is no warning. */
  refused(error: Error, socket: TLSSocket): void {
    const raw: unknown = Reflect.get(socket, '_parent');
    const known = raw instanceof Socket ? raw : undefined;
    const address = (known === undefined ? undefined : this.#addresses.get(known)) ?? addressOf(socket);
    const bytesRead = known?.bytesRead ?? socket.bytesRead;
    const reason = handshakeReason({ error, authorizationError: socket.authorizationError, bytesRead });
    const log = bytesRead === 0 ? this.#logger.info : this.#logger.warning;
    log(`${address}: TLS handshake refused: ${reason}`, { event: 'handshake-refused', address, reason });
  }

  /** At `drop`: the connection limit is reached. */
  dropped(): void {
    this.#droppedSince += 1;
    const now = this.#clock.monotonic();
    if (now - this.#saidAt >= DROPPED_EVERY_MS) {
      this.#logger.warning(
        `${this.#droppedSince} connections dropped: ${connectionLimits.connections} are open already`,
        { event: 'connections-dropped', count: this.#droppedSince },
      );
      this.#saidAt = now;
      this.#droppedSince = 0;
    }
  }
}

/** `192.0.2.1:50432`, `[2001:db8::1]:50432`; an IPv4 peer of a dual-stack socket as IPv4. */
export function addressOf(socket: Socket): string {
  const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  return address.includes(':')
    ? `[${address}]:${socket.remotePort}`
    : `${address}:${socket.remotePort ?? '?'}`;
}
