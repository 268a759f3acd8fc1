/**
 * The implicit receipt of plain answers that consume (DESIGN §4): did the peer get all of it? One watch per
 * connection, made by connection.ts; plain-get.ts asks it about its answers.
 *
 * Receipt: the answer's `finish`, and after it either the peer's orderly `end` or a request all of whose bytes
 * came after `finish`; and at that instant the kernel has nothing unacknowledged. `finish` alone proves nothing.
 * A request sent ahead (pipelined) proves nothing. Everything else, and whatever cannot be told, is no receipt.
 *
 * `end` is heard in a prepended listener: after Node's own the socket is gone from the kernel's table.
 */

import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** How the peer showed that it has the answer; undefined: it did not. */
export type Receipt = 'end' | 'request' | undefined;

type Decide = (receipt: Receipt) => Promise<void>;

interface Undecided {
  readonly decide: Decide;
  /** At its finish, or that of a later answer, no byte of a further request had come. */
  clean: boolean;
}

const END_OF_HEAD = '\r\n\r\n';

export class ReceiptWatch {
  readonly #undecided = new Set<Undecided>();
  readonly #deciding = new Set<Promise<void>>();
  readonly #nothingUnacknowledged: () => boolean;
  /** Requests begun whose answers are not closed. */
  #open = 0;
  /** The last bytes received; a request without a body ends a head. */
  #tail = '';

  /** To be made after node:http has taken the socket: its parser hides the bytes until somebody listens. */
  constructor(socket: TLSSocket, nothingUnacknowledged: () => boolean) {
    this.#nothingUnacknowledged = nothingUnacknowledged;
    socket.prependListener('end', () => {
      this.#decideAll([...this.#undecided], 'end');
    });
    socket.on('close', () => {
      this.#decideAll([...this.#undecided], undefined);
    });
    socket.on('data', (chunk: Buffer) => {
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 4))).slice(-4);
    });
  }

  /** Answers sent whose fate is open. */
  get undecided(): number {
    return this.#undecided.size;
  }

  /** At each request event, before anything else happens with it. */
  requestArrived(response: ServerResponse): void {
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
    });
    this.#decideAll(
      [...this.#undecided].filter(({ clean }) => clean),
      'request',
    );
  }

  /** Resolves when what is decided so far is also done (settled or released). */
  async decisionsDone(): Promise<void> {
    await Promise.all(this.#deciding);
  }

  /** Calls `decide` once, when it is known whether the peer got this answer. */
  watch(response: ServerResponse, decide: Decide): void {
    let finished = false;
    response.once('finish', () => {
      finished = true;
      const clean = this.#open === 1 && this.#tail === END_OF_HEAD;
      this.#undecided.add({ decide, clean: false });
      if (clean) {
        for (const entry of this.#undecided) {
          entry.clean = true;
        }
      }
    });
    response.once('close', () => {
      if (!finished) {
        this.#run(decide, undefined);
      }
    });
  }

  #decideAll(entries: readonly Undecided[], receipt: Receipt): void {
    if (entries.length === 0) {
      return;
    }
    const proven = receipt !== undefined && this.#nothingUnacknowledged() ? receipt : undefined;
    for (const entry of entries) {
      this.#undecided.delete(entry);
      this.#run(entry.decide, proven);
    }
  }

  #run(decide: Decide, receipt: Receipt): void {
    const done = decide(receipt).finally(() => this.#deciding.delete(done));
    this.#deciding.add(done);
  }
}
