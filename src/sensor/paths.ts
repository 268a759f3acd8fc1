/**
 * Paths of requests: as router.ts matches them, and as they are counted, where what a peer makes up must not become a
 * label of ours.
 */

/** Path of a request target in origin, absolute or asterisk form (RFC 9112 §3.2); a query does not matter. */
export function pathOf(target: string): string {
  const absolute = /^https?:\/\/[^/?]*(.*)$/i.exec(target);
  const rest = absolute === null ? target : (absolute[1] ?? '');
  return rest.replace(/[?#].*$/s, '') || '/';
}

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
