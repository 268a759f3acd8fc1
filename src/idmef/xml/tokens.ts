/**
 * The reader's step: from the current position to the next start tag, text, end tag, or the end of the document.
 *
 * White space between tags, comments and instructions are passed over. Called by the document reader in its
 * loop; the state says what the token is. XML 1.0 (fifth edition) and Namespaces in XML 1.0.
 */

import { xmlLimits } from '../../core/limits.ts';
import { afterRun, isForbidden, NAME_START, PLAIN_TEXT, SPACE } from './characters.ts';
import { expectLiteral, failTextLength, readCdata, readComment, readInstruction } from './markup.ts';
import { readDoctype } from './prolog.ts';
import { readReference } from './references.ts';
import { FAILED, type XmlState } from './state.ts';
import { readEndTag, readStartTag } from './tag.ts';

export const START = 1;
/** Character data that is not only white space, or a reference or CDATA section whatever it holds. */
export const TEXT = 2;
export const END = 3;
export const DOCUMENT_END = 4;

/** START, TEXT, END, DOCUMENT_END or FAILED. After END, `depth` is that of the parent's content. */
export function nextToken(state: XmlState): number {
  if (state.selfClosed) {
    state.selfClosed = false;
    state.tokenStart = state.position;
    return endElement(state);
  }
  const { bytes, classes, end } = state;
  let at = state.position;
  for (;;) {
    const start = at;
    at = afterRun(bytes, at, end, classes, SPACE);
    if (at >= end) return endOfInput(state, start);
    state.tokenStart = at;
    if (bytes[at] !== 0x3c) {
      if (state.depth === 0) return unexpectedText(state, at);
      at = readText(state, at);
      if (at === FAILED) return FAILED;
      if (at - start > xmlLimits.textBytes) return failTextLength(state, start);
      state.position = at;
      return TEXT;
    }
    if (at - start > xmlLimits.textBytes) return failTextLength(state, start);

    const second = bytes[at + 1] ?? 0;
    if ((classes[second]! & NAME_START) !== 0) {
      at = readStartTag(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return START;
    }
    if (second === 0x2f) {
      at = readEndTag(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return endElement(state);
    }
    if (second === 0x21 && bytes[at + 2] === 0x5b && state.depth > 0) {
      at = readCdata(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return TEXT;
    }
    if (second >= 0x80) {
      at = readStartTag(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return START;
    }
    at = readOther(state, at);
    if (at === FAILED) return FAILED;
  }
}

function endElement(state: XmlState): number {
  const depth = state.depth - 1;
  state.depth = depth;
  if (state.namespaces.count > 0 && state.namespaces.innermost >= depth) state.namespaces.leave(depth);
  return END;
}

/** A comment, an instruction, a DOCTYPE, or something that cannot be: the offset after it. */
function readOther(state: XmlState, start: number): number {
  const { bytes, end } = state;
  if (start + 1 >= end) return state.ended('markup');
  if (bytes[start + 1] === 0x3f) return readInstruction(state, start);
  if (bytes[start + 1] !== 0x21) return state.unexpected(start + 1, 'a name', 'a tag');
  if (start + 2 >= end) return state.ended('markup');
  if (bytes[start + 2] === 0x44 && state.depth === 0) return readDoctype(state, start);
  if (bytes[start + 2] === 0x2d) return readComment(state, start);
  return expectLiteral(state, start, '<!--', 'markup');
}

/** Reads character data: the offset of the `<` after it. */
function readText(state: XmlState, start: number): number {
  const { bytes, classes, end } = state;
  let at = start;
  for (;;) {
    at = afterRun(bytes, at, end, classes, PLAIN_TEXT);
    if (at >= end)
      return at - start > xmlLimits.textBytes ? failTextLength(state, start) : state.ended('an element');
    const byte = bytes[at]!;
    if (byte === 0x3c) return at;
    if (byte === 0x26) {
      at = readReference(state, at);
      if (at === FAILED) return FAILED;
      state.mixed = true;
    } else if (byte === 0x5d) {
      if (bytes[at + 1] === 0x5d && bytes[at + 2] === 0x3e) {
        return state.fail('not-well-formed', at, "']]&gt;'", "']]>'", "text may not hold ']]>'");
      }
      at += 1;
    } else if (isForbidden(bytes, at)) {
      return state.unexpected(at, 'text', 'character data');
    } else {
      at += 3;
    }
  }
}

function unexpectedText(state: XmlState, at: number): number {
  if (state.rootSeen) return state.unexpected(at, 'nothing more', 'the document after its end');
  return state.unexpected(at, "'<'", 'the document');
}

function endOfInput(state: XmlState, start: number): number {
  if (state.depth === 0 && state.rootSeen) {
    state.position = state.end;
    return DOCUMENT_END;
  }
  if (state.depth > 0 && state.end - start > xmlLimits.textBytes) return failTextLength(state, start);
  return state.ended(state.rootSeen ? 'an element' : 'the document');
}
