/** Paths of requests as they are counted, where what a peer makes up must not become a label of ours. */

import { pathOf } from '../http/request-path.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** Path and method as labels. */
export function requestLabels(
  target: string,
  method: string,
): { readonly path: string; readonly method: string } {
  const path = pathOf(target);
  return { path: pathLabel(path), method: METHODS.has(method) ? method : 'other' };
}

function pathLabel(path: string): string {
  if (path === '/' || path === '/metrics' || path === '/healthz') return path;
  const lease = /^\/leases\/[A-Za-z0-9_-]+(\/release)?$/.exec(path);
  if (lease === null) return 'other';
  return lease[1] === undefined ? '/leases/TOKEN' : '/leases/TOKEN/release';
}
