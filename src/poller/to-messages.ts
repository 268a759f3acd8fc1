/**
 * From the reader's problems to what the journal is offered for the quarantine: invalid messages, and bytes no
 * message can be taken from.
 *
 * Called by intake.ts, stray-content.ts and old-server.ts. The reason is the first rule broken, which counters
 * are kept by; the detail is everything an operator needs, as JSON.
 */

import type { Message, Problem } from '../idmef/verdict.ts';
import type { NewMessage } from '../journal/journal.ts';

/** An invalid message. `problems` are those of the message alone (own-problems.ts). */
export function setAside({ bytes: body, severity }: Message, problems: readonly Problem[]): NewMessage {
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
