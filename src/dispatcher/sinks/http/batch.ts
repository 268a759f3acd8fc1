/**
 * Many messages in one request, within a size: what does not fit goes with the next call. Used by providers of machines.
 */

import { outboundLimits } from '../../../core/limits.ts';
import type { SendMessage } from '../../model/sink.ts';
import type { Verdict } from './provider.ts';

export interface Packed {
  /** One text a message that fits, in order. */
  readonly texts: readonly string[];
  readonly fitting: readonly SendMessage[];
  readonly rest: readonly SendMessage[];
}

/** At least one, however large it is. */
export function pack(messages: readonly SendMessage[], textOf: (message: SendMessage) => string): Packed {
  const texts: string[] = [];
  let bytes = 0;
  for (const message of messages.slice(0, outboundLimits.requestMessages)) {
    const text = textOf(message);
    bytes += Buffer.byteLength(text);
    if (bytes > outboundLimits.requestBytes && texts.length > 0) break;
    texts.push(text);
  }
  return { texts, fitting: messages.slice(0, texts.length), rest: messages.slice(texts.length) };
}

/** Verdicts one by one for those that did not go with the call, whatever became of it. */
export function leftOut(rest: readonly SendMessage[]): ReadonlyMap<number, Verdict> {
  const verdict: Verdict = { kind: 'again', words: 'had no room for it in one request', retryAfterMs: 0 };
  return new Map(rest.map(({ seq }) => [seq, verdict]));
}

/** A verdict on the call, with those that were not part of it. */
export function withRest(verdict: Verdict, rest: readonly SendMessage[]): Verdict {
  return rest.length === 0
    ? verdict
    : { ...verdict, each: new Map([...(verdict.each ?? []), ...leftOut(rest)]) };
}
