/**
 * Names of the journal's consumers at the sensor: the shared queue, or those of `--consumer NAME[=SAN]`.
 * Called by src/app, which opens the journal with them and looks a poller up by its certificate.
 */

import { DEFAULT_CONSUMER } from '../journal/options.ts';

/** The queue all pollers share when no consumer is named. */
export const SHARED_CONSUMER = DEFAULT_CONSUMER;

export function consumerNames(consumers: readonly { readonly name: string }[]): readonly string[] {
  return consumers.length === 0 ? [SHARED_CONSUMER] : consumers.map(({ name }) => name);
}
