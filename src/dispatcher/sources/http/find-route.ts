/**
 * The route of a request target, and the parameters in its path. Used by http-app.ts to answer, and by take-request.ts to count.
 *
 * Paths are exact: no decoding, no dots, no doubled slashes; only a slash at the end makes no difference. A parameter is one segment, not
 * empty, of bounded length, decoded; what is no percent-encoding of UTF-8 is no path of ours.
 */

import { httpsLimits } from '../../../core/limits.ts';
import { pathOf } from '../../../http/request-path.ts';
import { type Route, routes } from './routes.ts';

export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const table = routes.map((route) => ({ route, segments: route.path.split('/') }));

export function findRoute(target: string): FoundRoute | undefined {
  const path = pathOf(target).replace(/(?<=.)\/$/, '');
  const given = path.split('/');
  for (const { route, segments } of table) {
    const params = segments.length === given.length ? match(segments, given) : undefined;
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function match(
  segments: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = given[index] ?? '';
    if (segment.startsWith(':')) {
      const value = decoded(text);
      if (value === undefined) return undefined;
      params[segment.slice(1)] = value;
    } else if (segment !== text) {
      return undefined;
    }
  }
  return params;
}

function decoded(text: string): string | undefined {
  if (text === '' || text.length > httpsLimits.pathSegmentBytes) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
