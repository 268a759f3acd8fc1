/**
 * A batch put together from what was reserved for a consumer, piece by piece (ahead-line.ts). Pure.
 *
 * Pieces are whole reservations of one journal, in ascending order: their messages are one document, oldest first, and
 * their numbers one IDMEF-Sequence, as if they had been leased at once.
 */

import type { Claim, ConsumerStats, Want } from '../journal/journal.ts';
import { sequenceRange } from './delivery-log.ts';

export interface Piece {
  /** Id of the journal it is of. */
  readonly journal: string;
  readonly claim: Claim;
  readonly bodies: Uint8Array;
}

/** What a leased GET gets without asking the journal. */
export interface AheadBatch {
  readonly journal: string;
  /** Undefined: nothing is due. */
  readonly claim: Claim | undefined;
  readonly bodies: readonly Uint8Array[];
  /** As last heard, and what was granted since. */
  readonly stats: ConsumerStats;
}

/** One claim of all pieces, under the number of the first. */
export function joinClaims(pieces: readonly Piece[]): Claim | undefined {
  const [first] = pieces;
  if (first === undefined) return undefined;
  return {
    ...first.claim,
    ...sizeOf(pieces),
    sequences: joinSequences(pieces.map(({ claim }) => claim.sequences)),
  };
}

export function sizeOf(pieces: readonly Piece[]): { readonly count: number; readonly bytes: number } {
  return {
    count: pieces.reduce((sum, { claim }) => sum + claim.count, 0),
    bytes: pieces.reduce((sum, { claim }) => sum + claim.bytes, 0),
  };
}

/** `1-3` and `4-6,8` are `1-6,8`. */
export function joinSequences(lists: readonly string[]): string {
  return lists.reduce((before, next) => {
    const [, rest = '', open = '', end = ''] = /^(.*?)(?:(\d+)-)?(\d+)$/.exec(before) ?? [];
    const [, start = '', close, tail = ''] = /^(\d+)(?:-(\d+))?(.*)$/.exec(next) ?? [];
    if (before === '' || Number(end) + 1 !== Number(start)) return before === '' ? next : `${before},${next}`;
    return `${rest}${open || end}-${close ?? start}${tail}`;
  }, '');
}

/** Whether the piece continues what there is. */
export function follows(pieces: readonly Piece[], next: Piece): boolean {
  const last = pieces.at(-1);
  if (last === undefined) return true;
  const { last: end } = sequenceRange(last.claim.sequences);
  return last.journal === next.journal && end < sequenceRange(next.claim.sequences).first;
}

/** What still fits beside the pieces; undefined when nothing does. */
export function roomFor(pieces: readonly Piece[], want: Want): Want | undefined {
  if (pieces.length === 0) return want;
  const { count, bytes } = sizeOf(pieces);
  const [messages, left] = [want.messages - count, want.bytes - bytes];
  return messages > 0 && left > 0 ? { messages, bytes: left, strict: true } : undefined;
}

export function isSame(one: Want | undefined, other: Want): boolean {
  return (
    one?.messages === other.messages && one.bytes === other.bytes && one.minSeverity === other.minSeverity
  );
}
