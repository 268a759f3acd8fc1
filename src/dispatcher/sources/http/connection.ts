/**
 * One accepted TLS connection: who it is and what of it is under way. Made by https-sources.ts at `secureConnection`.
 *
 * A certificate is optional here: peers without one post by API key. For the bounds of connections they are told apart by
 * address.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

import { subscriberOf } from '../../../core/network.ts';
import type { PeerIdentity } from '../../../tls/peer.ts';
import { addressOf, hostOf } from '../../../tls/raw-socket.ts';

export class HttpConnection {
  readonly socket: TLSSocket;
  /** By its certificate; undefined without one. */
  readonly identity: PeerIdentity | undefined;
  /** For the bounds and the log: the certificate's, else the address. */
  readonly peer: { readonly name: string; readonly key: string };
  /** `192.0.2.1:50432` */
  readonly address: string;
  /** `192.0.2.1` */
  readonly host: string;
  /** The host, of IPv6 its /64: what one subscriber has, for paces and bounds. */
  readonly network: string;
  /** No certificate was shown. */
  readonly stranger: boolean;
  readonly #open = new Map<ServerResponse, IncomingMessage>();
  #retired = false;

  constructor(socket: TLSSocket, identity: PeerIdentity | undefined) {
    this.socket = socket;
    this.identity = identity;
    this.stranger = identity === undefined;
    this.address = addressOf(socket);
    this.host = hostOf(socket);
    this.network = subscriberOf(this.host);
    this.peer = identity ?? { name: this.host, key: `address ${this.network}` };
  }

  /** The next answer is the last: the peer is to show its certificate again. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  /** Requests that are being answered. */
  get open(): number {
    return this.#open.size;
  }

  get busy(): boolean {
    return this.#open.size > 0;
  }

  /** One request is under way, its body has not come to an end, and its answer has not begun. */
  get receiving(): boolean {
    const [first] = this.#open;
    if (first === undefined || this.#open.size > 1) return false;
    const [response, request] = first;
    return !request.complete && !response.headersSent;
  }

  /** A whole request is here and its answer is not: it is we who are slow. */
  get waitsForUs(): boolean {
    return [...this.#open].some(([response, request]) => request.complete && !response.writableEnded);
  }

  /** A request came; `done` is called when its answer is sent or lost. */
  take(request: IncomingMessage, response: ServerResponse, done: () => void): void {
    this.#open.set(response, request);
    response.once('close', () => {
      this.#open.delete(response);
      done();
    });
  }
}
