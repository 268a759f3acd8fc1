/**
 * URLs an operator writes: the sensor, the destinations, the proxy. Called by the http-proxy configuration.
 *
 * Normalised once (scheme and host in lower case, `/` as path), because a destination's URL is its identity:
 * its queue is found again by it. What would send alerts in the clear is refused here, before anything runs.
 */

import { RelayError } from '../core/errors.ts';
import { readPreludeUrl } from '../destinations/prelude/prelude-url.ts';
import { BadValue } from './values.ts';

/** `https://HOST[:PORT]/`. */
export function parseSensorUrl(text: string): URL {
  const url = parseUrl(text, 'https://sensor:3128/');
  if (url.protocol !== 'https:') {
    throw new BadValue(`must start with https://, not '${text}'`, 'alerts are fetched over mutual TLS only');
  }
  return withHost(url, text);
}

/** `https://HOST[:PORT]/PATH`, `file:///DIR` or `prelude://HOST[:PORT]?profile=NAME`. */
export function parseManagerUrl(text: string): URL {
  const url = parseUrl(text, 'https://gateway:3128/, file:///DIR or prelude://manager:4690?profile=NAME');
  switch (url.protocol) {
    case 'https:':
      return withHost(url, text);
    case 'file:':
      if (!/^file:\/\/\//i.test(text) || url.host !== '') {
        throw new BadValue(
          `must have three slashes, not '${text}'`,
          'file:///DIR with the whole path of DIR',
        );
      }
      if (url.search !== '') throw new BadValue(`must be a directory without '?', not '${text}'`);
      return url;
    case 'prelude:':
      return preludeUrl(url);
    case 'http:':
      throw new BadValue(`must not be plain http: '${text}'`, 'alerts leave over TLS only: https://');
    default:
      throw new BadValue(`must start with https://, file:/// or prelude://, not '${text}'`);
  }
}

/** `http://HOST:PORT/`. */
export function parseProxyUrl(text: string): URL {
  const url = parseUrl(text, 'http://proxy:3128/');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BadValue(`must start with http:// or https://, not '${text}'`);
  }
  return url;
}

function preludeUrl(url: URL): URL {
  try {
    readPreludeUrl(url);
    return url;
  } catch (error) {
    if (error instanceof RelayError) throw new BadValue(error.message, error.hint);
    throw error;
  }
}

function parseUrl(text: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw new BadValue(`must be a URL, not '${text}'`, `for example ${example}`);
  }
  if (url.hash !== '') throw new BadValue(`must not have a '#' part: '${text}'`);
  return url;
}

function withHost(url: URL, text: string): URL {
  if (url.username !== '' || url.password !== '') {
    throw new BadValue(`must not carry a user or password: '${url.protocol}//…@${url.host}/'`);
  }
  if (url.hostname === '') throw new BadValue(`must name a host: '${text}'`);
  return url;
}
