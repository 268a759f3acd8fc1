/**
 * The bytes and words of XML that the scanner of streams tells apart (stream-scanner.ts, other-markup.ts): just enough of the
 * grammar to see where a document begins and ends. Whether it is right inside is the reader's question.
 */

import { xmlLimits } from '../../core/limits.ts';

export const byte = {
  bang: 0x21,
  quote: 0x22,
  apostrophe: 0x27,
  dash: 0x2d,
  slash: 0x2f,
  colon: 0x3a,
  less: 0x3c,
  greater: 0x3e,
  question: 0x3f,
  bracket: 0x5b,
  bracketEnd: 0x5d,
} as const;

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** May begin a name, as far as the first byte tells. */
export function beginsName(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80;
}

const ROOT = 'IDMEF-Message';
/** Elements that may hold markup of others (RFC 4765 §5.2), even a whole IDMEF-Message. */
const EXTENSIONS: readonly string[] = ['xmltext', 'xml'];
const LONGEST = ROOT.length;

/** Reads a name byte by byte, of which only the local part counts; constant memory, whatever its length. */
export class NameReader {
  private readonly bytes = Buffer.alloc(LONGEST);
  private length = 0;

  begin(): void {
    this.length = 0;
  }

  add(code: number): void {
    if (code === byte.colon) this.length = 0;
    else {
      if (this.length < LONGEST) this.bytes[this.length] = code;
      this.length += 1;
    }
  }

  get isRoot(): boolean {
    return this.is(ROOT);
  }

  get isTooLong(): boolean {
    return this.length > xmlLimits.nameBytes;
  }

  get isExtension(): boolean {
    return EXTENSIONS.some((name) => this.is(name));
  }

  is(name: string): boolean {
    return this.length === name.length && this.bytes.toString('latin1', 0, this.length) === name;
  }
}
