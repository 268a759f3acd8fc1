/**
 * The memory files are read into: one block, used again for each group, because a buffer per file of 3 kB costs more
 * in garbage collection than its reading. What was read is valid until `reset`; the journal has copied it by then.
 */

import { journalLimits } from '../../core/limits.ts';

export class ReadBuffer {
  readonly #block = Buffer.allocUnsafeSlow(journalLimits.commitBytes);
  #used = 0;

  /** Everything read before may be overwritten from now on. */
  reset(): void {
    this.#used = 0;
  }

  /** Room for a file; memory of its own when the block has no room left. */
  take(bytes: number): Buffer {
    const start = this.#used;
    if (start + bytes > this.#block.length) return Buffer.allocUnsafeSlow(bytes);
    this.#used += bytes;
    return this.#block.subarray(start, start + bytes);
  }
}
