/**
 * What is remembered of a feed between polls and restarts: which entries are known, and what its server said to ask with.
 *
 * Kept by feed-source.ts under one key of the store's state, as JSON. What cannot be read there counts as nothing: the feed is then new.
 */

import { feedLimits } from '../../../../core/limits.ts';

export interface FeedMemory {
  readonly url: string;
  readonly etag: string;
  readonly lastModified: string;
  /** Identities of entries, the latest seen last. */
  readonly known: readonly string[];
}

export function memoryKey(name: string): string {
  return `feed.${name}`;
}

/** Undefined for a feed never seen, or one whose address has changed. */
export function readMemory(text: string | undefined, url: string): FeedMemory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('url' in value) || value.url !== url) return undefined;
  const said = (name: string): string => {
    const each: unknown = Reflect.get(value, name);
    return typeof each === 'string' ? each : '';
  };
  const known: unknown = Reflect.get(value, 'known');
  return {
    url,
    etag: said('etag'),
    lastModified: said('lastModified'),
    known: Array.isArray(known) ? known.filter((each) => typeof each === 'string') : [],
  };
}

/** Known before, but for those seen now, then those seen now: all of these, and of the others the oldest are forgotten. */
export function remember(known: readonly string[], seen: readonly string[]): readonly string[] {
  const now = new Set(seen);
  return [...known.filter((identity) => !now.has(identity)), ...now].slice(
    -Math.max(feedLimits.remembered, now.size),
  );
}
