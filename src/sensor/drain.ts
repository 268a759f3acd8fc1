/**
 * The wait of an orderly stop: until nobody is being answered, no sent answer is undecided and nobody who is still
 * connected holds a lease, or the time is over. Called by server.ts.
 */

import type { SensorConnection } from './connection.ts';
import type { Leases } from './leases.ts';

const LOOK_EVERY_MS = 20;

export async function drained(
  connections: ReadonlyMap<unknown, SensorConnection>,
  leases: Leases,
  limitMs: number,
): Promise<void> {
  const isDone = (): boolean =>
    [...connections.values()].every(({ busy, peer }) => !busy && !leases.holds(peer.key));
  await new Promise<void>((resolve) => {
    if (isDone()) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearInterval(look);
      clearTimeout(limit);
      resolve();
    };
    const look = setInterval(() => {
      if (isDone()) {
        finish();
      }
    }, LOOK_EVERY_MS);
    const limit = setTimeout(finish, limitMs);
  });
}
