/**
 * Who may call next: a lane asks for a turn and gets it when each of its limit keys has a token, no ban stands, and not too many
 * calls are under way. The tokens are reserved with the turn, before anything is claimed, and spent when the call is made.
 *
 * Made by outbox.ts. First come, first served, except that ntopng's `priority` counts as having come earlier (up to half a minute), so
 * nobody starves. A lane whose own chat is exhausted does not stand in the way of others that share its bot.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { LimitSpec } from '../model/sink.ts';
import type { Timers } from '../model/timers.ts';
import type { Buckets } from './buckets.ts';

/** How much earlier one point of priority (0 to 999) counts as having come. */
const PRIORITY_POINT_MS = 30;

export interface Turn {
  /** A provider has banned one of its keys since it was granted. */
  readonly barred: boolean;
  /** The call is made now: its tokens are spent. Without it they go back at the end. */
  spend(): void;
  /** The call is over, or never was. */
  end(): void;
}

export interface TurnRequest {
  /** Undefined: withdrawn before it was granted. */
  readonly turn: Promise<Turn | undefined>;
  /** Withdraws it; without effect once it is granted. */
  withdraw(): void;
}

interface Waiting {
  readonly specs: readonly LimitSpec[];
  readonly rank: number;
  readonly grant: (turn: Turn | undefined) => void;
}

export class Turns {
  readonly #timers: Timers;
  readonly #buckets: Buckets;
  readonly #most: number;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #cancel: (() => void) | undefined;

  constructor(timers: Timers, buckets: Buckets, most: number = outboxLimits.callsUnderWay) {
    this.#timers = timers;
    this.#buckets = buckets;
    this.#most = most;
  }

  get underWay(): number {
    return this.#underWay;
  }

  request(specs: readonly LimitSpec[], priority: number): TurnRequest {
    let withdraw = (): void => undefined;
    const turn = new Promise<Turn | undefined>((grant) => {
      const rank = this.#timers.monotonic() - priority * PRIORITY_POINT_MS;
      const waiting: Waiting = { specs, rank, grant };
      const place = this.#waiting.findLastIndex((other) => other.rank <= rank) + 1;
      this.#waiting.splice(place, 0, waiting);
      withdraw = () => {
        const before = this.#waiting.length;
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        if (this.#waiting.length < before) grant(undefined);
      };
    });
    this.serve();
    return { turn, withdraw };
  }

  /** Looks who can go now. Also called when a provider has changed a limit. */
  serve(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    let soonest = Infinity;
    const still: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const wait = this.#underWay < this.#most ? this.#buckets.waitMs(waiting.specs) : Infinity;
      if (wait <= 0) {
        this.#buckets.reserve(waiting.specs);
        this.#underWay += 1;
        waiting.grant(this.#turn(waiting.specs));
      } else {
        soonest = Math.min(soonest, wait);
        still.push(waiting);
      }
    }
    this.#waiting = still;
    if (soonest < Infinity) {
      this.#cancel = this.#timers.after(Math.min(soonest, outboxLimits.waitStepMs), () => this.serve());
    }
  }

  #turn(specs: readonly LimitSpec[]): Turn {
    let spent = false;
    const isBarred = (): boolean => this.#buckets.isBanned(specs);
    return {
      get barred() {
        return isBarred();
      },
      spend: () => {
        if (!spent) this.#buckets.spend(specs);
        spent = true;
      },
      end: () => {
        if (!spent) this.#buckets.giveBack(specs);
        this.#underWay -= 1;
        this.serve();
      },
    };
  }

  /** Everybody who still waits goes without a turn. */
  close(): void {
    this.#cancel?.();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { grant } of waiting) grant(undefined);
  }
}
