/**
 * From the reader's verdict to what the journal is offered: valid messages, and invalid ones with their
 * problems for the quarantine.
 *
 * Called by intake.ts for every batch. `onInvalid: forward` offers invalid messages as they are, and counts
 * them. The reason is the first rule broken; the detail is everything an operator needs, as JSON.
 */

import type { Message, Problem } from '../idmef/verdict.ts';
import type { NewMessage } from '../journal/journal.ts';

export function toNewMessage(message: Message, onInvalid: 'quarantine' | 'forward'): NewMessage {
  const { bytes: body, severity, valid, problems } = message;
  if (valid || onInvalid === 'forward') return { body, severity };
  return { body, severity, quarantine: { reason: firstRule(problems), detail: detailOf(problems) } };
}

/** Bytes that no message can be taken from, kept as they are. */
export function unreadable(
  body: Uint8Array,
  rule: string,
  problems: readonly Problem[],
  note?: string,
): NewMessage {
  return { body, severity: 0, quarantine: { reason: rule, detail: detailOf(problems, note) } };
}

export function firstRule(problems: readonly Problem[]): string {
  return problems.find(({ level }) => level === 'error')?.rule ?? 'invalid';
}

function detailOf(problems: readonly Problem[], note?: string): string {
  return JSON.stringify(note === undefined ? { problems } : { problems, note });
}
