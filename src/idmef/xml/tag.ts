/**
 * Start tags and end tags, with their attributes and namespaces. The hottest code of the reader: nothing is
 * allocated, names are hashed once, and whatever is rare is left to other files.
 */

import { xmlLimits } from '../../core/limits.ts';
import {
  afterRun,
  BEYOND_ASCII,
  isForbidden,
  NAME_PART,
  NAME_START,
  PLAIN_VALUE,
  sameRun,
  SPACE,
} from './characters.ts';
import {
  failDuplicate,
  failPrefix,
  failTooManyAttributes,
  resolveNamespaces,
  sameName,
} from './attributes.ts';
import { checkNameLength, nameHash, readPlainName } from './names.ts';
import { UNDECLARED } from './namespaces.ts';
import { readReference } from './references.ts';
import { FAILED, type XmlState } from './state.ts';

/** Reads the start tag whose `<` is at `start`: the offset after its `>`. */
export function readStartTag(state: XmlState, start: number): number {
  const { bytes, classes, end } = state;
  const { depth } = state;
  if (depth > xmlLimits.depth) return failDepth(state, start);
  let at = readName(state, start + 1);
  if (at === FAILED) return FAILED;
  const { localStart, localHash } = state;
  const prefixEnd = localStart === start + 1 ? localStart : localStart - 1;
  state.nameStarts[depth] = start + 1;
  state.nameEnds[depth] = at;
  state.depth = depth + 1;
  state.mixed = false;

  const nameEnd = at;
  let count = 0;
  let prefixed = false;
  for (;;) {
    const before = at;
    at = afterRun(bytes, at, end, classes, SPACE);
    if (at >= end) return state.ended('a start tag');
    const byte = bytes[at]!;
    if (byte === 0x3e) {
      at += 1;
      state.selfClosed = false;
      break;
    }
    if (byte === 0x2f) {
      if (at + 1 >= end) return state.ended('a start tag');
      if (bytes[at + 1] !== 0x3e) return state.unexpected(at + 1, "'>'", 'a start tag');
      at += 2;
      state.selfClosed = true;
      break;
    }
    if (at === before) return state.unexpected(at, "white space, '>' or '/>'", 'a start tag');
    if (count >= xmlLimits.attributes) return failTooManyAttributes(state, start);
    const first = at;
    at = readAttribute(state, first, count);
    if (at === FAILED) return FAILED;
    for (let other = 0; other < count; other += 1) {
      if (
        state.attributeHash[other] === state.attributeHash[count] &&
        sameName(state, other, state.attributeStart[other]!, count, first)
      ) {
        return failDuplicate(state, count);
      }
    }
    if (state.attributeLocal[count] !== first || bytes[first] === 0x78) prefixed = true;
    count += 1;
  }

  state.attributeCount = count;
  // Only a prefixed attribute, or one that begins like `xmlns`, has to do with namespaces.
  if (prefixed && !resolveNamespaces(state, depth)) return FAILED;
  const namespace = state.namespaces.lookup(bytes, start + 1, prefixEnd);
  if (namespace === UNDECLARED) return failPrefix(state, start + 1, prefixEnd);
  state.namespace = namespace;
  state.localStart = localStart;
  state.localHash = localHash;
  state.nameEnd = nameEnd;
  return at;
}

/** Reads `name="value"` into slot `index`: the offset after the closing quote. */
function readAttribute(state: XmlState, start: number, index: number): number {
  const { bytes, classes, end } = state;
  let at = readName(state, start);
  if (at === FAILED) return FAILED;
  state.attributeStart[index] = start;
  state.attributeLocal[index] = state.localStart;
  state.attributeNameEnd[index] = at;
  state.attributeHash[index] = state.localHash;
  state.attributeNamespace[index] = 0;

  at = afterRun(bytes, at, end, classes, SPACE);
  if (at >= end) return state.ended('a start tag');
  if (bytes[at] !== 0x3d) return state.unexpected(at, "'='", 'an attribute');
  at += 1;
  at = afterRun(bytes, at, end, classes, SPACE);
  if (at >= end) return state.ended('a start tag');
  const quote = bytes[at]!;
  if (quote !== 0x22 && quote !== 0x27) return state.unexpected(at, 'a quoted value', 'an attribute');
  at += 1;

  const first = at;
  for (;;) {
    at = afterRun(bytes, at, end, classes, PLAIN_VALUE);
    if (at >= end)
      return at - first > xmlLimits.attributeValueBytes
        ? failValueLength(state, start)
        : state.ended('an attribute value');
    const byte = bytes[at]!;
    if (byte === quote) break;
    if (byte === 0x26) {
      at = readReference(state, at);
      if (at === FAILED) return FAILED;
    } else if (byte === 0x22 || byte === 0x27) {
      at += 1;
    } else if (byte === 0x3c || isForbidden(bytes, at)) {
      return state.unexpected(at, "no '<'", 'an attribute value');
    } else {
      at += 3;
    }
  }
  if (at - first > xmlLimits.attributeValueBytes) return failValueLength(state, start);
  state.valueStart[index] = first;
  state.valueEnd[index] = at;
  return at + 1;
}

/** Reads a qualified name: the offset after it, with localStart and localHash set. */
function readName(state: XmlState, start: number): number {
  const { bytes, classes, end } = state;
  let at = start;
  if (at < end && (classes[bytes[at]!]! & NAME_START) !== 0)
    at = afterRun(bytes, at + 1, end, classes, NAME_PART);
  let local = start;
  if (at < end && bytes[at] === 0x3a && at > start) {
    at += 1;
    local = at;
    if (at < end && (classes[bytes[at]!]! & NAME_START) !== 0) {
      at = afterRun(bytes, at + 1, end, classes, NAME_PART);
    }
  }
  if (
    at >= end ||
    at === local ||
    (classes[bytes[at]!]! & BEYOND_ASCII) !== 0 ||
    at - start > xmlLimits.nameBytes
  ) {
    at = readUncommonName(state, start);
    if (at === FAILED) return FAILED;
    local = state.localStart;
  }
  state.localStart = local;
  state.localHash = nameHash(bytes, local, at);
  return at;
}

/** The same for a name with characters beyond ASCII, or none at all: sets localStart. */
function readUncommonName(state: XmlState, start: number): number {
  const { bytes, end } = state;
  let at = readPlainName(state, start, 'a tag');
  if (at === FAILED) return FAILED;
  state.localStart = start;
  if (at < end && bytes[at] === 0x3a) {
    state.localStart = at + 1;
    at = readPlainName(state, at + 1, 'a tag');
    if (at === FAILED) return FAILED;
  }
  return at >= end ? state.ended('a tag') : checkNameLength(state, start, at);
}

/** Reads the end tag whose `<` is at `start`: the offset after its `>`. */
export function readEndTag(state: XmlState, start: number): number {
  const { bytes, classes, end } = state;
  const depth = state.depth - 1;
  if (depth < 0) return state.unexpected(start + 1, 'a start tag', 'the document');
  const nameStart = state.nameStarts[depth]!;
  const length = state.nameEnds[depth]! - nameStart;
  if (!sameRun(bytes, nameStart, bytes, start + 2, length)) return failEndTag(state, start);
  const at = afterRun(bytes, start + 2 + length, end, classes, SPACE);
  if (at >= end) return state.ended('an end tag');
  if (bytes[at] !== 0x3e) return failEndTag(state, start);
  return at + 1;
}

function failEndTag(state: XmlState, start: number): typeof FAILED {
  const depth = state.depth - 1;
  const text = (from: number, to: number): string => Buffer.from(state.bytes.subarray(from, to)).toString();
  const expected = `</${text(state.nameStarts[depth]!, state.nameEnds[depth]!)}>`;
  let at = start + 2;
  while (at < state.end && at - start < 66 && !' \t\r\n<>'.includes(String.fromCharCode(state.bytes[at]!)))
    at += 1;
  if (at >= state.end && expected.startsWith(text(start, at))) return state.ended('an end tag');
  const got = `</${text(start + 2, at)}>`;
  return state.fail('not-well-formed', start, expected, got, `the end tag ${got} does not match ${expected}`);
}

function failDepth(state: XmlState, start: number): typeof FAILED {
  const { depth } = xmlLimits;
  return state.fail(
    'limit-depth',
    start,
    `at most ${depth} levels`,
    'more',
    `elements nest deeper than ${depth} levels`,
  );
}

function failValueLength(state: XmlState, start: number): typeof FAILED {
  const { attributeValueBytes } = xmlLimits;
  return state.fail(
    'limit-attribute-value',
    start,
    `at most ${attributeValueBytes} bytes`,
    'more',
    `an attribute value is longer than ${attributeValueBytes} bytes`,
  );
}
