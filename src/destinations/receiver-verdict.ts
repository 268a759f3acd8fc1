/**
 * Finds out once what kind of receiver stands behind a URL: ours, which takes batches whole or not at all, or
 * any other, which gets one message a request.
 *
 * Called by gateway.ts before the first delivery of a run. `OPTIONS /` is asked; only a definite answer
 * (2xx, 4xx, 501, or the 500 of a SECEF gateway) decides, and is remembered in the journal's state for a
 * day; connection faults, 502 to 504 and redirects decide nothing. RFC 9110 §9.3.7; Accept-Post: W3C LDP §7.1.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Clock } from '../core/ports.ts';
import type { GatewayPool, PoolAnswer } from '../http/gateway-pool.ts';
import { answerOutcome } from './answer-outcome.ts';

export type ReceiverKind = 'batches' | 'single';

/** The journal's state. */
export interface Memory {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

/** The kind, or the outcome that everything has as long as it is not known. */
export async function receiverVerdict(
  id: string,
  pool: GatewayPool,
  memory: Memory,
  clock: Clock,
  signal: AbortSignal,
): Promise<ReceiverKind | Outcome> {
  const known = parse(await memory.get(keyOf(id)));
  if (known !== undefined && Math.abs(clock.now() - known.at) < pollerLimits.verdictMs) return known.kind;
  const answer = await pool.send({ method: 'OPTIONS', headers: {}, signal });
  const kind = receiverKind(answer);
  if (kind === undefined) {
    const outcome = answerOutcome(answer, clock.now());
    return outcome.kind === 'broken'
      ? outcome
      : { kind: 'again', reason: `answers ${answer.status} to OPTIONS` };
  }
  await memory.set(keyOf(id), JSON.stringify({ kind, at: clock.now() }));
  return kind;
}

/** Ask again next time: the receiver did not behave like its kind. */
export async function forgetVerdict(id: string, memory: Memory): Promise<void> {
  if ((await memory.get(keyOf(id))) !== undefined) await memory.set(keyOf(id), '');
}

/** Undefined: the answer decides nothing. */
export function receiverKind(answer: PoolAnswer): ReceiverKind | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return isOurs(answer) ? 'batches' : 'single';
  if (status === 408 || status === 429) return undefined;
  return (status >= 400 && status < 500) || status === 500 || status === 501 ? 'single' : undefined;
}

function isOurs(answer: PoolAnswer): boolean {
  const relay = String(answer.headers['idmef-relay'] ?? '');
  const accepts = String(answer.headers['accept-post'] ?? '');
  return /;\s*gateway\b/.test(relay) && /\btext\/xml\b/i.test(accepts);
}

function keyOf(id: string): string {
  return `receiver ${id}`;
}

function parse(text: string | undefined): { kind: ReceiverKind; at: number } | undefined {
  const entry = jsonObject(text);
  const kind = entry?.['kind'];
  const at = numberOf(entry?.['at']);
  if ((kind !== 'batches' && kind !== 'single') || at === undefined) return undefined;
  return { kind, at };
}
