/** The table of a run of the fault scenarios, for the terminal and for README.md. Says the class of machine, never its name. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../tools/source-files.ts';
import type { FaultResult } from './scenario.ts';

export interface Row extends FaultResult {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  /** `long, seed 7`. */
  readonly run: string;
}

const BEGIN = '<!-- table: begin -->';
const END = '<!-- table: end -->';

const heads = [
  '',
  'test',
  'runs',
  'faults',
  'obligations',
  'lost',
  'duplicates',
  'duration',
  'run',
  'figures',
];

/** `Node 20.20.2, 2 cores, 24 GiB`. */
export function machineLine(): string {
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `Node ${process.versions.node}, ${cpus().length} cores, ${memory} GiB`;
}

export function table(rows: readonly Row[]): string {
  return layOut(rows.map(cellsOf));
}

function cellsOf(row: Row): string[] {
  return [
    row.id,
    row.title,
    number(row.runs),
    number(row.faults),
    number(row.obligations),
    number(row.lost) + extra(row),
    number(row.duplicates),
    duration(row.seconds),
    row.run,
    [...row.figures, ...(row.failures.length > 0 ? ['**failed**'] : [])].join('; '),
  ];
}

function layOut(cells: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(3, head.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (words: readonly string[]): string =>
    `| ${words.map((word, column) => word.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(heads), rule, ...cells.map(line)].join('\n');
}

/** Puts the rows between the markers, instead of those with their ids; others stay. Returns the path. */
export function writeTable(rows: readonly Row[], machine: string): string {
  const path = join(projectRoot(), 'test', 'faults', 'README.md');
  const text = readFileSync(path, 'utf8');
  const [head, rest] = text.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`${path} has no markers for the table`);
  const ids = new Set(rows.map(({ id }) => id));
  const kept = (rest ?? '')
    .split('\n')
    .filter((line) => /^\| R\d+ /.test(line))
    .map(cellsIn);
  const cells = [...kept.filter(([id = '']) => !ids.has(id)), ...rows.map(cellsOf)];
  const numbered = cells.toSorted(([a = ''], [b = '']) => Number(a.slice(1)) - Number(b.slice(1)));
  writeFileSync(path, `${head}${BEGIN}\n\n${machine}\n\n${layOut(numbered)}\n\n${END}${tail}`);
  return path;
}

/** The cells of a line of the table. No figure has a bar in it. */
function cellsIn(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** What should be 0 and is not beside `lost`. */
function extra({ unexpected, altered }: Row): string {
  const words = [
    ...(unexpected > 0 ? [`${unexpected} unexpected`] : []),
    ...(altered > 0 ? [`${altered} altered`] : []),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}
