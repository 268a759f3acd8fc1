/**
 * The reader's step: from the current position to the next start tag, text, end tag, or the end of the document.
 *
 * White space between tags, comments and instructions are passed over. Called by the document reader in its
 * loop; the state says what the token is. XML 1.0 (fifth edition) and Namespaces in XML 1.0.
 */

import { xmlLimits } from '../../core/limits.ts';
import { afterRun, BEYOND_ASCII, isForbidden, NAME_START, PLAIN_TEXT, SPACE } from './characters.ts';
import { expectLiteral, failTextLength, readCdata, readComment, readInstruction } from './markup.ts';
import { readDoctype } from './prolog.ts';
import { readReference } from './references.ts';
import { FAILED, type XmlState } from './state.ts';
import { readEndTag, readStartTag } from './tag.ts';

export const START = 1;
/** Character data that is not only white space, or a reference or CDATA section whatever it holds. */
export const TEXT = 2;
export const END = 3;
const DOCUMENT_END = 4;

/** Inside the document element: START, TEXT, END or FAILED. After END, `depth` is that of the parent's content. */
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
      at = readText(state, at);
      if (at === FAILED) return FAILED;
      if (at - start > xmlLimits.textBytes) return failTextLength(state, start);
      state.position = at;
      return TEXT;
    }
    if (at - start > xmlLimits.textBytes) return failTextLength(state, start);

    const second = bytes[at + 1] ?? 0;
    if (second === 0x2f) {
      at = readEndTag(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return endElement(state);
    }
    if ((classes[second]! & (NAME_START | BEYOND_ASCII)) !== 0) {
      at = readStartTag(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return START;
    }
    if (second === 0x21 && bytes[at + 2] === 0x5b) {
      at = readCdata(state, at);
      if (at === FAILED) return FAILED;
      state.position = at;
      return TEXT;
    }
    at = readOther(state, at);
    if (at === FAILED) return FAILED;
  }
}

/**
 * Before and after the document element: START (of that element), DOCUMENT_END or FAILED. Apart from nextToken,
 * because what is rare must stay out of the function that has to be fast.
 */
export function nextOutside(state: XmlState): number {
  const { bytes, classes, end } = state;
  let at = state.position;
  for (;;) {
    at = afterRun(bytes, at, end, classes, SPACE);
    state.tokenStart = at;
    if (at >= end) {
      state.position = end;
      return state.rootSeen ? DOCUMENT_END : state.ended('the document');
    }
    const where = state.rootSeen ? 'the document after its end' : 'the document';
    if (bytes[at] !== 0x3c) return state.unexpected(at, state.rootSeen ? 'nothing more' : "'<'", where);
    if ((classes[bytes[at + 1] ?? 0]! & (NAME_START | BEYOND_ASCII)) !== 0) {
      if (state.rootSeen) return state.unexpected(at, 'nothing but comments', where);
      state.rootSeen = true;
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

function endOfInput(state: XmlState, start: number): number {
  state.tokenStart = state.end;
  if (state.end - start > xmlLimits.textBytes) return failTextLength(state, start);
  return state.ended('an element');
}
