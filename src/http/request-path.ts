/** The path of a request target, as routers match it and counters name it. Used by src/sensor and src/dispatcher. */

/** In origin, absolute or asterisk form (RFC 9112 §3.2); a query does not matter. */
export function pathOf(target: string): string {
  const absolute = /^https?:\/\/[^/?]*(.*)$/i.exec(target);
  const rest = absolute === null ? target : (absolute[1] ?? '');
  return rest.replace(/[?#].*$/s, '') || '/';
}
