/**
 * Which destination a `--manager` URL names. Called by src/poller once per profile and URL.
 *
 * `file:` a directory, `https:` a receiver over HTTP. Anything else is a RelayError CONFIG; src/cli has
 * refused it already with the option's name.
 */

import { RelayError } from '../core/errors.ts';
import type { Destination } from './destination.ts';
import { createFileDestination } from './file-destination.ts';
import { createGateway, type GatewayOptions } from './gateway.ts';

export function createDestination(url: URL, options: GatewayOptions): Destination {
  switch (url.protocol) {
    case 'file:':
      return createFileDestination(url);
    case 'https:':
      return createGateway(url, options);
    default:
      throw new RelayError('CONFIG', `destination ${url.protocol}//${url.host} has an unknown scheme`, {
        hint: 'https://… and file:///directory are known',
      });
  }
}
