/**
 * Where the XML reader is in its input: position, the open elements, the start tag just read, the failure.
 *
 * One object is reused for all documents of a reader. tokens.ts advances it; the other files of this folder
 * each know one construct. All offsets count bytes of `bytes`. Functions that scan return the offset after what
 * they read, or FAILED with `failure` set; nothing here throws, recurses, or looks at a byte twice without bound.
 */

import { xmlLimits } from '../../core/limits.ts';
import type { RuleId } from '../rules.ts';
import { characterClasses, codePointAt, isForbidden, SUSPECT, utf8Length } from './characters.ts';
import { NamespaceScope } from './namespaces.ts';

/** In place of an offset: see `failure`. */
export const FAILED = -1;

/** Why the input is not a readable document. */
interface ReadFailure {
  readonly rule: RuleId;
  readonly offset: number;
  readonly expected: string;
  readonly got: string;
  readonly text: string;
  /** The input merely ended. */
  readonly incomplete: boolean;
}

/** Open elements at once: the document element and `depth` levels below it. */
const stackSize = xmlLimits.depth + 1;

export class XmlState {
  readonly classes: Uint8Array = characterClasses();
  /** Always a Buffer, so that all code works on one kind of array. */
  bytes: Buffer = Buffer.alloc(0);
  /** Next byte to read, and the end of the input. */
  position = 0;
  end = 0;

  /** Open elements, and the offsets of their names. */
  depth = 0;
  readonly nameStarts: Int32Array = new Int32Array(stackSize + 1);
  readonly nameEnds: Int32Array = new Int32Array(stackSize + 1);
  rootSeen = false;
  doctypeSeen = false;

  /** First byte of the current token (of its first character that is not white space, for text). */
  tokenStart = 0;
  /** The start tag was `<name/>`: an end token follows by itself. */
  selfClosed = false;
  /** Since the last start tag: a reference, CDATA section, comment or PI, so the raw bytes are not the text. */
  mixed = false;

  /** The current start tag: local name, hash of its bytes, namespace. */
  localStart = 0;
  nameEnd = 0;
  localHash = 0;
  namespace = 0;

  /** Attributes of the current start tag, namespace declarations included. */
  attributeCount = 0;
  readonly attributeStart: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly attributeLocal: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly attributeNameEnd: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly attributeHash: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly attributeNamespace: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly valueStart: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly valueEnd: Int32Array = new Int32Array(xmlLimits.attributes + 1);
  readonly namespaces: NamespaceScope = new NamespaceScope();
  failure: ReadFailure | undefined;

  /** Starts on a new input. */
  begin(bytes: Uint8Array): void {
    this.bytes = asBuffer(bytes);
    this.position = 0;
    this.end = bytes.length;
    this.depth = 0;
    this.rootSeen = false;
    this.doctypeSeen = false;
    this.selfClosed = false;
    this.failure = undefined;
    this.namespaces.begin();
  }

  /** Lets go of the input, which may be large. */
  release(): void {
    this.bytes = Buffer.alloc(0);
    this.end = 0;
    this.namespaces.begin();
  }

  fail(rule: RuleId, offset: number, expected: string, got: string, text: string): typeof FAILED {
    this.failure = { rule, offset, expected, got, text, incomplete: false };
    return FAILED;
  }

  /** Fails at a byte that cannot stand where it stands; the end of the input if there is none. */
  unexpected(offset: number, expected: string, where: string): typeof FAILED {
    if (offset >= this.end) return this.ended(where);
    const got = characterName(this.bytes, offset);
    if ((this.classes[this.bytes[offset]!]! & SUSPECT) !== 0 && isForbidden(this.bytes, offset)) {
      return this.fail('character', offset, 'a character that XML allows', got, `${where} holds ${got}`);
    }
    return this.fail('not-well-formed', offset, expected, got, `${where} needs ${expected}, not ${got}`);
  }

  ended(where: string): typeof FAILED {
    this.failure = {
      rule: 'incomplete',
      offset: this.end,
      expected: 'more input',
      got: 'the end of the input',
      text: `the input ends inside ${where}`,
      incomplete: true,
    };
    return FAILED;
  }
}

/** A character as messages show it: `'x'` if it is printable, its code point in any case. */
function characterName(bytes: Uint8Array, offset: number): string {
  const codePoint = codePointAt(bytes, offset);
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  if (codePoint <= 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return code;
  const length = utf8Length(codePoint);
  return `'${Buffer.from(bytes.subarray(offset, offset + length)).toString()}' (${code})`;
}

/** The same memory as a Buffer. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
