/**
 * Words and numbers of `idmef status`: short forms that fit a column, and colours where they are wanted.
 *
 * Called by the status-*.ts files beside it. Pure.
 */

import { age } from '../core/quantities.ts';
import { escapeText } from '../log/escape.ts';
import type { StateWord } from './profile-report.ts';

const DAY_MS = 86_400_000;
const ESCAPE = '\u001b[';

/** `3 min`, or `-` when it is not known. A time to come counts as now: clocks differ. */
export function since(at: number | undefined, now: number): string {
  return at === undefined ? '-' : age(Math.max(0, now - at));
}

/** Whole days until then, negative when it has passed: `12 d`. */
export function days(end: number | undefined, now: number): string {
  return end === undefined ? '-' : `${Math.floor((end - now) / DAY_MS)} d`;
}

/** At most five characters: `9999`, `12.4k`, `3.1M`. */
export function count(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value < size || value < 10_000) continue;
    const shown = value / size;
    return `${shown < 99.95 ? shown.toFixed(1) : Math.round(shown)}${unit}`;
  }
  return String(value);
}

/** Characters a text takes on a screen. */
export function widthOf(text: string): number {
  return Array.from(text).length;
}

/** One line, cut to the width with `…`. */
export function cut(text: string, width: number): string {
  const line = escapeText(text);
  const letters = Array.from(line);
  return letters.length <= width ? line : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Names often differ at their end only. */
export function cutMiddle(text: string, width: number): string {
  const letters = Array.from(text);
  if (letters.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${letters.slice(0, width - 1 - end).join('')}…${letters.slice(letters.length - end).join('')}`;
}

const colours: Readonly<Record<StateWord, number>> = {
  config: 31,
  damaged: 31,
  unreadable: 31,
  failing: 31,
  silent: 33,
  never: 33,
  held: 33,
  'no-file': 33,
  ok: 32,
};

export function coloured(text: string, word: StateWord, wanted: boolean): string {
  return wanted ? `${ESCAPE}${colours[word]}m${text}${ESCAPE}0m` : text;
}
