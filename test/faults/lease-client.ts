/**
 * The simplest right client of a sensor: takes a batch, keeps it, acknowledges it, until there is nothing more. A repeat
 * of what it has (same journal, same sequence) is recognised, so that what it holds twice was taken in twice.
 */

import { setTimeout as delay } from 'node:timers/promises';

import type { World } from '../support/world.ts';
import { arrivalsIn, type Arrival } from './fault-alert.ts';

const PAUSE_MS = 100;

export class LeaseClient {
  readonly #held: Map<string, Arrival>;
  readonly #world: Pick<World, 'ask'>;

  /** @param held shared with clients that poll the same sensor */
  constructor(world: Pick<World, 'ask'>, held = new Map<string, Arrival>()) {
    this.#world = world;
    this.#held = held;
  }

  arrivals(): Arrival[] {
    return [...this.#held.values()];
  }

  ids(): Set<string> {
    return new Set(this.arrivals().map(({ id }) => id));
  }

  /**
   * Until the sensor says that nothing is due; the first question waits so long for something. A 429 or 5xx is asked
   * again for so long. Rejects when the sensor dies or answers what it should not.
   */
  async drain(waitSeconds: number, patienceMs = 0, batch = 3): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (let wait = waitSeconds; ; wait = 0) {
      const answer = await this.#world.ask({ headers: { Prefer: `lease=15, wait=${wait}, batch=${batch}` } });
      if (answer.status === 404) return;
      if ((answer.status === 429 || answer.status >= 500) && performance.now() < deadline) {
        await delay(PAUSE_MS);
        continue;
      }
      if (answer.status !== 200)
        throw new Error(`the sensor answered ${answer.status}: ${answer.body.toString()}`);
      const [journal = '', ranges = ''] = String(answer.headers['idmef-sequence']).split('; ');
      const sequences = expand(ranges);
      const arrivals = arrivalsIn(answer.body);
      if (arrivals.length !== sequences.length)
        throw new Error(`${ranges} came with ${arrivals.length} alerts`);
      arrivals.forEach((arrival, index) => this.#held.set(`${journal} ${sequences[index]}`, arrival));
      const [token = ''] = String(answer.headers['idmef-lease']).split(';');
      const settled = await this.#world.ask({ method: 'DELETE', path: `/leases/${token}` });
      // Not settled: it comes again, under another token, and is recognised.
      if (settled.status === 410 || (settled.status >= 500 && performance.now() < deadline)) continue;
      if (settled.status !== 204)
        throw new Error(`an acknowledgement was answered ${settled.status}: ${settled.body.toString()}`);
    }
  }
}

function expand(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
