/**
 * Writes messages to a prelude-manager, one to a TLS record, in the order they are given.
 *
 * Used by session.ts. The manager reads one message each time its socket becomes readable and does not look at what it
 * has decrypted already: messages that share a record with another stay there, unseen, until more comes. Node merges
 * writes that wait, so the next begins only when the system has all of the one before.
 */

import type { TLSSocket } from 'node:tls';

interface Waiting {
  readonly bytes: Buffer;
  readonly done: (written: boolean) => void;
}

export class Outbox {
  /** Messages the system has. */
  written = 0;
  readonly #socket: TLSSocket;
  readonly #begins: () => void;
  #waiting: Waiting[] = [];
  #current: Waiting | undefined;
  #ended = false;

  /** `begins`: told when a write begins. */
  constructor(socket: TLSSocket, begins: () => void) {
    this.#socket = socket;
    this.#begins = begins;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  /** True once the system has all of it, false when it will not. */
  write(bytes: Buffer): Promise<boolean> {
    return new Promise((done) => {
      if (this.#ended) done(false);
      else if (this.busy) this.#waiting.push({ bytes, done });
      else this.#begin({ bytes, done });
    });
  }

  /** Nothing more will be written. */
  end(): void {
    this.#ended = true;
    this.#current?.done(false);
    this.#current = undefined;
    for (const { done } of this.#waiting.splice(0)) done(false);
  }

  #begin(next: Waiting): void {
    this.#current = next;
    this.#begins();
    // A failure is told by the socket's own events, and ends the session.
    this.#socket.write(next.bytes, (error) => {
      if (this.#current !== next || (error !== null && error !== undefined)) return;
      this.#current = undefined;
      this.written += 1;
      next.done(true);
      const following = this.#waiting.shift();
      if (following !== undefined) this.#begin(following);
    });
  }
}
