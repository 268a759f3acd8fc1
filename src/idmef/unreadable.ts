/**
 * The verdict on a document that cannot be read, from the failure the XML state ended with.
 *
 * The path names the innermost element that was open; it is worked out here, for everything before the failing
 * token has been read and is well-formed.
 */

import { rules } from './rules.ts';
import { grammar } from './validate/grammar.ts';
import { openPathAt } from './validate/locate.ts';
import type { DocumentVerdict } from './verdict.ts';
import { LineCounter } from './xml/lines.ts';
import type { XmlState } from './xml/state.ts';

/** A rule of a class can end the reading only in the root: IDMEF-Message. */
const ROOT_SECTION = '4.2.1';

/** @param followed what ended the reading stands after the document */
export function unreadable(state: XmlState, followed = false): DocumentVerdict {
  const { failure } = state;
  if (failure === undefined) throw new Error('the reader stopped without a reason');
  const known = Math.min(state.depth === 0 ? 0 : state.tokenStart, failure.offset);
  const { line, column } = new LineCounter(state.bytes).placeOf(failure.offset);
  return {
    readable: false,
    incomplete: failure.incomplete,
    ...(followed ? { followed } : {}),
    problem: {
      level: 'error',
      rule: failure.rule,
      section: rules[failure.rule].section || ROOT_SECTION,
      path: openPathAt(grammar(), state.bytes, known),
      line,
      column,
      expected: failure.expected,
      got: failure.got,
      text: failure.text,
    },
  };
}
