/**
 * From verdicts to what the outbox wants: one answer for the call, whatever number of receivers it had.
 *
 * Called by http-sink.ts. Of several receivers: all ok, ok. Some to be tried again, again (only those are called then). All broken,
 * broken: the recipient is held. Broken ones beside good ones hold nothing up: for them the message counts as refused, so that it
 * ends among the dead, with the reason, and can be driven again once they work.
 */

import type { Outcome } from '../../../core/outcome.ts';
import { outboundLimits } from '../../../core/limits.ts';
import type { LimitSpec, SinkAnswer } from '../../model/sink.ts';
import { oneLine, type Mask } from './mask.ts';
import type { Verdict } from './provider.ts';

export interface Judged {
  /** Position in the recipient's list, from 1, for words. */
  readonly position: number;
  readonly verdict: Verdict;
  /** Who said so, subject of the reason's words. Undefined: nobody was asked. */
  readonly server?: string | undefined;
  readonly keys: readonly LimitSpec[];
}

export interface MergeOptions {
  readonly mask: Mask;
  /** Whether the provider's words may be repeated: not where an operator of the database chose the address. */
  readonly echo: boolean;
  /** Receivers of the recipient, those that have it already included. */
  readonly receivers: number;
  /** Wall ms. */
  readonly now: number;
}

/** `judged` is not empty. */
export function mergeVerdicts(judged: readonly Judged[], options: MergeOptions): SinkAnswer {
  const limits = judged.flatMap((one) => limitsOf(one, options.now));
  // Words of the server as well.
  const refs = judged.flatMap(({ verdict: { ref } }) => (ref === undefined || !options.echo ? [] : [ref]));
  const extras = {
    ...(limits.length === 0 ? {} : { limits }),
    ...(refs.length === 0 ? {} : { providerRef: oneLine(options.mask(refs.join(' '))) }),
    ...(judged.some(({ verdict }) => verdict.uncertain === true) ? { uncertain: true as const } : {}),
    ...(isPartial(judged, options) ? { partly: true as const } : {}),
  };
  const [first] = judged;
  if (options.receivers === 1 && first !== undefined) {
    const { verdict, server } = first;
    const { each } = verdict;
    const outcomeFor = (one: Verdict): Outcome => outcomeOf(one, options, server);
    return {
      outcome: outcomeFor(verdict),
      ...(each === undefined ? {} : { each: new Map([...each].map(([seq, one]) => [seq, outcomeFor(one)])) }),
      ...extras,
    };
  }
  return { outcome: joint(judged, options), ...extras };
}

function joint(judged: readonly Judged[], options: MergeOptions): Outcome {
  const failed = judged.filter(({ verdict }) => verdict.kind !== 'ok');
  const worst =
    failed.find(({ verdict }) => verdict.kind === 'again') ??
    failed.find(({ verdict }) => verdict.kind === 'refused') ??
    failed[0];
  if (worst === undefined) return { kind: 'ok' };
  const outcome = outcomeOf(worst.verdict, options, worst.server);
  if (outcome.kind === 'ok') return outcome;
  const where = `${failed.length} of ${options.receivers} receivers, the ${ordinal(worst.position)}`;
  const reason = oneLine(`${where}: ${outcome.reason}`);
  // To hold the recipient would keep the good ones from what comes after.
  if (outcome.kind === 'broken' && failed.length < options.receivers) return { kind: 'refused', reason };
  return { ...outcome, reason };
}

/** Some have it, now or from before, and some do not. */
function isPartial(judged: readonly Judged[], { receivers }: MergeOptions): boolean {
  const failed = judged.filter(({ verdict }) => verdict.kind !== 'ok').length;
  return failed > 0 && failed < receivers;
}

function ordinal(position: number): string {
  const ending = ['th', 'st', 'nd', 'rd'];
  const teen = position % 100 > 10 && position % 100 < 14;
  return `${position}${teen ? 'th' : (ending[position % 10] ?? 'th')}`;
}

export function outcomeOf(
  verdict: Verdict,
  { mask, echo }: Pick<MergeOptions, 'mask' | 'echo'>,
  server?: string,
): Outcome {
  const { kind, words = 'does not take it', said = '', hint, retryAfterMs } = verdict;
  if (kind === 'ok') return { kind };
  const quoted = echo ? oneLine(mask(said), outboundLimits.saidChars) : '';
  // Faults of the connection name it already.
  const subject = server === undefined || words.startsWith(server) ? '' : `${server} `;
  const reason = oneLine(mask(`${subject}${words}${quoted === '' ? '' : `: ${quoted}`}`));
  return {
    kind,
    reason,
    ...(hint === undefined || kind === 'refused' ? {} : { hint }),
    ...(kind === 'again' && retryAfterMs !== undefined ? { retryAfterMs } : {}),
  };
}

/** A stated wait holds for all keys of the receiver, or its narrowest; without one, an empty bucket. */
function limitsOf({ verdict, keys }: Judged, now: number): NonNullable<SinkAnswer['limits']> {
  const { kind, retryAfterMs, narrow, pace } = verdict;
  const narrowest = keys.slice(-1);
  if (kind === 'again' && retryAfterMs !== undefined) {
    return (narrow === true ? narrowest : keys).map(({ key }) => ({ key, notBefore: now + retryAfterMs }));
  }
  if (kind === 'again' && verdict.limited === true) {
    return (narrow === true ? narrowest : keys).map(({ key }) => ({ key, remaining: 0 }));
  }
  if (pace === undefined) return [];
  return narrowest.map(({ key }) => ({
    key,
    remaining: pace.remaining,
    ...(pace.remaining > 0 ? {} : { notBefore: now + pace.resetAfterMs }),
  }));
}
