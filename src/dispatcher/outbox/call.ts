/**
 * One call of a sink, which comes to an end: with the sink's answer, or with a word for why there is none.
 *
 * Called by lane.ts and try-out.ts; never rejects. After the timeout (or at the end of the program) the sink's signal aborts and it has a
 * moment to settle; an answer that still comes counts, because it is true. A sink that does not settle even then is left behind.
 */

import { systemCode } from '../../core/errors.ts';
import { outboxLimits } from '../../core/limits.ts';
import type { Notification, Sink, SinkAnswer } from '../model/sink.ts';
import type { Timers } from '../model/timers.ts';

export type CallResult =
  | { readonly kind: 'answer'; readonly answer: SinkAnswer }
  | { readonly kind: 'timeout' }
  /** A bug of the sink. `trace` holds places only: messages of foreign errors quote addresses, and those tokens. */
  | { readonly kind: 'threw'; readonly what: string; readonly trace: string }
  | { readonly kind: 'stopped' };

export interface CallTerms {
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** The program ends and waits no longer. */
  readonly stop: AbortSignal;
}

export function call(sink: Sink, notification: Notification, terms: CallTerms): Promise<CallResult> {
  const { timers, timeoutMs, stop } = terms;
  const abort = new AbortController();
  return new Promise((resolve) => {
    let ending: 'timeout' | 'stopped' | undefined;
    const end = (how: 'timeout' | 'stopped'): void => {
      if (ending !== undefined) return;
      ending = how;
      cancel();
      cancel = timers.after(outboxLimits.abortGraceMs, () => settle({ kind: how }));
      abort.abort();
    };
    const onStop = (): void => end('stopped');
    const settle = (result: CallResult): void => {
      cancel();
      stop.removeEventListener('abort', onStop);
      resolve(result);
    };
    let cancel = timers.after(timeoutMs, () => end('timeout'));
    stop.addEventListener('abort', onStop);
    if (stop.aborted) onStop();
    answerOf(sink, notification, abort.signal).then(
      (answer) => settle({ kind: 'answer', answer }),
      (error: unknown) => settle(ending === undefined ? threw(error) : { kind: ending }),
    );
  });
}

/** What throws before its first await rejects as well. */
async function answerOf(sink: Sink, notification: Notification, signal: AbortSignal): Promise<SinkAnswer> {
  return sink.send(notification, signal);
}

function threw(error: unknown): CallResult {
  if (!(error instanceof Error)) return { kind: 'threw', what: `a ${typeof error}`, trace: '' };
  const code = systemCode(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    kind: 'threw',
    what: code === '' ? error.name : `${error.name} ${code}`,
    trace: frames
      .slice(0, 5)
      .map((line) => line.trim())
      .join(', '),
  };
}
