/** What several providers want to know of a notification beside its text. Pure. */

import { createHash } from 'node:crypto';

import type { Severity } from '../../../core/severity.ts';
import type { Notification, SendMessage } from '../../model/sink.ts';

/** Of its gravest message; unrated counts as medium, a test as info. */
export function gravest({ messages, digest, form }: Notification): Severity {
  if (form === 'test') return 1;
  const ranks = messages.map(({ view }) => view.urgency);
  for (const [rank, count] of Object.entries(digest?.severities ?? {})) {
    if (count > 0) ranks.push(rankOf(Number(rank)));
  }
  return ranks.reduce<Severity>((most, rank) => (rank > most ? rank : most), ranks.length === 0 ? 3 : 1);
}

/** A digest counts by rank. */
function rankOf(rank: number): Severity {
  const known = ([1, 2, 3, 4] as const).find((one) => one === rank);
  return known ?? 3;
}

export function incidentOf({ messages }: Notification): SendMessage['incident'] {
  return messages.find(({ incident }) => incident !== undefined)?.incident;
}

/**
 * The same for the same message at every repetition, and different for every other: the id of documents and alerts made of it. 40
 * hex digits over its bytes and who brought it.
 */
export function documentId({ body, origin }: Pick<SendMessage, 'body' | 'origin'>): string {
  const { source, peer = '', profile = '', sensor = '', key = '' } = origin;
  return createHash('sha256')
    .update(JSON.stringify([source, peer, profile, sensor, key]))
    .update(body)
    .digest('hex')
    .slice(0, 40);
}
