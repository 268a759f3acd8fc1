/**
 * A recipient's own pace: the pause after failures, and ntopng's `every` and `budget`: rounds at least `everyMs` apart, each of at most
 * `budget` calls, the first one as soon as something is due. A round is over when nothing is due any more.
 *
 * Made by lane.ts. Kept in the store beside the providers' limits, under `recipient:NAME`, so that a restart neither forgets a pause
 * nor grants a second budget: there `tokens` are the calls left in the round that began at `updatedAt`.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { LimitState } from '../model/delivery.ts';
import type { Timers } from '../model/timers.ts';

const PREFIX = 'recipient:';

/** Calls of a round without a budget: no bound but what is due. */
const UNBOUNDED = 1_000_000_000;

export interface Rhythm {
  readonly everyMs: number | undefined;
  readonly budget: number | undefined;
}

export class Pace {
  readonly #timers: Timers;
  readonly #key: string;
  /** Monotonic ms. */
  #openAt = -Infinity;
  #roundAt = -Infinity;
  #callsLeft = 0;

  constructor(timers: Timers, recipient: string) {
    this.#timers = timers;
    this.#key = `${PREFIX}${recipient}`;
  }

  /** `uncleanAt`, wall ms: of a round from before it is not known how much of its budget calls under way have taken. */
  load(state: LimitState, uncleanAt: number): void {
    const ahead = this.#timers.monotonic() - this.#timers.now();
    const now = this.#timers.monotonic();
    this.#openAt = Math.min(state.notBefore + ahead, now + outboxLimits.retryAfterMaxMs);
    this.#roundAt = Math.min(state.updatedAt + ahead, now);
    this.#callsLeft = state.updatedAt > uncleanAt ? state.tokens : 0;
  }

  state(): LimitState {
    const ahead = this.#timers.now() - this.#timers.monotonic();
    const wall = (at: number): number => (at === -Infinity ? 0 : Math.round(at + ahead));
    return {
      key: this.#key,
      tokens: this.#callsLeft,
      updatedAt: wall(this.#roundAt),
      notBefore: wall(this.#openAt),
    };
  }

  /** Milliseconds until a call may be made; 0: now. */
  waitMs({ everyMs }: Rhythm): number {
    const now = this.#timers.monotonic();
    const roundOpen = this.#callsLeft > 0;
    const round = everyMs === undefined || roundOpen ? 0 : this.#roundAt + everyMs - now;
    return Math.max(0, this.#openAt - now, round);
  }

  /** When the pause after failures ends, wall ms; undefined: it has. */
  get pausedUntil(): number | undefined {
    const rest = this.#openAt - this.#timers.monotonic();
    return rest > 0 ? this.#timers.now() + rest : undefined;
  }

  callBegins({ everyMs, budget }: Rhythm): void {
    if (everyMs === undefined) return;
    const now = this.#timers.monotonic();
    if (this.#callsLeft <= 0 || now >= this.#roundAt + everyMs) {
      this.#roundAt = now;
      this.#callsLeft = Math.max(1, budget ?? UNBOUNDED);
    }
    this.#callsLeft -= 1;
  }

  nothingDue(): void {
    this.#callsLeft = 0;
  }

  pause(ms: number): void {
    this.#openAt = this.#timers.monotonic() + ms;
  }

  open(): void {
    this.#openAt = -Infinity;
  }
}

/** The recipient whose pace is kept under that key; undefined for a provider's. */
export function pacedBy(key: string): string | undefined {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined;
}
