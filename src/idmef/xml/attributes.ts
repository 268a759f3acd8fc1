/**
 * The namespace side of a start tag's attributes: declarations are put into scope, prefixes resolved, and
 * attributes that differ in prefix but not in expanded name refused (Namespaces in XML 1.0, §3, §6.3).
 *
 * Called by tag.ts only for start tags that have a prefixed attribute or one that begins with `x`.
 */

import { xmlLimits } from '../../core/limits.ts';
import { sameRun } from './characters.ts';
import { isXmlns, isXmlPrefix, NO_NAMESPACE, UNDECLARED, XML, XMLNS } from './namespaces.ts';
import type { FAILED, XmlState } from './state.ts';
import { rawText } from './text.ts';

/** Gives every attribute of the current start tag its namespace. False: see `failure`. */
export function resolveNamespaces(state: XmlState, depth: number): boolean {
  const { bytes, attributeCount, attributeStart, attributeLocal, attributeNameEnd } = state;
  let prefixed = 0;
  for (let index = 0; index < attributeCount; index += 1) {
    const start = attributeStart[index]!;
    const local = attributeLocal[index]!;
    const end = attributeNameEnd[index]!;
    if (local === start ? isXmlns(bytes, start, end) : isXmlns(bytes, start, local - 1)) {
      state.attributeNamespace[index] = XMLNS;
      if (!declare(state, depth, index)) return false;
    } else if (local !== start) {
      prefixed += 1;
    }
  }
  if (prefixed === 0) return true;

  for (let index = 0; index < attributeCount; index += 1) {
    const start = attributeStart[index]!;
    const local = attributeLocal[index]!;
    if (local === start || state.attributeNamespace[index] === XMLNS) continue;
    const namespace = state.namespaces.lookup(bytes, start, local - 1);
    if (namespace === UNDECLARED) {
      failPrefix(state, start, local - 1);
      return false;
    }
    state.attributeNamespace[index] = namespace;
    for (let other = 0; other < index; other += 1) {
      if (
        state.attributeNamespace[other] === namespace &&
        state.attributeHash[other] === state.attributeHash[index] &&
        sameName(state, other, attributeLocal[other]!, index, local)
      ) {
        failDuplicate(state, index);
        return false;
      }
    }
  }
  return true;
}

/** Puts the declaration in slot `index` into scope. */
function declare(state: XmlState, depth: number, index: number): boolean {
  const { bytes, namespaces } = state;
  const start = state.attributeStart[index]!;
  const local = state.attributeLocal[index]!;
  const end = state.attributeNameEnd[index]!;
  const isDefault = local === start;
  const namespace = namespaces.numberOf(bytes, state.valueStart[index]!, state.valueEnd[index]!);
  const wrong = isDefault
    ? namespace === XML || namespace === XMLNS
    : namespace === NO_NAMESPACE ||
      namespace === XMLNS ||
      isXmlns(bytes, local, end) ||
      isXmlPrefix(bytes, local, end) !== (namespace === XML);
  if (wrong) {
    const name = namespaces.nameOf(namespace);
    state.fail(
      'not-well-formed',
      start,
      'a namespace that this prefix may have',
      `"${name.slice(0, 80)}"`,
      `the namespace declaration ${rawText(bytes, start, end)}="${name.slice(0, 80)}" is not allowed`,
    );
    return false;
  }
  const declared = isDefault
    ? namespaces.declare(depth, start, start, namespace)
    : namespaces.declare(depth, local, end, namespace);
  if (!declared) {
    state.fail(
      'limit-namespaces',
      start,
      `at most ${xmlLimits.namespaces} declarations in scope`,
      'more',
      `more than ${xmlLimits.namespaces} namespace declarations are in scope`,
    );
  }
  return declared;
}

/** The names of two attributes are the same from the given offsets on: those of the whole or of the local names. */
export function sameName(
  state: XmlState,
  one: number,
  oneStart: number,
  other: number,
  otherStart: number,
): boolean {
  const length = state.attributeNameEnd[one]! - oneStart;
  if (length !== state.attributeNameEnd[other]! - otherStart) return false;
  return sameRun(state.bytes, oneStart, state.bytes, otherStart, length);
}

export function failDuplicate(state: XmlState, index: number): typeof FAILED {
  const start = state.attributeStart[index]!;
  const name = Buffer.from(state.bytes.subarray(start, state.attributeNameEnd[index])).toString();
  return state.fail(
    'not-well-formed',
    start,
    'each attribute once',
    name,
    `the attribute ${name} is given twice`,
  );
}

export function failTooManyAttributes(state: XmlState, start: number): typeof FAILED {
  const { attributes } = xmlLimits;
  return state.fail(
    'limit-attributes',
    start,
    `at most ${attributes} attributes`,
    'more',
    `an element has more than ${attributes} attributes`,
  );
}

/** The prefix in a range of bytes is not declared. */
export function failPrefix(state: XmlState, start: number, end: number): typeof FAILED {
  const prefix = Buffer.from(state.bytes.subarray(start, end)).toString();
  return state.fail(
    'namespace-prefix',
    start,
    `a declaration xmlns:${prefix}="…"`,
    'none',
    `the namespace prefix ${prefix} is not declared`,
  );
}
