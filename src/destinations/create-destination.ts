/**
 * Which destination a `--manager` URL names. Called by src/poller once per profile and URL, when there is something to
 * deliver; loads only the kind that is asked for.
 *
 * `file:` a directory, `https:` a receiver over HTTP, `prelude:` a prelude-manager. Anything else is a RelayError
 * CONFIG; src/cli has refused it already with the option's name.
 */

import { RelayError } from '../core/errors.ts';
import type { Destination } from './destination.ts';
import type { GatewayOptions } from './gateway.ts';
import type { PreludeOptions } from './prelude/prelude-destination.ts';

export type DestinationOptions = GatewayOptions & PreludeOptions;

export async function createDestination(url: URL, options: DestinationOptions): Promise<Destination> {
  switch (url.protocol) {
    case 'file:': {
      const { createFileDestination } = await import('./file-destination.ts');
      return createFileDestination(url);
    }
    case 'https:': {
      const { createGateway } = await import('./gateway.ts');
      return createGateway(url, options);
    }
    case 'prelude:': {
      const { createPreludeDestination } = await import('./prelude/prelude-destination.ts');
      return createPreludeDestination(url, options);
    }
    default:
      throw new RelayError('CONFIG', `destination ${url.protocol}//${url.host} has an unknown scheme`, {
        hint: 'https://…, prelude://… and file:///directory are known',
      });
  }
}
