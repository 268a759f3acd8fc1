/**
 * What is said and counted of a call after its end: log lines when a failure begins and when it ends, troubles for a report, figures
 * for metrics and status. Called by deliver.ts and lane.ts; changes the lane's counters and nothing else.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { AttemptRecord } from '../model/delivery.ts';
import type { EndpointSink } from './deps.ts';
import type { Result, Verdict } from './judge.ts';
import type { LaneContext, LaneState } from './lane-state.ts';
import type { Load } from './notify.ts';

interface Past {
  readonly load: Load;
  readonly attempt: AttemptRecord;
  readonly result: Result;
  readonly endpoint: EndpointSink;
}

export function noteVerdict(verdict: Verdict, past: Past, lane: LaneState, context: LaneContext): void {
  const { log, onTrouble, timers } = context.deps;
  const { name } = lane.recipient;
  const { outcome, reason, fate, except, hold, pauseMs } = verdict;
  lane.attempts[outcome] += 1;
  if (outcome === 'ok') {
    if (past.load.kind === 'digest') lane.digests += 1;
    else lane.told = [...lane.told, timers.monotonic()].slice(-context.rules.callsPerMinute);
  }
  if (past.result.kind === 'threw') {
    lane.thrown += 1;
    const { what, trace } = past.result;
    log.error(
      `${name}: a bug of sink ${past.endpoint.type.type}: ${what}${trace === '' ? '' : `, ${trace}`}`,
    );
  }
  if (verdict.failed) noteFailure(reason, pauseMs, lane, context);
  else if (hold === undefined && isHeard(past.result)) {
    if (verdict.blame !== 'nobody') notePart(verdict, lane, context);
    if (verdict.well) noteSuccess(outcome === 'ok', reason, lane, context);
  }
  if (hold !== undefined) {
    const { failures } = lane;
    lane.lastError = reason;
    log.error(`${name}: held, its queue is kept: ${reason}`, { recipient: name, failures });
    onTrouble?.(name, { kind: 'held', reason, pairs: 0, since: timers.now() });
  }
  const pairs = past.load.kind === 'messages' ? past.load.claim.pairs.length : past.load.claim.digest.count;
  const own = new Set(except.map(({ seq }) => seq));
  const shared = fate.kind === 'dead' ? pairs - own.size : 0;
  const dead = shared + except.filter((one) => one.fate.kind === 'dead').length;
  if (dead > 0) noteDead(reason, dead, lane, context);
  tellAttempt(pairs, past, lane, context);
}

/** The provider has said something. */
function isHeard({ kind }: Result): boolean {
  return kind !== 'barred' && kind !== 'stopped';
}

/** A failure in a row: nothing was taken. Said when it begins. */
export function noteFailure(reason: string, pauseMs: number, lane: LaneState, { deps }: LaneContext): void {
  const { name } = lane.recipient;
  const now = deps.timers.now();
  lane.failures += 1;
  lane.failingSince ??= now;
  lane.behindSince = undefined;
  if (lane.lastError !== reason || lane.failures === 1) {
    const again = `tries again in ${Math.ceil(pauseMs / 1000)} s`;
    deps.log.warning(`${name}: ${reason}, ${again}`, { recipient: name, failures: lane.failures });
  }
  lane.lastError = reason;
  const since = lane.failingSince;
  if (!lane.failingReported && now - since >= outboxLimits.failingReportMs) {
    lane.failingReported = true;
    deps.onTrouble?.(name, { kind: 'failing', reason, pairs: 0, since });
  }
}

/** Some was not taken though the recipient is well: said once, until it is something else. */
function notePart({ blame, reason }: Verdict, lane: LaneState, { deps }: LaneContext): void {
  const { name } = lane.recipient;
  const what = blame === 'message' ? 'a message is not taken, others are' : 'taken in part';
  if (lane.lastError !== reason) deps.log.warning(`${name}: ${what}: ${reason}`, { recipient: name });
  lane.lastError = reason;
}

/** The provider is there: it took something, or at least judged it. */
function noteSuccess(ok: boolean, reason: string, lane: LaneState, { deps }: LaneContext): void {
  if (lane.failingSince !== undefined) {
    const since = new Date(lane.failingSince).toISOString();
    deps.log.notice(`${lane.recipient.name}: works again, it failed since ${since}`);
  }
  if (ok) lane.lastOkAt = deps.timers.now();
  if (reason !== '') lane.lastError = reason;
  if (lane.failures > 0) forgetFailures(lane);
}

export function forgetFailures(lane: LaneState): void {
  lane.failures = 0;
  lane.failingSince = undefined;
  lane.failingReported = false;
  lane.behindSince = undefined;
}

/** Reported at once, then at most every ten minutes: what dies in between is added up and comes with the next one, or with a tick. */
export function noteDead(reason: string, pairs: number, lane: LaneState, context: LaneContext): void {
  const { name } = lane.recipient;
  lane.lastError = reason;
  lane.deadUnreported += pairs;
  context.deps.log.warning(`${name}: ${pairs} dead: ${reason}`, { recipient: name, pairs });
  reportDead(lane, context);
}

export function reportDead(lane: LaneState, { deps }: LaneContext): void {
  const now = deps.timers.now();
  if (lane.deadUnreported === 0 || Math.abs(now - lane.deadReportedAt) < outboxLimits.deadReportMs) return;
  const trouble = { reason: lane.lastError ?? '', pairs: lane.deadUnreported, since: now };
  lane.deadUnreported = 0;
  lane.deadReportedAt = now;
  deps.onTrouble?.(lane.recipient.name, { kind: 'dead', ...trouble });
}

function tellAttempt(pairs: number, past: Past, lane: LaneState, { deps }: LaneContext): void {
  const { load, attempt, endpoint } = past;
  const fresh =
    load.kind === 'messages' ? load.claim.pairs.filter((pair) => !pair.uncertain && pair.attempts === 0) : [];
  deps.onAttempt?.({
    recipient: lane.recipient.name,
    endpoint: lane.recipient.endpoint,
    type: endpoint.type.type,
    form: attempt.form,
    outcome: attempt.outcome,
    pairs,
    tookMs: attempt.endedAt - attempt.startedAt,
    waitedMs: fresh.map(({ at }) => Math.max(0, attempt.startedAt - at)),
  });
}
