/**
 * Lenient mode: a message with errors is repaired, and the repair judged as strictly as any other message.
 *
 * If nothing is wrong any more, the repaired form is the message and its leniencies are named. Otherwise the
 * message stays as it was, with the problems that the repair did not cure and those it brought to light; their
 * places are those of the original, as far as the original has such a place.
 */

import type { DocumentVerdict, Message, Problem } from './verdict.ts';
import type { Place } from './xml/lines.ts';

/** Makes an element valid without a guess; undefined if it cannot be. */
export type RepairMessage = (
  element: Uint8Array,
  problems: readonly Problem[],
) => { readonly bytes: Uint8Array; readonly leniencies: readonly string[] } | undefined;

/** Where the message and its parts stand in the document. */
export interface Original {
  readonly path: string;
  /** The place of the element with this path, or of the nearest one around it. */
  placeOf(path: string): Place;
}

/** The message in repaired form, or the reasons why there is none. */
export function repairedMessage(
  message: Message,
  original: Original,
  repair: RepairMessage,
  validate: (bytes: Uint8Array) => DocumentVerdict,
): Message {
  const repaired = repair(message.bytes, message.problems);
  if (repaired === undefined) return message;
  const verdict = validate(repaired.bytes);
  const again = verdict.readable ? verdict.messages[0] : undefined;
  // A repair that cannot be read is none; the problems stand.
  if (again === undefined) return message;
  const problems = again.problems.map((problem) => inOriginal(problem, message, original));
  const { line } = message;
  if (!again.valid) return { ...message, line, problems };
  return {
    ...again,
    line,
    bytes: repaired.bytes,
    problems,
    leniencies: [...new Set(repaired.leniencies)].toSorted(),
  };
}

/** A problem of the repaired element, put where the original shows it. */
function inOriginal(problem: Problem, message: Message, original: Original): Problem {
  const path = problem.path.replace(/^\/[^/]+/, original.path);
  const same = message.problems.find((other) => other.rule === problem.rule && other.path === path);
  if (same !== undefined) return same;
  const { line, column } = original.placeOf(path);
  return { ...problem, path, line, column };
}
