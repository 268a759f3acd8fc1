/** Short, printable, single-line words of others for reasons and log lines, and answers made of outcomes. */

import { messageOf } from '../../../core/errors.ts';
import { ownSinkLimits } from '../../../core/limits.ts';
import type { Outcome } from '../../../core/outcome.ts';
import { escapeControls } from '../../../log/escape.ts';
import type { SinkAnswer } from '../../model/sink.ts';
import { cutText } from './format/cut-text.ts';

/** What somebody else said: one line, without controls, at most ownSinkLimits.reasonChars. */
export function said(text: string): string {
  return cutText(escapeControls(text.replace(/\s+/g, ' ').trim()), ownSinkLimits.reasonChars);
}

export function saidBy(error: unknown): string {
  return said(messageOf(error));
}

/** The same for the whole call. `uncertain`: what is due again may have arrived. */
export function answer(outcome: Outcome, uncertain = false): SinkAnswer {
  return { outcome, ...(uncertain && outcome.kind === 'again' ? { uncertain: true as const } : {}) };
}

/**
 * One by one. The whole call is as bad as the worst of them that concerns the way (broken, then again); a refusal
 * concerns its message alone.
 */
export function answerEach(each: ReadonlyMap<number, Outcome>, uncertain = false): SinkAnswer {
  const outcomes = [...each.values()];
  const worst =
    outcomes.find(({ kind }) => kind === 'broken') ??
    outcomes.find(({ kind }) => kind === 'again') ??
    outcomes.find(({ kind }) => kind === 'ok') ??
    outcomes[0];
  return { ...answer(worst ?? { kind: 'ok' }, uncertain), each };
}
