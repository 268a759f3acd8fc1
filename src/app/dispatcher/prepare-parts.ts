/** Several parts of the service that a new configuration must suit, as one: all of them are ready for it, or none is touched. */

import type { Prepared } from './configuration.ts';

/** In order. Rejects with what the first one rejects with, after the others have been given up. */
export async function prepareParts(parts: readonly (() => Promise<Prepared>)[]): Promise<Prepared> {
  const ready: Prepared[] = [];
  const discard = async (): Promise<void> => {
    for (const part of ready.toReversed()) await part.discard();
  };
  try {
    for (const prepare of parts) ready.push(await prepare());
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async commit() {
      for (const part of ready) await part.commit();
    },
    discard,
  };
}
