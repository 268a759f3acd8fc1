/**
 * Delivers a parcel to a receiver of ours: one document, taken whole or not at all, with its origin, its
 * sequences (a repeat is recognised by them) and its digest.
 *
 * Called by gateway.ts. A refused batch is halved until the message that is not wanted stands alone. When
 * several messages in a row are refused alone and none was ever accepted, the last one is tried too; if that
 * is refused as well the receiver refuses everything, and the rest is not sent.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Outcome } from '../core/outcome.ts';
import { contentDigest } from '../http/content-digest.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import { formatRanges } from '../journal/ranges.ts';
import { messagesOf, refusesAll, type Parcel, type Report } from './destination.ts';
import { post, type Sending } from './exchange.ts';

export async function deliverBatches(
  parcel: Parcel,
  origin: string,
  report: Report,
  sending: Sending,
): Promise<void> {
  const messages = messagesOf(parcel);
  const open = new Set(messages.keys());
  let accepted = false;
  let refusedAlone = 0;
  let stop: Outcome | undefined;

  const settle = (from: number, to: number, outcome: Outcome): void => {
    for (let index = from; index < to; index++) {
      if (open.delete(index)) report(index, outcome);
    }
  };

  const send = async (from: number, to: number): Promise<Outcome> => {
    const sequences = parcel.sequences.slice(from, to);
    const document = Buffer.concat([envelopeHead, ...messages.slice(from, to), envelopeTail]);
    const headers = {
      'content-type': 'text/xml',
      'content-digest': contentDigest(document),
      'idmef-origin': origin,
      'idmef-sequence': `${parcel.journal}; ${formatRanges(sequences)}`,
    };
    const { outcome } = await post(sending, headers, document);
    if (outcome.kind === 'ok') accepted = true;
    if (outcome.kind === 'again' || outcome.kind === 'broken') stop = outcome;
    return outcome;
  };

  const deliver = async (from: number, end: number): Promise<void> => {
    // doubt() may have dealt with the last one already.
    const to = open.has(end - 1) ? end : end - 1;
    if (stop !== undefined || from >= to) return;
    const outcome = await send(from, to);
    if (outcome.kind !== 'refused' || to - from === 1) {
      settle(from, to, outcome);
      if (outcome.kind === 'refused') await doubt(outcome.reason);
      return;
    }
    const middle = from + Math.ceil((to - from) / 2);
    await deliver(from, middle);
    await deliver(middle, to);
  };

  const doubt = async (said: string): Promise<void> => {
    refusedAlone += 1;
    if (accepted || refusedAlone < pollerLimits.refusalsBeforeDoubt) return;
    const last = messages.length - 1;
    if (open.has(last)) {
      settle(last, last + 1, await send(last, last + 1));
      refusedAlone += 1;
    }
    // What is not sent is not refused: it must not count as a proof against any of it.
    if (!accepted) stop ??= refusesAll(refusedAlone, said);
  };

  await deliver(0, messages.length);
  if (stop !== undefined) settle(0, messages.length, stop);
}
