/**
 * A process that can be killed at every await: whatever the outbox asks of the outside goes through `pass`, before and after which
 * the process may die. What was done by then is done; nobody hears of it any more, no timer of it fires, no promise of it settles.
 */

import type { Timers } from '../../../src/dispatcher/model/timers.ts';
import type { VirtualTimers } from '../../support/virtual-timers.ts';
import type { Chance } from './chance.ts';

/** Of awaits that take time, the longest, ms. */
const LONGEST_MS = 30;
const TAKES_TIME = 0.1;

export class Mortal {
  readonly #timers: VirtualTimers;
  readonly #chance: Chance;
  readonly #fuse: number;
  alive = true;
  /** Awaits passed so far. */
  points = 0;

  /** `fuse`: how many awaits it survives; Infinity: all. */
  constructor(timers: VirtualTimers, chance: Chance, fuse: number) {
    this.#timers = timers;
    this.#chance = chance;
    this.#fuse = fuse;
  }

  timers(): Timers {
    return {
      now: () => this.#timers.now(),
      monotonic: () => this.#timers.monotonic(),
      after: (ms, work) =>
        this.#timers.after(ms, () => {
          if (this.alive) work();
        }),
    };
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    await this.#point();
    const result = await work();
    await this.#point();
    return result;
  }

  /** For what settles without the virtual clock, in turns of its own. */
  passStore<T>(work: () => Promise<T>): Promise<T> {
    return this.pass(async () => {
      this.#timers.busy += 1;
      try {
        return await work();
      } finally {
        this.#timers.busy -= 1;
      }
    });
  }

  kill(): void {
    this.alive = false;
  }

  async #point(): Promise<void> {
    if (this.alive) {
      this.points += 1;
      if (this.points >= this.#fuse) this.kill();
    }
    if (this.alive && this.#chance.is(TAKES_TIME)) {
      await new Promise<void>((resolve) => {
        this.#timers.after(this.#chance.between(0, LONGEST_MS), resolve);
      });
    }
    if (!this.alive) await new Promise(() => undefined);
  }
}
