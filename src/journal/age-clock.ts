/**
 * How old something is, on a wall clock that may be set: for what is dropped by age (retention.ts, lapse.ts).
 *
 * Stamps are wall times, because they must outlive the process. A clock set forward (a host without a battery that
 * finds its time server) would make everything old at once; so after such a step nothing counts as older than
 * the limit until that much time has really passed. A clock set back only delays.
 */

import type { Clock } from '../core/ports.ts';
import { journalLimits } from '../core/limits.ts';

export class AgeClock {
  readonly #clock: Clock;
  readonly #openedAt: number;
  #wall: number;
  #monotonic: number;
  /** When the wall clock was last seen to be set forward, on the monotonic clock. */
  #steppedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#openedAt = this.#monotonic;
  }

  /** Milliseconds since the journal was opened. */
  get openFor(): number {
    return this.#clock.monotonic() - this.#openedAt;
  }

  /** What was stamped before this wall time is older than `ageMs`; -Infinity when that cannot be told now. */
  before(ageMs: number): number {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const stepped = wall - this.#wall - (monotonic - this.#monotonic);
    if (stepped > journalLimits.clockStepMs) this.#steppedAt = monotonic;
    this.#wall = wall;
    this.#monotonic = monotonic;
    return monotonic - this.#steppedAt < ageMs ? -Infinity : wall - ageMs;
  }
}
