/**
 * How a command reaches the store: through the running service's socket, or, when none runs, by opening the store itself. The store's lock
 * decides between the two without a race: who cannot have it asks the service again, which may be starting.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { RelayError } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import { connectControl, controlAnswers } from '../../dispatcher/control/control-client.ts';
import type { Control } from '../../dispatcher/control/call.ts';

export interface ControlPlace {
  readonly configFile: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly credentialsDirectory?: string;
}

/**
 * Throws RelayError JOURNAL_BUSY when somebody has the store and no socket answers for as long as a service takes to start.
 *
 * @param by who asks, for the audit log @param warn gets what somebody must know of a store that is opened here
 */
export async function openControl(
  place: ControlPlace,
  by: string,
  warn: (text: string) => void,
  patienceMs: number = dispatcherLimits.commandWaitMs,
): Promise<Control> {
  const until = performance.now() + patienceMs;
  for (;;) {
    if (await controlAnswers(place.socket)) return connectControl(place.socket, by);
    const { openAlone } = await import('./open-alone.ts');
    try {
      return await openAlone(place, by, warn);
    } catch (error) {
      if (!(error instanceof RelayError) || error.code !== 'JOURNAL_BUSY') throw error;
      if (performance.now() >= until) {
        // What has it is most likely the service: nobody should be told to end that.
        throw new RelayError('JOURNAL_BUSY', error.message, {
          hint: `a service that starts or ends: try again in a moment; one with another socket than ${place.socket}: --socket`,
          cause: error,
        });
      }
    }
    await delay(dispatcherLimits.commandRetryMs);
  }
}
