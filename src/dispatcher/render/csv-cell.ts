/**
 * One cell of a CSV file that spreadsheets show as text: what begins like a formula gets an apostrophe in front, which they hide.
 *
 * For exports and lists (`messages search --csv`). Numbers stay numbers.
 */

import { cleanLine } from './clean.ts';

export function csvCell(value: string): string {
  const clean = cleanLine(value);
  const isNumber = /^[+-]?\d+(?:[.,]\d+)?$/.test(clean);
  const safe = !isNumber && /^[=+\-@|%＝＋－＠]/.test(clean) ? `'${clean}` : clean;
  return /[",;\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
