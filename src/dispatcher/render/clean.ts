/**
 * Untrusted text → text that is only what it looks like: the first step of everything this folder writes.
 *
 * Called by pieces.ts, template/engine.ts and whoever makes one line of plain text. Control characters, bidirectional controls, zero-width
 * and tag characters, noncharacters are removed, lone surrogates become U+FFFD, every kind of line break one `\n` (or a blank). Kept: U+FE0F
 * of emoji, U+200D between two of them. A base carries at most 4 marks, so that no character grows without bound. Cleaning twice changes
 * nothing. All of it takes time in proportion to the text: no expression here tries a run of blanks again from each of its characters.
 */

/** Printed as such by everybody: nothing to look for. */
const plainAscii = /^[!-~]+(?: [!-~]+)*$/;
const lineBreaks = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
const surrogates = /\p{Surrogate}/gu;
const removed =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- what must not be in a text is what this file is about
  /[\0-\b\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Noncharacter_Code_Point}/gu;
const strayJoiners =
  /(?<!\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu;
const manyMarks = /(\p{M}{4})\p{M}+/gu;

function sane(text: string): string {
  return text
    .replace(surrogates, '\ufffd')
    .replace(lineBreaks, '\n')
    .replace(removed, '')
    .replace(strayJoiners, '')
    .replace(manyMarks, '$1');
}

/** One line without blanks at its ends or two in a row. */
export function cleanLine(text: string): string {
  return plainAscii.test(text) ? text : sane(text).replace(/\s+/g, ' ').trim();
}

/** Lines separated by `\n`, none of them with blanks at its end; no empty ones first or last. */
export function cleanLines(text: string): string {
  if (plainAscii.test(text)) return text;
  const lines = sane(text)
    .replaceAll('\t', ' ')
    .split('\n')
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== '');
  return first === -1 ? '' : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1).join('\n');
}

/** At most so many UTF-16 units, the end marked; never half a surrogate pair, which would show as U+FFFD. */
export function cutUnits(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
