/**
 * Answers being streamed, per certificate (plain-get.ts). A slow reader costs the work of filling its buffers and a chunk
 * of memory for as long as it takes; so a certificate has connectionLimits.streamsPerPeer of them, and a further one is
 * refused, which costs nothing. Leased answers are bounded by leases.ts.
 */

import type { ServerResponse } from 'node:http';
import { connectionLimits } from '../core/limits.ts';

export class Streams {
  readonly #perPeer = new Map<string, number>();
  #size = 0;

  /** Of all certificates. */
  get size(): number {
    return this.#size;
  }

  /** Takes a place until the answer is closed; false when the peer has all of its places. */
  enter(peer: string, response: ServerResponse): boolean {
    const held = this.#perPeer.get(peer) ?? 0;
    if (held >= connectionLimits.streamsPerPeer) return false;
    this.#perPeer.set(peer, held + 1);
    this.#size += 1;
    response.once('close', () => this.#leave(peer));
    return true;
  }

  #leave(peer: string): void {
    const held = (this.#perPeer.get(peer) ?? 1) - 1;
    if (held === 0) this.#perPeer.delete(peer);
    else this.#perPeer.set(peer, held);
    this.#size -= 1;
  }
}
