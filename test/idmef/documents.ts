/**
 * Small documents for the tests of the reader, and verdicts as one line a problem.
 *
 * `alertDocument` puts parts into an otherwise valid alert: each part on a line of its own, so that expected
 * positions are easy to read off.
 */

import { readDocument } from '../../src/idmef/read-document.ts';
import type { DocumentVerdict, Problem, ValidationMode } from '../../src/idmef/verdict.ts';

export const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
export const namespace = 'xmlns="http://iana.org/idmef"';
export const time = '<CreateTime ntpstamp="0xbc72423b.0x00000000">2000-03-09T15:31:07Z</CreateTime>';

/** A document with this content of the root. The content begins on line 3. */
export function documentOf(content: string): string {
  return `${declaration}\n<IDMEF-Message ${namespace}>\n${content}\n</IDMEF-Message>\n`;
}

export interface AlertParts {
  /** Attributes of Alert and of its Analyzer. */
  readonly alert?: string;
  readonly analyzer?: string;
  /** Whole elements, instead of the valid ones. */
  readonly head?: string;
  readonly sources?: string;
  readonly classification?: string;
  readonly rest?: string;
}

/** Alert on line 3, Analyzer and CreateTime on 4, sources on 5, classification on 6, the rest on 7. */
export function alertDocument(parts: AlertParts): string {
  const { alert = '', analyzer = ' analyzerid="a"', sources = '', rest = '' } = parts;
  const head = parts.head ?? `<Analyzer${analyzer}/>${time}`;
  const classification = parts.classification ?? '<Classification text="t"/>';
  return documentOf(`<Alert${alert}>\n${head}\n${sources}\n${classification}\n${rest}\n</Alert>`);
}

export function read(input: string | Uint8Array, mode: ValidationMode = 'strict'): DocumentVerdict {
  return readDocument(typeof input === 'string' ? Buffer.from(input) : input, mode);
}

/** All problems of a verdict. */
export function problemsOf(verdict: DocumentVerdict): readonly Problem[] {
  if (!verdict.readable) return [verdict.problem];
  return [...verdict.problems, ...verdict.messages.flatMap((message) => message.problems)];
}

/**
 * One problem as `error rule …/path <Foo b`: the path without what all alert documents share, then the first
 * characters of the input at the line and column it names.
 */
export function brief(problem: Problem, input: string): string {
  const path = problem.path.replace('/IDMEF-Message/Alert[1]', '…').replace('/IDMEF-Message', '/…');
  const line = input.split('\n')[problem.line - 1] ?? '';
  const there = Array.from(line)
    .slice(problem.column - 1)
    .join('')
    .slice(0, 7);
  return `${problem.level} ${problem.rule} ${path} ${there}`;
}

/** The problems of a document. */
export function briefs(input: string, mode: ValidationMode = 'strict'): readonly string[] {
  return problemsOf(read(input, mode)).map((problem) => brief(problem, input));
}
