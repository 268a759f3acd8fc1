/**
 * One POST to a gateway, as an outcome.
 *
 * Called by single-delivery.ts and batch-delivery.ts. Rejects only when the caller's signal aborts or on a bug.
 */

import { RelayError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Clock } from '../core/ports.ts';
import type { GatewayPool } from '../http/gateway-pool.ts';
import { answerOutcome } from './answer-outcome.ts';

export interface Sending {
  readonly pool: GatewayPool;
  readonly clock: Clock;
  /** Of the destination; taken off the front of fault messages. */
  readonly label: string;
  readonly signal: AbortSignal;
}

export interface PostResult {
  readonly outcome: Outcome;
  /** No answer came: the connection failed, which may be this message's doing. */
  readonly fault: boolean;
}

export async function post(
  sending: Sending,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<PostResult> {
  try {
    const answer = await sending.pool.send({ method: 'POST', headers, body, signal: sending.signal });
    return { outcome: answerOutcome(answer, sending.clock.now()), fault: false };
  } catch (error) {
    return { outcome: faultOutcome(error, sending.signal, sending.label), fault: true };
  }
}

/** What a failed exchange means. Rethrows what is no fault of the other side: an abort, or a bug. */
export function faultOutcome(error: unknown, signal: AbortSignal, label: string): Outcome {
  if (signal.aborted || !(error instanceof RelayError)) throw error;
  const reason = error.message.startsWith(label) ? error.message.slice(label.length).trim() : error.message;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  if (error.code !== 'DESTINATION_UNREACHABLE') return { kind: 'broken', reason, ...hint };
  return { kind: 'again', reason, ...hint };
}
