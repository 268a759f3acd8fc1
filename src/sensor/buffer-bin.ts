/**
 * Gives the memory of a chunk back as soon as it is sent, not at some later garbage collection. One per server,
 * used by stream-claim.ts.
 *
 * The journal's thread hands each chunk over in a buffer of its own. V8 lets about 30 MB of such buffers pile up
 * before it looks (measured: the whole of a 10,000 alert answer). A message posted to a closed port is dropped
 * at once, and what was transferred with it is freed with it; the language has no other way in Node 20.
 */

import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

export class BufferBin {
  readonly #port: MessagePort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    port1.close();
    port2.close();
    this.#port = port1;
  }

  /** The bytes are gone afterwards: only for a buffer that nobody else has, after its write was completed. */
  discard(bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes;
    if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) {
      this.#port.postMessage(undefined, [buffer]);
    }
  }
}
