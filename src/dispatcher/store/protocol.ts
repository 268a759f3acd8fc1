/**
 * What passes between a store's thread and its stub, over a MessagePort.
 *
 * The bytes of a batch of arrivals go in one buffer, which is handed over: a clone would copy them, and with each the pool it
 * came from. Everything else is cloned as it is; what comes out of a clone as bytes is made the Buffer it was.
 */

import type { CallNotice, PlainError } from '../../journal/protocol.ts';
import type { Receipt } from '../model/message.ts';
import type { Arrival, Store } from '../model/store.ts';
import { toBuffer } from './facts.ts';
import type { StoreLoss, StoreSetAside } from './options.ts';

/** Every verb of the interface but those the stub does by itself. */
export const verbNames = [
  'refused',
  'nameRecipients',
  'queues',
  'queue',
  'claim',
  'claimDigest',
  'finish',
  'abandon',
  'hold',
  'resume',
  'fallBack',
  'giveUp',
  'escalate',
  'limits',
  'storms',
  'setStorm',
  'endStorm',
  'dead',
  'redrive',
  'dismiss',
  'incidents',
  'incident',
  'setIncident',
  'closeSilent',
  'message',
  'messagesOf',
  'pairs',
  'notifications',
  'search',
  'analyzers',
  'silences',
  'addSilence',
  'expireSilence',
  'settings',
  'changeSettings',
  'users',
  'putUser',
  'removeUser',
  'keys',
  'findKey',
  'addKey',
  'changeKey',
  'keepConfig',
  'audit',
  'audited',
  'auditTrail',
  'verifyAudit',
  'state',
  'setState',
  'stats',
  'tidy',
  'backup',
] as const satisfies readonly (keyof Store)[];

export type VerbName = (typeof verbNames)[number];

export type Request =
  | { readonly call: number; readonly verb: VerbName | 'close'; readonly args: readonly unknown[] }
  | { readonly call: number; readonly verb: 'accept'; readonly packed: PackedArrivals };

export type Notice = CallNotice | StoreNotice;

export type StoreNotice =
  | { readonly kind: 'ready' }
  | { readonly kind: 'due'; readonly recipients: readonly string[] }
  | { readonly kind: 'set-aside'; readonly event: StoreSetAside }
  | { readonly kind: 'loss'; readonly event: StoreLoss };

/** What became of one batch of those that crossed together. */
export type Accepted = { readonly receipts: readonly Receipt[] } | { readonly error: PlainError };

/** Batches that were handed over in one turn (accept-together.ts). */
export interface PackedArrivals {
  /** Messages of each batch. */
  readonly counts: readonly number[];
  readonly parts: readonly Omit<Arrival, 'body' | 'hash'>[];
  /** Hash and body of each, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the bodies. */
  readonly lengths: readonly number[];
}

const HASH_BYTES = 32;

/** The caller keeps its buffers. */
export function packArrivals(batches: readonly (readonly Arrival[])[]): PackedArrivals {
  const batch = batches.flat();
  const lengths = batch.map(({ body }) => body.byteLength);
  const size = lengths.reduce((sum, length) => sum + length, batch.length * HASH_BYTES);
  // A buffer of its own, because it is given away.
  const bytes = Buffer.allocUnsafeSlow(size);
  let offset = 0;
  for (const { hash, body } of batch) {
    bytes.set(hash, offset);
    bytes.set(body, offset + HASH_BYTES);
    offset += HASH_BYTES + body.byteLength;
  }
  const counts = batches.map((one) => one.length);
  return { counts, parts: batch.map(({ hash: _hash, body: _body, ...part }) => part), bytes, lengths };
}

export function unpackArrivals({ counts, parts, bytes, lengths }: PackedArrivals): Arrival[][] {
  const all = toBuffer(bytes);
  let offset = 0;
  const batch = parts.map((part, index) => {
    const start = offset + HASH_BYTES;
    const end = start + (lengths[index] ?? 0);
    const hash = all.subarray(offset, start);
    offset = end;
    return { ...part, hash, body: all.subarray(start, end) };
  });
  return counts.map((count) => batch.splice(0, count));
}

/** Bytes of a clone, however deep, as Buffers. The clone is changed in place. */
export function withBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBuffer(value);
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, part] of Object.entries(value)) {
    if (typeof part !== 'object' || part === null) continue;
    const next = withBuffers(part);
    if (next !== part) Reflect.set(value, key, next);
  }
  return value;
}
