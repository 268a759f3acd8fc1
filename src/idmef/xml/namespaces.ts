/**
 * Namespaces in XML 1.0: which prefix means which namespace at the current place.
 *
 * Namespaces are small numbers, equal when the names are equal; the three that IDMEF knows and the two that XML
 * reserves are constants. At most xmlLimits.namespaces declarations are in scope, so a lookup is short.
 */

import { xmlLimits } from '../../core/limits.ts';
import { DRAFT_2004_NAMESPACE, RFC_NAMESPACE } from '../envelope.ts';
import { sameRun } from './characters.ts';
import { attributeText } from './text.ts';

export const NO_NAMESPACE = 0;
export const RFC = 1;
export const DRAFT_2004 = 2;
export const XML = 3;
export const XMLNS = 4;
/** This and higher: any other namespace. */
const FOREIGN = 5;

const XML_URI = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_URI = 'http://www.w3.org/2000/xmlns/';
/** Of xsi:schemaLocation. */
export const XSI_URI = 'http://www.w3.org/2001/XMLSchema-instance';

/** No declaration of that prefix is in scope. */
export const UNDECLARED = -1;

export class NamespaceScope {
  /** Declarations in scope, innermost last. An empty range is the default namespace. */
  count = 0;
  private readonly depths = new Int32Array(xmlLimits.namespaces);
  private readonly prefixStarts = new Int32Array(xmlLimits.namespaces);
  private readonly prefixEnds = new Int32Array(xmlLimits.namespaces);
  private readonly namespaces = new Int32Array(xmlLimits.namespaces);
  /** Depth of the innermost declaration: what an end tag has to compare. */
  innermost = 0;
  private readonly rfcName: Uint8Array = Buffer.from(RFC_NAMESPACE);
  private names: string[] = [];
  private numbers = new Map<string, number>();

  begin(): void {
    this.count = 0;
    this.innermost = 0;
    if (this.numbers.size !== FOREIGN) {
      this.names = ['', RFC_NAMESPACE, DRAFT_2004_NAMESPACE, XML_URI, XMLNS_URI];
      this.numbers = new Map(this.names.map((name, number) => [name, number]));
    }
  }

  /** The number of the namespace whose name is an attribute value. */
  numberOf(bytes: Buffer, start: number, end: number): number {
    const { rfcName } = this;
    if (end - start === rfcName.length && sameRun(bytes, start, rfcName, 0, rfcName.length)) return RFC;
    const name = attributeText(bytes, start, end);
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.names.push(name);
      this.numbers.set(name, number);
    }
    return number;
  }

  /** The name of a namespace. */
  nameOf(namespace: number): string {
    return this.names[namespace] ?? '';
  }

  /** Adds a declaration on the element at `depth`; false when too many are in scope. */
  declare(depth: number, prefixStart: number, prefixEnd: number, namespace: number): boolean {
    if (this.count >= xmlLimits.namespaces) return false;
    this.depths[this.count] = depth;
    this.prefixStarts[this.count] = prefixStart;
    this.prefixEnds[this.count] = prefixEnd;
    this.namespaces[this.count] = namespace;
    this.count += 1;
    this.innermost = depth;
    return true;
  }

  /** Forgets the declarations of the element at `depth`, which ends. */
  leave(depth: number): void {
    while (this.count > 0 && this.depths[this.count - 1]! >= depth) this.count -= 1;
    this.innermost = this.count === 0 ? 0 : this.depths[this.count - 1]!;
  }

  /** The namespace of a prefix, or of no prefix (an empty range). */
  lookup(bytes: Uint8Array, start: number, end: number): number {
    const { prefixStarts, prefixEnds } = this;
    const length = end - start;
    for (let index = this.count - 1; index >= 0; index -= 1) {
      const other = prefixStarts[index]!;
      if (prefixEnds[index]! - other === length && sameRun(bytes, start, bytes, other, length)) {
        return this.namespaces[index]!;
      }
    }
    if (length === 0) return NO_NAMESPACE;
    return isXmlPrefix(bytes, start, end) ? XML : UNDECLARED;
  }
}

/** The prefix `xml`, which is bound without declaration. */
export function isXmlPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 3 && bytes[start] === 0x78 && bytes[start + 1] === 0x6d && bytes[start + 2] === 0x6c;
}

/** The name `xmlns`, alone or as a prefix. */
export function isXmlns(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 5 &&
    bytes[start] === 0x78 &&
    bytes[start + 1] === 0x6d &&
    bytes[start + 2] === 0x6c &&
    bytes[start + 3] === 0x6e &&
    bytes[start + 4] === 0x73
  );
}
