/**
 * Messages of one call as parcels for src/destinations: with the origin and the sequences a receiver of ours recognises repeats by.
 *
 * A message that came from a relay keeps its journal, sequence and sensor, so that the next dispatcher knows a repeat, and where it is
 * from. Others are numbered by our store. Messages of one origin and journal share a parcel, in sequence order, no number twice.
 */

import { createHash } from 'node:crypto';

import type { Parcel } from '../../../../destinations/destination.ts';
import { formatRanges } from '../../../../journal/ranges.ts';
import type { MessageOrigin } from '../../../model/message.ts';
import type { SendMessage, SinkDeps } from '../../../model/sink.ts';

export interface OriginParcel {
  readonly parcel: Parcel;
  /** Content of `IDMEF-Origin`. */
  readonly origin: string;
  /** Index in the parcel → seq of the store. */
  readonly seqs: readonly number[];
}

interface Numbered {
  readonly sequence: number;
  readonly message: SendMessage;
}

/** Our store's id, which numbers the sequences; where it is not known, 32 hex digits that stand for it. */
export function ownJournal(
  { hostname, mark }: Pick<SinkDeps, 'hostname' | 'mark'>,
  endpoint: string,
): string {
  const id = mark?.();
  if (isJournal(id)) return id;
  return createHash('sha256').update(`alert-dispatcher\0${hostname}\0${endpoint}`).digest('hex').slice(0, 32);
}

/** `together`: one parcel whatever the origins, for receivers that ask for none. */
export function toParcels(
  messages: readonly SendMessage[],
  journal: string,
  together: boolean,
): OriginParcel[] {
  const groups = new Map<string, { journal: string; origin: string; items: Map<number, SendMessage> }>();
  const put = (key: string, origin: string, { sequence, message }: Numbered): boolean => {
    const id = `${key} ${origin}`;
    const group = groups.get(id) ?? { journal: key, origin, items: new Map<number, SendMessage>() };
    if (group.items.has(sequence)) return false;
    group.items.set(sequence, message);
    groups.set(id, group);
    return true;
  };
  for (const message of messages) {
    const { origin } = message;
    const text = together ? 'profile=dispatcher' : originText(origin);
    const from =
      !together && origin.sequence !== undefined && isJournal(origin.journal) ? origin.journal : undefined;
    const taken = from !== undefined && put(from, text, { sequence: origin.sequence ?? 0, message });
    // Of its own number there may be another (a restored snapshot): then by ours.
    if (!taken) put(journal, text, { sequence: message.seq, message });
  }
  return [...groups.values()].map((group) => {
    const items = [...group.items].toSorted(([a], [b]) => a - b);
    const sequences = items.map(([sequence]) => sequence);
    const bodies = items.map(([, { body }]) => body);
    return {
      origin: group.origin,
      seqs: items.map(([, { seq }]) => seq),
      parcel: {
        journal: group.journal,
        sequences,
        ranges: formatRanges(sequences),
        lengths: bodies.map(({ length }) => length),
        bodies,
      },
    };
  });
}

/** Authenticated facts only. A message that no relay brought says so by its profile. */
export function originText(origin: MessageOrigin): string {
  const profile = /^[0-9A-Za-z_.-]+$/.test(origin.profile ?? '') ? origin.profile : 'dispatcher';
  const sensor = origin.sensor ?? origin.peer;
  // Header fields are ASCII; a name in a certificate is nearly always.
  const name = sensor?.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&');
  return name === undefined ? `profile=${profile}` : `profile=${profile}; sensor="${name}"`;
}

function isJournal(text: string | undefined): text is string {
  return text !== undefined && /^[0-9A-Za-z_-]{1,128}$/.test(text);
}
