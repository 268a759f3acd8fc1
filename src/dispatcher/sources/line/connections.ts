/**
 * The open connections of one listener: bounded in number, per address and in time, and closed in the end.
 *
 * Made by the TCP sources of this folder. A connection beyond a bound, or from a network not allowed, is destroyed before a byte
 * of it is read; the door counts it. Sockets that fail do so silently: whoever speaks to us comes and goes as he likes.
 */

import type { Server, Socket } from 'node:net';

import { subscriberOf } from '../../../core/network.ts';
import { hostOf } from '../../../tls/raw-socket.ts';
import type { Door } from '../../model/ports.ts';
import type { Timers } from '../../model/timers.ts';
import type { AllowFrom } from './allow-from.ts';
import type { Sayings } from './sayings.ts';

export interface ConnectionBounds {
  readonly total: number;
  /** Of IPv6 per /64. */
  readonly perAddress: number;
  /** Whatever it does, a connection ends after so long; undefined: never. */
  readonly lifeMs?: number;
}

interface ConnectionDeps {
  readonly source: string;
  readonly door: Pick<Door, 'refused'>;
  readonly timers: Timers;
  readonly sayings: Sayings;
  readonly allowed: AllowFrom;
}

export class Connections {
  readonly #bounds: ConnectionBounds;
  readonly #deps: ConnectionDeps;
  readonly #open = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();

  constructor(bounds: ConnectionBounds, deps: ConnectionDeps) {
    this.#bounds = bounds;
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Before any other listener of `connection`. */
  watch(server: Server): void {
    server.maxConnections = this.#bounds.total;
    server.on('drop', () => this.#refuse('busy', 'too many connections'));
    server.prependListener('connection', (socket: Socket) => this.#begin(socket));
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #begin(socket: Socket): void {
    socket.on('error', () => undefined);
    const address = hostOf(socket);
    const subscriber = subscriberOf(address);
    const count = (this.#perAddress.get(subscriber) ?? 0) + 1;
    this.#perAddress.set(subscriber, count);
    this.#open.add(socket);
    const { lifeMs } = this.#bounds;
    const cancel = lifeMs === undefined ? undefined : this.#deps.timers.after(lifeMs, () => socket.destroy());
    socket.once('close', () => {
      cancel?.();
      this.#open.delete(socket);
      const left = (this.#perAddress.get(subscriber) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(subscriber);
      else this.#perAddress.set(subscriber, left);
    });
    if (!this.#deps.allowed.allows(socket.remoteAddress)) {
      this.#refuse('not-allowed', `${address} is not in allow_from`);
      socket.destroy();
    } else if (count > this.#bounds.perAddress) {
      this.#refuse('busy', `too many connections from ${address}`);
      socket.destroy();
    }
  }

  #refuse(reason: 'not-allowed' | 'busy', words: string): void {
    this.#deps.door.refused(reason);
    this.#deps.sayings.warn(reason, `${this.#deps.source}: connection refused: ${words}`);
  }
}
