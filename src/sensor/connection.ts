/**
 * One accepted TLS connection: who it is, what it may, its turn-taking and its patience. Made by server.ts at
 * `secureConnection`.
 *
 * Requests of a connection are answered one after the other, also when they were sent ahead. A peer that takes
 * no byte for connectionLimits.stallMs while something is owed to it is cut off; one that has all of a consuming
 * answer may think about it for undecidedMs.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { connectionLimits } from '../core/limits.ts';
import type { PeerIdentity } from '../tls/peer.ts';
import type { Rights } from '../tls/roles.ts';
import type { Connection } from './context.ts';
import type { PortPair, TcpTable } from '../os/proc-net.ts';
import { ReceiptWatch } from './receipt.ts';

interface ConnectionFacts {
  readonly peer: PeerIdentity;
  readonly rights: Rights;
  readonly consumer: string | undefined;
  readonly address: string;
}

/** A socket's timer runs at half of the stall limit, so that two silent halves are a stall. */
export const STALL_TICK_MS = connectionLimits.stallMs / 2;

export class SensorConnection implements Connection {
  readonly peer: PeerIdentity;
  readonly rights: Rights;
  readonly consumer: string | undefined;
  readonly address: string;
  readonly receipts: ReceiptWatch;
  readonly socket: TLSSocket;
  readonly #ports: PortPair;
  readonly #table: TcpTable;
  readonly #responses = new Set<ServerResponse>();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #silentMs = 0;
  #owed: number | undefined;
  #retired = false;

  constructor(socket: TLSSocket, table: TcpTable, facts: ConnectionFacts) {
    this.peer = facts.peer;
    this.rights = facts.rights;
    this.consumer = facts.consumer;
    this.address = facts.address;
    this.socket = socket;
    this.#table = table;
    this.#ports = {
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
    };
    this.receipts = new ReceiptWatch(socket, () => table.look(this.#ports));
  }

  /** The next answer is the last: the peer is to show its certificate again. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  /** Something is being answered, or an answer's fate is open. */
  get busy(): boolean {
    return this.#waiting > 0 || this.receipts.undecided > 0;
  }

  /** One request is under way, its body has not come to an end, and no byte of its answer has been given away. */
  get receiving(): boolean {
    const [response] = this.#responses;
    if (response === undefined || this.#responses.size > 1 || this.receipts.undecided > 0) return false;
    return !response.req.complete && !response.headersSent;
  }

  /**
   * Runs `answer` when all earlier requests of the connection are answered; not at all when it is gone by then. Resolves
   * when it is closed. False: too much was sent ahead, the connection is cut.
   */
  take(
    request: IncomingMessage,
    response: ServerResponse,
    answer: () => Promise<void>,
  ): Promise<void> | false {
    this.receipts.requestArrived(response);
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    this.#silentMs = 0;
    this.#owed = undefined;
    this.#waiting += 1;
    if (this.#waiting > connectionLimits.pipelinedRequests) {
      this.#waiting -= 1;
      this.socket.destroy();
      return false;
    }
    const before = this.#turn;
    this.#turn = (async () => {
      try {
        await before;
        await this.receipts.decisionsDone();
        if (!request.socket.destroyed) {
          const closed = closedOf(response);
          await answer();
          await closed;
        }
      } finally {
        this.#waiting -= 1;
      }
    })();
    return this.#turn;
  }

  /** Resolves when nothing of this connection is under way any more. */
  async idle(): Promise<void> {
    await this.#turn;
    await this.receipts.decisionsDone();
  }

  /** The socket's timer ran: true when the peer's patience with us, or ours with it, is over. */
  timedOut(): boolean {
    if (!this.busy) {
      return true;
    }
    this.#silentMs += STALL_TICK_MS;
    const owed = this.#table.look(this.#ports)?.unacknowledged;
    const before = this.#owed;
    this.#owed = owed;
    if (owed === 0 && this.receipts.undecided > 0) {
      return this.#silentMs >= connectionLimits.undecidedMs;
    }
    if (owed !== undefined && before !== undefined && owed < before) {
      this.#silentMs = 0;
    }
    return this.#silentMs >= connectionLimits.stallMs;
  }
}

async function closedOf(response: ServerResponse): Promise<void> {
  if (response.closed) {
    return;
  }
  await new Promise<void>((resolve) => {
    response.once('close', () => resolve());
  });
}
