/** Records as JSON can carry them: no bytes. */

import { RelayError } from '../../../core/errors.ts';
import type { MessageRecord, PairRecord, Store } from '../../model/store.ts';

export type PlainMessage = Omit<MessageRecord, 'body'> & { readonly bytes: number; readonly xml?: string };

export function plainMessage({ body, ...record }: MessageRecord, withXml = false): PlainMessage {
  return { ...record, bytes: body.length, ...(withXml ? { xml: body.toString('utf8') } : {}) };
}

/** Newest last, as somebody reads a story. */
export function inOrder(pairs: readonly PairRecord[]): readonly PairRecord[] {
  return pairs.toSorted((a, b) => a.seq - b.seq || a.recipient.localeCompare(b.recipient));
}

/** By number or by id (32 hex digits). Throws RelayError NOT_FOUND. */
export async function messageOf(store: Pick<Store, 'message'>, id: string): Promise<MessageRecord> {
  const found = await store.message(id.length === 32 ? id : Number(id));
  if (found !== undefined) return found;
  throw new RelayError('NOT_FOUND', `there is no message ${id}`, {
    hint: 'retention may have removed it; messages search lists what is there',
  });
}
