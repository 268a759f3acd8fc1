/**
 * Comments, processing instructions and CDATA sections: read, checked, and of no consequence for IDMEF
 * (a CDATA section is text).
 */

import { xmlLimits } from '../../core/limits.ts';
import { isForbidden, SPACE, SUSPECT } from './characters.ts';
import { readPlainName } from './names.ts';
import { FAILED, type XmlState } from './state.ts';

/**
 * Compares the input at `start` with an ASCII literal: the offset after it, FAILED with `failure` if the input
 * ends first, FAILED with `failure` of kind not-well-formed if it differs.
 */
export function expectLiteral(state: XmlState, start: number, literal: string, where: string): number {
  for (let index = 0; index < literal.length; index += 1) {
    if (start + index >= state.end) return state.ended(where);
    if (state.bytes[start + index] !== literal.charCodeAt(index)) {
      return state.unexpected(start + index, `'${literal}'`, where);
    }
  }
  return start + literal.length;
}

/** Reads `<!-- … -->` at `start`: the offset after it. */
export function readComment(state: XmlState, start: number): number {
  const { bytes, end, classes } = state;
  const first = expectLiteral(state, start, '<!--', 'a comment');
  if (first === FAILED) return FAILED;
  for (let at = first; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x2d && bytes[at + 1] === 0x2d) {
      if (at + 2 >= end) break;
      if (bytes[at + 2] !== 0x3e) return state.unexpected(at + 2, "'>' after '--'", 'a comment');
      state.mixed = true;
      return at + 3;
    }
    if ((classes[byte]! & SUSPECT) !== 0 && isForbidden(bytes, at)) {
      return state.unexpected(at, 'text', 'a comment');
    }
  }
  return state.ended('a comment');
}

/** Reads `<?target …?>` at `start`, which is not the XML declaration: the offset after it. */
export function readInstruction(state: XmlState, start: number): number {
  const { bytes, end, classes } = state;
  const nameEnd = readPlainName(state, start + 2, 'a processing instruction');
  if (nameEnd === FAILED) return FAILED;
  if (nameEnd >= end) return state.ended('a processing instruction');
  if (/^xml$/i.test(Buffer.from(bytes.subarray(start + 2, nameEnd)).toString('latin1'))) {
    return state.fail(
      'not-well-formed',
      start,
      'the XML declaration at the very start',
      'an XML declaration later on',
      'an XML declaration may stand only at the very start of a document',
    );
  }
  const isSpace = (classes[bytes[nameEnd]!]! & SPACE) !== 0;
  if (!isSpace && bytes[nameEnd] !== 0x3f) {
    return state.unexpected(nameEnd, "white space or '?>'", 'a processing instruction');
  }
  for (let at = nameEnd; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x3f && bytes[at + 1] === 0x3e) {
      state.mixed = true;
      return at + 2;
    }
    if (byte === 0x3f && !isSpace && at === nameEnd && at + 1 < end) {
      return state.unexpected(at + 1, "'>'", 'a processing instruction');
    }
    if ((classes[byte]! & SUSPECT) !== 0 && isForbidden(bytes, at)) {
      return state.unexpected(at, 'text', 'a processing instruction');
    }
  }
  return state.ended('a processing instruction');
}

/** Reads `<![CDATA[ … ]]>` at `start`: the offset after it. */
export function readCdata(state: XmlState, start: number): number {
  const { bytes, end, classes } = state;
  const first = expectLiteral(state, start, '<![CDATA[', 'a CDATA section');
  if (first === FAILED) return FAILED;
  for (let at = first; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x5d && bytes[at + 1] === 0x5d && bytes[at + 2] === 0x3e) {
      state.mixed = true;
      return at - first > xmlLimits.textBytes ? failTextLength(state, start) : at + 3;
    }
    if ((classes[byte]! & SUSPECT) !== 0 && isForbidden(bytes, at)) {
      return state.unexpected(at, 'text', 'a CDATA section');
    }
  }
  if (end - first > xmlLimits.textBytes) return failTextLength(state, start);
  return state.ended('a CDATA section');
}

export function failTextLength(state: XmlState, start: number): typeof FAILED {
  return state.fail(
    'limit-text',
    start,
    `at most ${xmlLimits.textBytes} bytes`,
    'more',
    `a run of text is longer than ${xmlLimits.textBytes} bytes`,
  );
}
