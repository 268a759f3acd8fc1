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

export function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Parameters of an endpoint, as they are given on a command line. */
export function paramsText(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

export { escapeText } from '../../log/escape.ts';
