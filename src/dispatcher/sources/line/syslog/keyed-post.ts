/**
 * AlertGateway's form of a post over syslog: `<anything>|ALERTGW|{"token":"<key>","channel":"<name>|*"}` (reference: A.1.3).
 *
 * Called by syslog-alert.ts for every message. What stands before the last marker is the text, header and all. A message that has
 * the marker but no such object behind it is malformed: it may hold a key, so it is never taken for an ordinary one.
 */

export const MARKER = '|ALERTGW|';

export type KeyedPost =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'post'; readonly text: string; readonly token: string; readonly channel: string };

export function readKeyedPost(whole: string): KeyedPost {
  const at = whole.lastIndexOf(MARKER);
  if (at < 0) return { kind: 'none' };
  let value: unknown;
  try {
    value = JSON.parse(whole.slice(at + MARKER.length));
  } catch {
    return { kind: 'malformed' };
  }
  if (typeof value !== 'object' || value === null || !('token' in value) || !('channel' in value)) {
    return { kind: 'malformed' };
  }
  const { token, channel } = value;
  if (typeof token !== 'string' || typeof channel !== 'string' || token === '') return { kind: 'malformed' };
  return { kind: 'post', text: whole.slice(0, at), token, channel };
}
