/**
 * What a message inherits from the document element: namespace declarations, xml:lang and xml:space. A message
 * cut out of its document gets those it does not give itself, right after its name, in the order of the root.
 *
 * A message that gives them all (as one out of our own envelope does) is left as it is, without a copy.
 */

import { sameRun } from './xml/characters.ts';
import { isXmlns, isXmlPrefix } from './xml/namespaces.ts';
import type { XmlState } from './xml/state.ts';

interface InheritedAttribute {
  readonly name: Buffer;
  /** ` name="value"`, verbatim. */
  readonly written: Buffer;
}

const nothing: readonly InheritedAttribute[] = [];

export class Inherited {
  private attributes: readonly InheritedAttribute[] = nothing;
  private all: Buffer = Buffer.alloc(0);

  /** Nothing to inherit. */
  clear(): void {
    this.attributes = nothing;
  }

  /** Takes them from the current start tag, the document element's. */
  take(state: XmlState): void {
    const found: InheritedAttribute[] = [];
    for (let index = 0; index < state.attributeCount; index += 1) {
      const start = state.attributeStart[index]!;
      const valueEnd = state.valueEnd[index]!;
      // An empty default namespace is what a document has anyway.
      if (
        !isInheritable(state, index) ||
        (isDefaultNamespace(state, index) && state.valueStart[index] === valueEnd)
      ) {
        continue;
      }
      const name = Buffer.from(state.bytes.subarray(start, state.attributeNameEnd[index]));
      found.push({ name, written: Buffer.concat([space, state.bytes.subarray(start, valueEnd + 1)]) });
    }
    this.attributes = found;
    this.all = Buffer.concat(found.map((attribute) => attribute.written));
  }

  /** What the element of the current start tag lacks; undefined for nothing. */
  lacking(state: XmlState): Buffer | undefined {
    const { attributes } = this;
    if (attributes.length === 0) return undefined;
    let lacking: InheritedAttribute[] | undefined;
    for (const attribute of attributes) {
      if (has(state, attribute.name)) lacking ??= attributes.filter(({ name }) => !has(state, name));
    }
    if (lacking === undefined) return this.all;
    return lacking.length === 0 ? undefined : Buffer.concat(lacking.map(({ written }) => written));
  }
}

const space = Uint8Array.of(0x20);

function isDefaultNamespace(state: XmlState, index: number): boolean {
  return isXmlns(state.bytes, state.attributeStart[index]!, state.attributeNameEnd[index]!);
}

function isInheritable(state: XmlState, index: number): boolean {
  const { bytes } = state;
  const start = state.attributeStart[index]!;
  const local = state.attributeLocal[index]!;
  if (local === start) return isDefaultNamespace(state, index);
  if (isXmlns(bytes, start, local - 1)) return true;
  if (!isXmlPrefix(bytes, start, local - 1)) return false;
  const name = Buffer.from(bytes.subarray(local, state.attributeNameEnd[index])).toString();
  return name === 'lang' || name === 'space';
}

/** The current start tag has an attribute of that qualified name. */
function has(state: XmlState, name: Buffer): boolean {
  for (let index = 0; index < state.attributeCount; index += 1) {
    const start = state.attributeStart[index]!;
    const length = state.attributeNameEnd[index]! - start;
    if (length === name.length && sameRun(name, 0, state.bytes, start, length)) return true;
  }
  return false;
}

/** An element with text inserted at an offset, in memory of its own. */
export function withInsertion(element: Uint8Array, at: number, inserted: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(element.length + inserted.length);
  whole.set(element.subarray(0, at), 0);
  whole.set(inserted, at);
  whole.set(element.subarray(at), at + inserted.length);
  return whole;
}
