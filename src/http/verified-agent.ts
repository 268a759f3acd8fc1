/**
 * Keeps connections of connectVerified for the next request, until it is retired: then those in use end with their answer
 * and the others at once. Made by https-client.ts, anew for each exchange of certificates.
 */

import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

type CreateCallback = (error: Error | null, stream: Duplex) => void;

/** Keeps a connection for the next request; opens it through connectVerified. */
export class VerifiedAgent extends Agent {
  readonly #open: () => Promise<TLSSocket>;
  #retired = false;

  constructor(maxSockets: number, open: () => Promise<TLSSocket>) {
    super({ keepAlive: true, maxSockets });
    this.#open = open;
  }

  /** No connection is kept any more; those in use end with their answer. */
  retire(): void {
    this.#retired = true;
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy();
  }

  /** Called by http.Agent when an answer has been read. */
  override keepSocketAlive(socket: Duplex): boolean {
    // Typed as void; in fact the verdict of the class above.
    const keeps: unknown = super.keepSocketAlive(socket);
    return !this.#retired && keeps !== false;
  }

  /** Called by http.Agent, always with a callback; undefined says that the connection comes through it. */
  override createConnection(_options: unknown, callback?: CreateCallback): undefined {
    void this.#connect(callback);
  }

  async #connect(callback: CreateCallback | undefined): Promise<void> {
    let socket: TLSSocket;
    try {
      socket = await this.#open();
    } catch (error) {
      // The types ask for a stream beside the error; there is none.
      if (callback !== undefined) Reflect.apply(callback, undefined, [error]);
      return;
    }
    callback?.(null, socket);
  }
}
