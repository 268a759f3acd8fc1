/**
 * What may stand before the document element: the XML declaration and a bare document type declaration.
 *
 * A DOCTYPE is accepted and dropped, its identifiers are never fetched; one that declares something itself (an
 * internal subset) is refused, because accepting it means expanding entities (RFC 4765 §3.1.1.1, §6.1).
 */

import { xmlLimits } from '../../core/limits.ts';
import { isForbidden, SPACE, SUSPECT } from './characters.ts';
import { expectLiteral } from './markup.ts';
import { checkNameLength, readPlainName } from './names.ts';
import { FAILED, type XmlState } from './state.ts';

/** The offset of the next byte that is not white space. */
function skipSpace(state: XmlState, start: number): number {
  const { bytes, end, classes } = state;
  let at = start;
  while (at < end && (classes[bytes[at]!]! & SPACE) !== 0) at += 1;
  return at;
}

/** Reads the XML declaration if the input begins with one: the offset after it, 0 if there is none. */
export function readDeclaration(state: XmlState): number {
  const { bytes, end, classes } = state;
  const where = 'the XML declaration';
  for (let index = 0; index < 5; index += 1) {
    if (index >= end) return index === 0 ? 0 : state.ended('markup');
    if (bytes[index] !== '<?xml'.charCodeAt(index)) return 0;
  }
  if (end === 5) return state.ended(where);
  // `<?xml-stylesheet …?>` is an ordinary instruction.
  if ((classes[bytes[5]!]! & SPACE) === 0 && bytes[5] !== 0x3f) return 0;

  let at = readPseudoAttribute(state, 5, 'version', /^1\.[0-9]+$/);
  if (at === FAILED) return FAILED;
  if (at === 5) return state.unexpected(skipSpace(state, 5), 'version', where);
  for (const [name, value] of [
    ['encoding', /^[A-Za-z][A-Za-z0-9._-]*$/],
    ['standalone', /^(yes|no)$/],
  ] as const) {
    at = readPseudoAttribute(state, at, name, value);
    if (at === FAILED) return FAILED;
  }
  return expectLiteral(state, skipSpace(state, at), '?>', where);
}

/** Reads ` name="value"`: the offset after it, `start` if another name stands there. */
function readPseudoAttribute(state: XmlState, start: number, name: string, value: RegExp): number {
  const { bytes, end } = state;
  const where = 'the XML declaration';
  const first = skipSpace(state, start);
  if (first >= end) return state.ended(where);
  if (bytes[first] !== name.charCodeAt(0)) return start;
  if (first === start) return state.unexpected(first, 'white space', where);
  let at = expectLiteral(state, first, name, where);
  if (at === FAILED) return FAILED;
  at = expectLiteral(state, skipSpace(state, at), '=', where);
  if (at === FAILED) return FAILED;
  at = skipSpace(state, at);
  const valueEnd = readLiteral(state, at, where);
  if (valueEnd === FAILED) return FAILED;
  const got = Buffer.from(bytes.subarray(at + 1, valueEnd - 1)).toString();
  if (value.test(got)) return valueEnd;
  return state.fail(
    'not-well-formed',
    at,
    `a ${name} as XML writes it`,
    got,
    `the XML declaration has a wrong ${name}`,
  );
}

/** Reads a quoted literal: the offset after its closing quote. */
function readLiteral(state: XmlState, start: number, where: string): number {
  const { bytes, end, classes } = state;
  if (start >= end) return state.ended(where);
  const quote = bytes[start]!;
  if (quote !== 0x22 && quote !== 0x27) return state.unexpected(start, 'a quoted value', where);
  for (let at = start + 1; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === quote) return at + 1;
    if ((classes[byte]! & SUSPECT) !== 0 && isForbidden(bytes, at))
      return state.unexpected(at, 'text', where);
    if (at - start > xmlLimits.attributeValueBytes) {
      return state.fail(
        'limit-attribute-value',
        start,
        `at most ${xmlLimits.attributeValueBytes} bytes`,
        'more',
        `a quoted value is longer than ${xmlLimits.attributeValueBytes} bytes`,
      );
    }
  }
  return state.ended(where);
}

/** Reads `<!DOCTYPE …>` at `start`: the offset after it. */
export function readDoctype(state: XmlState, start: number): number {
  const where = 'the document type declaration';
  let at = expectLiteral(state, start, '<!DOCTYPE', where);
  if (at === FAILED) return FAILED;
  if (state.rootSeen || state.doctypeSeen) {
    return state.unexpected(start, 'no second document type declaration', 'the document');
  }
  state.doctypeSeen = true;
  at = requireSpace(state, at, where);
  if (at === FAILED) return FAILED;
  at = readQualifiedName(state, at, where);
  if (at === FAILED) return FAILED;
  at = readExternalId(state, at, where);
  if (at === FAILED) return FAILED;
  at = skipSpace(state, at);
  if (state.bytes[at] === 0x5b && at < state.end) {
    const inside = skipSpace(state, at + 1);
    if (inside >= state.end) return state.ended(where);
    if (state.bytes[inside] !== 0x5d) {
      return state.fail(
        'internal-subset',
        at,
        'no declarations inside the document',
        'an internal DTD subset',
        'a document type declaration with declarations of its own is refused',
      );
    }
    at = skipSpace(state, inside + 1);
  }
  return expectLiteral(state, at, '>', where);
}

function readQualifiedName(state: XmlState, start: number, where: string): number {
  const prefixEnd = readPlainName(state, start, where);
  if (prefixEnd === FAILED || state.bytes[prefixEnd] !== 0x3a) return prefixEnd;
  const end = readPlainName(state, prefixEnd + 1, where);
  return end === FAILED ? FAILED : checkNameLength(state, start, end);
}

/** `PUBLIC "…" "…"` or `SYSTEM "…"`, if there is one. */
function readExternalId(state: XmlState, start: number, where: string): number {
  const first = skipSpace(state, start);
  if (first >= state.end) return state.ended(where);
  const isPublic = state.bytes[first] === 0x50;
  if (!isPublic && state.bytes[first] !== 0x53) return first;
  if (first === start) return state.unexpected(first, 'white space', where);
  let at = expectLiteral(state, first, isPublic ? 'PUBLIC' : 'SYSTEM', where);
  if (isPublic && at !== FAILED) {
    at = requireSpace(state, at, where);
    if (at === FAILED) return FAILED;
    const literal = at;
    at = readLiteral(state, literal, where);
    if (at === FAILED) return FAILED;
    const name = Buffer.from(state.bytes.subarray(literal + 1, at - 1)).toString('latin1');
    if (!/^[ \r\na-zA-Z0-9'()+,./:=?;!*#@$_%-]*$/.test(name)) {
      return state.fail(
        'not-well-formed',
        literal,
        'a public identifier',
        name,
        'the public identifier has a wrong character',
      );
    }
  }
  if (at === FAILED) return FAILED;
  at = requireSpace(state, at, where);
  return at === FAILED ? FAILED : readLiteral(state, at, where);
}

function requireSpace(state: XmlState, start: number, where: string): number {
  const at = skipSpace(state, start);
  if (at >= state.end) return state.ended(where);
  return at > start ? at : state.unexpected(at, 'white space', where);
}
