/**
 * What happens often is said seldom: each kind of warning once, then again after lineLimits.repeatMs with how many there were.
 *
 * One of each source; kinds are a handful of constants, so nothing of a sender's makes it grow. Counting is the door's business.
 */

import { lineLimits } from '../../../core/limits.ts';
import type { Clock, Logger } from '../../../core/ports.ts';

interface Saying {
  at: number;
  unsaid: number;
}

export class Sayings {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #said = new Map<string, Saying>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `count` times of one kind; `words` stand for the latest of them. */
  warn(kind: string, words: string, count = 1): void {
    const now = this.#clock.monotonic();
    const before = this.#said.get(kind);
    if (before !== undefined && now - before.at < lineLimits.repeatMs) {
      before.unsaid += count;
      return;
    }
    const total = (before?.unsaid ?? 0) + count;
    this.#said.set(kind, { at: now, unsaid: 0 });
    this.#log.warning(total === 1 ? words : `${words} (${total} times since it was last said)`, {
      event: kind,
    });
  }
}
