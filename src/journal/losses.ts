/**
 * Gathers what was dropped into one report per consumer and reason: `onLoss` is a line in a log, and a backlog of a
 * million is dropped in a thousand turns.
 *
 * Fed by retention.ts and lapse.ts after their commits, emptied by core.ts: the first loss at once, more of them
 * at most once in lossReportMs, and what is left at close. The counters are durable; a report is not.
 */

import type { Clock } from '../core/ports.ts';
import { journalLimits } from '../core/limits.ts';
import type { Loss } from './options.ts';

export class Losses {
  readonly #clock: Clock;
  readonly #gathered = new Map<string, Loss>();
  #reportedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(loss: Loss): void {
    const key = `${loss.reason} ${loss.consumer}`;
    const before = this.#gathered.get(key);
    this.#gathered.set(
      key,
      before === undefined
        ? loss
        : {
            ...loss,
            messages: before.messages + loss.messages,
            bytes: before.bytes + loss.bytes,
            from: Math.min(before.from, loss.from),
            to: Math.max(before.to, loss.to),
          },
    );
  }

  /** @param now all of it, however short the last report is ago */
  report(onLoss: ((loss: Loss) => void) | undefined, now = false): void {
    if (this.#gathered.size === 0) return;
    const time = this.#clock.monotonic();
    if (!now && time - this.#reportedAt < journalLimits.lossReportMs) return;
    this.#reportedAt = time;
    const losses = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const loss of losses) onLoss?.(loss);
  }
}
