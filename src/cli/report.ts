/**
 * The end of a failed program, in words: `name: error: …`, then `name: hint: …`. The one place where an error
 * becomes text for an operator (ARCHITECTURE.md: Poller). Called by start.ts.
 *
 * At most three lines for what the operator can mend. An error that is not ours is a bug and comes with its
 * stack, because nobody can act on it without.
 */

import { errorCodes, messageOf, RelayError, systemCode } from '../core/errors.ts';
import { escapeText } from '../log/escape.ts';

export interface Report {
  /** Complete lines without line breaks. */
  readonly lines: readonly string[];
  readonly exit: number;
}

export function reportError(name: string, error: unknown): Report {
  if (error instanceof RelayError && error.kind !== 'bug') {
    const lines = [`${name}: error: ${escapeText(error.message)}`];
    if (error.hint !== undefined) lines.push(`${name}: hint: ${escapeText(error.hint)}`);
    return { lines, exit: error.exit };
  }
  const code = systemCode(error);
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  return {
    lines: [
      `${name}: error: unexpected: ${escapeText(messageOf(error))}${code === '' ? '' : ` (${code})`}`,
      ...stack.map((line) => `${name}: ${escapeText(line.trim())}`),
      `${name}: hint: this is a bug; please report it with these lines`,
    ],
    exit: errorCodes.BUG.exit,
  };
}
