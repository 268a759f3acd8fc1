/**
 * Makes text from outside safe for a log or a terminal: one event stays one line.
 *
 * Alerts, certificates and HTTP peers supply names that end up in messages. Control characters (C0, DEL, C1),
 * line and paragraph separators and the bidirectional overrides would forge lines or repaint a terminal;
 * they are shown as `\n`, `\t` or `\u001b`. Called by the loggers and by src/cli for error lines; by the dispatcher's sinks for
 * lines that others read.
 */

import { logLimits } from '../core/limits.ts';

const unsafe =
  // oxlint-disable-next-line no-control-regex -- control characters are what this file is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text as one printable line of at most logLimits.lineChars characters. */
export function escapeText(text: string): string {
  const cut =
    text.length > logLimits.lineChars
      ? `${text.slice(0, logLimits.lineChars)}… (${text.length - logLimits.lineChars} more)`
      : text;
  return escapeControls(cut);
}

/** The same without a limit, for lines that are bounded otherwise. */
export function escapeControls(text: string): string {
  return text.replace(
    unsafe,
    (char) => short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
