/**
 * The header `Content-Digest: sha-256=:…:` (RFC 9530), made and verified.
 *
 * Called by src/poller (answers of a sensor) and src/destinations (batches for our own receivers).
 */

import { createHash } from 'node:crypto';

export function contentDigest(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `sha-256=:${hash.digest('base64')}:`;
}

/** False when a SHA-256 is stated and differs, undefined when none is stated. Other algorithms are passed over. */
export function verifyContentDigest(header: string | undefined, body: Uint8Array): boolean | undefined {
  const stated = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]*):/.exec(header ?? '')?.[1];
  if (stated === undefined) return undefined;
  return createHash('sha256').update(body).digest('base64') === stated;
}
