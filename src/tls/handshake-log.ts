/**
 * Says, with peer and reason, why a connection did not become one: refused handshakes, refused certificates, and connections
 * beyond the limit. Called by the HTTPS servers of src/sensor and src/dispatcher.
 *
 * The first of an address and reason is said at once; what repeats is counted and summed up after a minute, then
 * each hour (refusal-table.ts). A TLS socket that failed has forgotten its peer, so addresses are kept from the
 * raw socket's first moment.
 */

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connectionLimits } from '../core/limits.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { handshakeReason } from './handshake-error.ts';
import { addressOf, rawSocketOf } from './raw-socket.ts';
import { RefusalTable } from './refusal-table.ts';

/** A flood of dropped connections is said once in so many milliseconds. */
const DROPPED_EVERY_MS = 60_000;

export class HandshakeLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #addresses = new WeakMap<Socket, string>();
  readonly #table: RefusalTable;
  #droppedSince = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#table = new RefusalTable(logger, clock);
  }

  /** Refusals so far by reason; `connection limit` are connections dropped before a handshake. */
  counts(): Readonly<Record<string, number>> {
    return this.#table.counts();
  }

  /** At `connection`, with the raw socket. */
  begin(raw: Socket): void {
    this.#addresses.set(raw, addressOf(raw));
  }

  /** At `tlsClientError`. Nobody who sent nothing was refused: a port probe is no warning. */
  failed(error: Error, socket: TLSSocket): void {
    const known = rawSocketOf(socket);
    const address = (known === undefined ? undefined : this.#addresses.get(known)) ?? addressOf(socket);
    const bytesRead = known?.bytesRead ?? socket.bytesRead;
    const reason = handshakeReason({ error, authorizationError: socket.authorizationError, bytesRead });
    this.#table.add(address, reason, bytesRead === 0 ? 'info' : 'warning');
  }

  /** A certificate that OpenSSL accepted and we do not, by its verdict's name. */
  refused(code: string, socket: TLSSocket): void {
    const reason = handshakeReason({ error: undefined, authorizationError: code, bytesRead: 1 });
    this.#table.add(addressOf(socket), reason, 'warning');
  }

  /** At `drop`: the connection limit is reached. */
  dropped(): void {
    this.#table.count('connection limit');
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

  close(): void {
    this.#table.close();
  }
}
