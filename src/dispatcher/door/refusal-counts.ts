/**
 * Refusals on their way into the store: counted at once, written in groups, so that a flood of bad requests costs no more
 * commits than the disk makes anyway.
 *
 * Used by the door. While one write is under way further counts gather for the next. What could not be written is kept for the
 * next refusal, and said once until writing works again.
 */

import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { RefusalReason } from '../model/ports.ts';
import type { Store } from '../model/store.ts';

export class RefusalCounts {
  readonly #store: Pick<Store, 'refused'>;
  readonly #log: Logger;
  readonly #waiting = new Map<RefusalReason, number>();
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor(store: Pick<Store, 'refused'>, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  add(reason: RefusalReason, count: number): void {
    this.#waiting.set(reason, (this.#waiting.get(reason) ?? 0) + count);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing is being written. */
  async settle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      // What is added meanwhile stands behind the others and comes up in this loop too.
      for (const reason of this.#waiting.keys()) await this.#write(reason);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.error(`refusals cannot be counted: ${messageOf(error)}`);
      this.#isFailing = true;
    } finally {
      // In the same turn as the end of the loop: what is added next begins another one.
      this.#writing = undefined;
    }
  }

  async #write(reason: RefusalReason): Promise<void> {
    const count = this.#waiting.get(reason) ?? 0;
    this.#waiting.delete(reason);
    try {
      await this.#store.refused(reason, count);
    } catch (error) {
      this.#waiting.set(reason, (this.#waiting.get(reason) ?? 0) + count);
      throw error;
    }
  }
}
