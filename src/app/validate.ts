/**
 * `idmef validate FILE…|-`: judges documents against RFC 4765 and says every problem where it is.
 *
 * stdout has one line a problem, `FILE:LINE:COL: error RULE /path: text`, or with --json one object a file;
 * stderr has what could not be read and one summary line. Exit status 0 all valid, 1 any invalid, 66 or 74 when a
 * file could not be read (the others are judged all the same). Called by src/bin/idmef.ts.
 */

import { readDocument } from '../idmef/read-document.ts';
import type { DocumentVerdict, Problem } from '../idmef/verdict.ts';
import { escapeText } from '../log/escape.ts';
import type { CommandIo } from './command-io.ts';
import { inputName, readInput } from './read-input.ts';

export interface ValidateOptions {
  readonly files: readonly string[];
  readonly mode: 'strict' | 'lenient';
  readonly json: boolean;
}

interface Tally {
  valid: number;
  invalid: number;
  unreadable: number;
  messages: number;
}

function isValid(verdict: DocumentVerdict): boolean {
  return verdict.readable && verdict.valid;
}

function problemsOf(verdict: DocumentVerdict): readonly Problem[] {
  return verdict.readable
    ? [...verdict.problems, ...verdict.messages.flatMap(({ problems }) => problems)]
    : [verdict.problem];
}

function lenienciesOf(verdict: DocumentVerdict): readonly string[] {
  const names = verdict.readable
    ? [...verdict.leniencies, ...verdict.messages.flatMap(({ leniencies }) => leniencies)]
    : [];
  return [...new Set(names)].toSorted();
}

function lineOf(name: string, problem: Problem): string {
  const { line, column, level, rule, path, text } = problem;
  return escapeText(`${name}:${line}:${column}: ${level} ${rule} ${path}: ${text}`);
}

function textReport(name: string, verdict: DocumentVerdict): string {
  const lines = problemsOf(verdict).map((problem) => lineOf(name, problem));
  const repairs = lenienciesOf(verdict);
  if (repairs.length > 0) {
    lines.push(escapeText(`${name}: note: repaired by ${repairs.join(', ')}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function jsonReport(file: string, mode: string, verdict: DocumentVerdict): string {
  const { readable } = verdict;
  const messages = readable
    ? verdict.messages.map(({ kind, messageid, analyzerid, line, valid, leniencies, problems }) => ({
        kind,
        messageid,
        analyzerid,
        line,
        valid,
        leniencies,
        problems,
      }))
    : [];
  const own = readable ? verdict.problems : [verdict.problem];
  const leniencies = readable ? verdict.leniencies : [];
  const report = { file, mode, valid: isValid(verdict), readable, leniencies, problems: own, messages };
  return `${JSON.stringify(report)}\n`;
}

function summary({ valid, invalid, unreadable, messages }: Tally): string {
  const files = valid + invalid + unreadable;
  const parts = [`${valid} valid`, `${invalid} invalid`];
  if (unreadable > 0) {
    parts.push(`${unreadable} unreadable`);
  }
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  return `idmef: ${count(files, 'file')}, ${count(messages, 'message')}: ${parts.join(', ')}\n`;
}

/** Judges all files in order; resolves with the exit status. */
export async function runValidate(options: ValidateOptions, io: CommandIo): Promise<number> {
  const tally: Tally = { valid: 0, invalid: 0, unreadable: 0, messages: 0 };
  let unreadableExit = 0;
  for (const file of options.files) {
    const name = inputName(file);
    const input = await readInput(file, io);
    if (!input.ok) {
      tally.unreadable += 1;
      unreadableExit = Math.max(unreadableExit, input.exit);
      await io.stderr(`idmef: error: cannot read ${escapeText(name)}: ${escapeText(input.reason)}\n`);
      if (options.json) {
        await io.stdout(`${JSON.stringify({ file: name, valid: false, error: input.reason })}\n`);
      }
      continue;
    }
    const verdict = readDocument(input.bytes, options.mode);
    tally[isValid(verdict) ? 'valid' : 'invalid'] += 1;
    tally.messages += verdict.readable ? verdict.messages.length : 0;
    await io.stdout(options.json ? jsonReport(name, options.mode, verdict) : textReport(name, verdict));
  }
  await io.stderr(summary(tally));
  return unreadableExit === 0 ? Math.min(tally.invalid, 1) : unreadableExit;
}
