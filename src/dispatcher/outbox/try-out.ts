/**
 * `recipients test`: one call past routes and queues, marked as a test, with the provider's own answer.
 *
 * Called by outbox.ts. It keeps to the provider's limits (and says so when it would have to wait), never runs beside another call of
 * the recipient, works while it is held, and when it arrives the queue goes on. operations.md §2.3.
 */

import { unitInterval } from '../../core/backoff.ts';
import { messageOf } from '../../core/errors.ts';
import { outboxLimits } from '../../core/limits.ts';
import type { LimitSpec, Notification, SinkAnswer } from '../model/sink.ts';
import { call } from './call.ts';
import type { EndpointSink } from './deps.ts';
import type { Lane } from './lane.ts';
import type { LaneContext } from './lane-state.ts';
import { renderWish } from './notify.ts';
import { nameOf } from './tag.ts';
import type { Turn } from './turns.ts';

/** Never rejects for what the provider or the endpoint does. */
export async function tryOut(lane: Lane, by: string, context: LaneContext): Promise<SinkAnswer> {
  let endpoint: EndpointSink;
  try {
    endpoint = await context.deps.sinks(lane.state.recipient.endpoint);
  } catch (error) {
    return { outcome: { kind: 'broken', reason: messageOf(error) } };
  }
  const unavailable = await endpoint.sink.isAvailable?.();
  if (unavailable !== undefined) return { outcome: { kind: 'again', reason: unavailable } };
  const answer = await lane.exclusively(() => inTurn(lane, endpoint, by, context));
  if (answer.outcome.kind === 'ok') await lane.resume();
  return answer;
}

async function inTurn(
  lane: Lane,
  endpoint: EndpointSink,
  by: string,
  context: LaneContext,
): Promise<SinkAnswer> {
  const { recipient } = lane.state;
  const specs = endpoint.sink.limits(recipient);
  const turn = await turnInTime(specs, recipient.priority, context);
  if (turn === undefined) {
    return { outcome: { kind: 'again', reason: 'the provider’s limit allows no call at present' } };
  }
  try {
    const answer = await send(lane, { endpoint, turn }, by, context);
    obey(answer, specs, context);
    return answer;
  } finally {
    turn.end();
  }
}

/** What the provider says of its limits goes for the queue as well. */
function obey(
  { limits = [], outcome }: SinkAnswer,
  specs: readonly LimitSpec[],
  { buckets }: LaneContext,
): void {
  buckets.hear(limits);
  if (limits.length > 0 || outcome.kind !== 'again' || outcome.retryAfterMs === undefined) return;
  buckets.ban(
    specs.map(({ key }) => key),
    outcome.retryAfterMs,
  );
}

async function turnInTime(
  specs: readonly LimitSpec[],
  priority: number,
  { turns, deps }: LaneContext,
): Promise<Turn | undefined> {
  const request = turns.request(specs, priority);
  const cancel = deps.timers.after(outboxLimits.testTurnMs, () => request.withdraw());
  const turn = await request.turn;
  cancel();
  return turn;
}

async function send(
  { state }: Lane,
  { endpoint: { type, sink }, turn }: { readonly endpoint: EndpointSink; readonly turn: Turn },
  by: string,
  { deps, secret, abort }: LaneContext,
): Promise<SinkAnswer> {
  const { recipient } = state;
  const names = nameOf(secret, recipient.name, { test: String(unitInterval(deps.random.bytes(4))) });
  const wish = renderWish(names, false, { recipient, type });
  const rendered = await deps.renderer.test(wish, by);
  const notification: Notification = {
    id: 0,
    ...names,
    repeated: false,
    form: 'test',
    recipient,
    messages: [],
    rendered,
    at: deps.timers.now(),
  };
  const { timers } = deps;
  turn.spend();
  const result = await call(sink, notification, { timers, timeoutMs: type.timeoutMs, stop: abort });
  if (result.kind === 'answer') return result.answer;
  const reasons = {
    timeout: `no answer within ${type.timeoutMs / 1000} s`,
    threw: 'the sink failed, the log says how',
    stopped: 'the program ends',
  };
  if (result.kind === 'threw')
    deps.log.error(`${recipient.name}: a bug of sink ${type.type}: ${result.what}, ${result.trace}`);
  return { outcome: { kind: 'again', reason: reasons[result.kind] } };
}
