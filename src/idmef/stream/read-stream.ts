/**
 * Reads a file that holds several documents, one after another, as if it were one: all of it or nothing.
 *
 * For the intake of a spool (src/app/sensor-worker-thread.ts), in mode `off`. A file that holds one document is read
 * as any other, and so is one that holds none, so that the reason against it is the same. Places are those of the file.
 */

import { xmlLimits } from '../../core/limits.ts';
import { readDocument } from '../read-document.ts';
import { rules } from '../rules.ts';
import type { DocumentVerdict, Message, Problem } from '../verdict.ts';
import { LineCounter } from '../xml/lines.ts';
import { DocumentSplitter, type StreamPart } from './document-splitter.ts';
import { readPart } from './read-part.ts';

type Skipped = Extract<StreamPart, { kind: 'skipped' }>;
type StreamDocument = Extract<StreamPart, { kind: 'document' }>;

export function readStream(bytes: Uint8Array): DocumentVerdict {
  const alone = readDocument(bytes, 'off');
  if (alone.readable) return alone;
  const splitter = new DocumentSplitter();
  const parts = [...splitter.push(bytes), ...splitter.end()];
  if (parts.every((part) => part.kind !== 'document')) return alone;
  const lines = new LineCounter(bytes);
  const messages: Message[] = [];
  const leniencies = new Set<string>();
  for (const part of parts) {
    if (part.kind === 'skipped') {
      if (part.remark) continue;
      return refused(part, lines);
    }
    const { verdict } = readPart(part.bytes, 'off');
    if (!verdict.readable) return { ...verdict, problem: placed(verdict.problem, part, lines) };
    if (messages.length + verdict.messages.length > xmlLimits.messages) return tooMany(part, lines);
    for (const message of verdict.messages) {
      messages.push({ ...message, line: message.line + part.line - 1 });
    }
    for (const name of verdict.leniencies) leniencies.add(name);
  }
  return { readable: true, messages, problems: [], leniencies: [...leniencies].toSorted(), valid: true };
}

/** A problem of a document, where the file has it. */
function placed(problem: Problem, { number, offset }: StreamDocument, lines: LineCounter): Problem {
  const first = lines.placeOf(offset);
  return {
    ...problem,
    line: problem.line + first.line - 1,
    column: problem.column + (problem.line === 1 ? first.column - 1 : 0),
    text: `document ${number}: ${problem.text}`,
  };
}

function refused({ offset, length, reason, incomplete }: Skipped, lines: LineCounter): DocumentVerdict {
  const text = `${length} bytes are no document: ${reason}`;
  const rule = incomplete ? 'incomplete' : 'not-well-formed';
  return { readable: false, incomplete, problem: problemAt(rule, offset, 'a document', reason, text, lines) };
}

function tooMany({ offset }: StreamDocument, lines: LineCounter): DocumentVerdict {
  const expected = `at most ${xmlLimits.messages} messages`;
  const text = `the file has more than ${xmlLimits.messages} messages`;
  return {
    readable: false,
    incomplete: false,
    problem: problemAt('limit-messages', offset, expected, 'more', text, lines),
  };
}

function problemAt(
  rule: keyof typeof rules,
  offset: number,
  expected: string,
  got: string,
  text: string,
  lines: LineCounter,
): Problem {
  const { line, column } = lines.placeOf(offset);
  return { level: 'error', rule, section: rules[rule].section, path: '/', line, column, expected, got, text };
}
