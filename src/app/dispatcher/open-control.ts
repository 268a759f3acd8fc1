/**
 * How a command reaches the store: through the running service's socket, or, when none runs, by opening the store itself. The store's lock
 * decides between the two without a race: who cannot have it is told to ask the service.
 */

import { connectControl, controlAnswers } from '../../dispatcher/control/control-client.ts';
import type { Control } from '../../dispatcher/control/call.ts';

export interface ControlPlace {
  readonly configFile: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly credentialsDirectory?: string;
}

/** @param by who asks, for the audit log */
export async function openControl(place: ControlPlace, by: string): Promise<Control> {
  if (await controlAnswers(place.socket)) return connectControl(place.socket, by);
  const { openAlone } = await import('./open-alone.ts');
  return await openAlone(place, by);
}
