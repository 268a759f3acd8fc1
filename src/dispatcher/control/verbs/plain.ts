/** Records as JSON can carry them: no bytes. */

import type { MessageRecord, PairRecord } from '../../model/store.ts';

export type PlainMessage = Omit<MessageRecord, 'body'> & { readonly bytes: number; readonly xml?: string };

export function plainMessage({ body, ...record }: MessageRecord, withXml = false): PlainMessage {
  return { ...record, bytes: body.length, ...(withXml ? { xml: body.toString('utf8') } : {}) };
}

/** Newest last, as somebody reads a story. */
export function inOrder(pairs: readonly PairRecord[]): readonly PairRecord[] {
  return pairs.toSorted((a, b) => a.seq - b.seq || a.recipient.localeCompare(b.recipient));
}
