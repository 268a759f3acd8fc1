/**
 * A request of many messages that is refused is tried in halves, until the bad message stands alone: the others are not to suffer for it, be
 * it that it is malformed or that all together were too much (413).
 *
 * Called by http-sink.ts around every exchange with several messages. Bounded: what is not reached goes with a later call.
 */

import { outboundLimits } from '../../../core/limits.ts';
import type { Notification } from '../../model/sink.ts';
import type { Verdict } from './provider.ts';

export type Carry = (notification: Notification) => Promise<Verdict>;

export async function carryInHalves(notification: Notification, carry: Carry): Promise<Verdict> {
  let left: number = outboundLimits.halves;
  const go = async (part: Notification): Promise<Verdict> => {
    const { messages } = part;
    if (left <= 0) return { kind: 'again', words: 'stood beside refused messages', retryAfterMs: 0 };
    left -= 1;
    const verdict = await carry(part);
    if (verdict.kind !== 'refused' || verdict.each !== undefined || messages.length < 2) return verdict;
    const middle = Math.ceil(messages.length / 2);
    const halves = [messages.slice(0, middle), messages.slice(middle)].map((some) => subset(part, some));
    const each = new Map<number, Verdict>();
    for (const half of halves) {
      const result = await go(half);
      for (const { seq } of half.messages) each.set(seq, result.each?.get(seq) ?? bare(result));
    }
    return { ...verdict, each };
  };
  return await go(notification);
}

/** Another request needs another key, the same at every repetition. */
function subset(whole: Notification, messages: Notification['messages']): Notification {
  const seqs = `${messages[0]?.seq ?? 0}-${messages.at(-1)?.seq ?? 0}`;
  const [key = ''] = whole.idempotencyKey.split('/');
  return { ...whole, messages, idempotencyKey: `${key}/${seqs}` };
}

function bare(verdict: Verdict): Verdict {
  const { each, ...rest } = verdict;
  return each === undefined ? verdict : rest;
}
