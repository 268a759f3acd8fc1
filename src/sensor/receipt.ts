/**
 * The implicit receipt of plain answers that consume (ARCHITECTURE.md: The wire): did the peer get all of it? One watch per
 * connection, made by connection.ts; plain-get.ts asks it about its answers.
 *
 * Receipt: the answer's `finish`, and the peer's orderly `end` or next request, neither of which was there when the
 * last byte was given away; and once both are there, the kernel has nothing unacknowledged. A request sent ahead
 * (pipelined) and a half closed early prove nothing. Whatever cannot be told is no receipt.
 *
 * Node says `finish` up to a millisecond after the kernel took the last byte, and a quick peer's `end` may be heard
 * first (measured with curl); so the order is fixed by a look at the kernel's table before the last byte. `end`
 * is heard in a prepended listener: after Node's own the connection is gone from that table.
 */

import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { TcpState } from '../os/proc-net.ts';

/** How the peer showed that it has the answer; undefined: it did not. */
type Receipt = 'end' | 'request' | undefined;

type Decide = (receipt: Receipt) => Promise<void>;

interface Answer {
  readonly decide: Decide;
  /** When its last byte was given away, the peer had not closed its half. */
  open: boolean;
  /** When its last byte, or that of a later answer, was given away, no byte of a further request had come. */
  clean: boolean;
  finished: boolean;
  /** What came after the last byte was given away and before `finish`. */
  sign: Receipt;
}

/** To be called immediately before the last byte of the answer is given away. */
export type BeforeLastByte = () => void;

const END_OF_HEAD = '\r\n\r\n';

export class ReceiptWatch {
  /** Answers begun whose fate is open, in order. */
  readonly #answers = new Set<Answer>();
  readonly #deciding = new Set<Promise<void>>();
  readonly #look: () => TcpState | undefined;
  /** Requests begun whose answers are not closed. */
  #requests = 0;
  /** The last bytes received; a request without a body ends with its head. */
  #tail = '';

  /** To be made after node:http has taken the socket: its parser hides the bytes until somebody listens. */
  constructor(socket: TLSSocket, look: () => TcpState | undefined) {
    this.#look = look;
    socket.prependListener('end', () => {
      this.#heard('end', ({ open }) => open);
    });
    socket.on('close', () => {
      for (const answer of this.#answers) {
        this.#decide(answer, undefined);
      }
    });
    socket.on('data', (chunk: Buffer) => {
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 4))).slice(-4);
    });
  }

  /** Answers sent whose fate is open. */
  get undecided(): number {
    return [...this.#answers].filter(({ finished }) => finished).length;
  }

  /** At each request event, before anything else happens with it. */
  requestArrived(response: ServerResponse): void {
    this.#requests += 1;
    response.once('close', () => {
      this.#requests -= 1;
    });
    this.#heard('request', ({ clean }) => clean);
  }

  /** Resolves when what is decided so far is also done (settled or released). */
  async decisionsDone(): Promise<void> {
    await Promise.all(this.#deciding);
  }

  /** Calls `decide` once, when it is known whether the peer got this answer. */
  watch(response: ServerResponse, decide: Decide): BeforeLastByte {
    const answer: Answer = { decide, open: false, clean: false, finished: false, sign: undefined };
    this.#answers.add(answer);
    response.once('finish', () => {
      answer.finished = true;
      if (answer.sign !== undefined) {
        this.#decide(answer, this.#proven(answer.sign));
      }
    });
    response.once('close', () => {
      if (!answer.finished) {
        this.#decide(answer, undefined);
      }
    });
    return () => {
      const state = this.#look();
      answer.open = state?.peerClosed === false;
      if (state?.unread === 0 && this.#requests === 1 && this.#tail === END_OF_HEAD) {
        for (const each of this.#answers) {
          each.clean = true;
        }
      }
    };
  }

  /** A sign came: it counts for the answers that were given away before it. */
  #heard(sign: 'end' | 'request', countsFor: (answer: Answer) => boolean): void {
    const answers = [...this.#answers].filter(countsFor);
    for (const answer of answers) {
      answer.sign ??= sign;
    }
    const sent = answers.filter(({ finished }) => finished);
    if (sent.length > 0) {
      const receipt = this.#proven(sign);
      for (const answer of sent) {
        this.#decide(answer, receipt);
      }
    }
  }

  #proven(receipt: Receipt): Receipt {
    return this.#look()?.unacknowledged === 0 ? receipt : undefined;
  }

  #decide(answer: Answer, receipt: Receipt): void {
    if (this.#answers.delete(answer)) {
      const done = answer.decide(receipt).finally(() => this.#deciding.delete(done));
      this.#deciding.add(done);
    }
  }
}
