/** Tables and times for people. Every cell is escaped: what is shown comes from alerts. */

import { escapeText } from '../../log/escape.ts';

/** Columns as wide as their content; the last one may be as long as it is. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(escapeText))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** `2026-11-30 10:12:07Z`; '-' for never. */
export function when(at: number | undefined | null): string {
  return at === undefined || at === null
    ? '-'
    : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `3 d`, `5 h`, `12 min`, `40 s`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

export { escapeText } from '../../log/escape.ts';
