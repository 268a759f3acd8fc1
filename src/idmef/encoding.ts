/**
 * From the bytes of a document to UTF-8, which is what the XML reader reads (RFC 4765 §3.1.2: UTF-8 or UTF-16).
 *
 * Valid UTF-8 is passed on without a copy. UTF-16 needs its byte order mark. ISO-8859-1, windows-1252 and
 * US-ASCII, where the XML declaration names them, are transcoded as the leniency `charset`. Anything else is
 * refused by name. An input that stops inside a character is cut there and marked, for it may still grow.
 */

import { isUtf8 } from 'node:buffer';

interface DecodedDocument {
  /** Valid UTF-8 without byte order mark. */
  readonly bytes: Uint8Array;
  /** The declared encoding, when it is one the RFC does not want. */
  readonly charset: string | undefined;
  /** Bytes of an unfinished character were left out at the end. */
  readonly cut: boolean;
  /** The input cannot be read; `bytes` holds what precedes the fault. */
  readonly fault: EncodingFault | undefined;
}

export interface EncodingFault {
  readonly expected: string;
  readonly got: string;
  readonly text: string;
}

/** What a declared name means to us. */
type Charset = 'utf-8' | 'utf-16' | 'latin1' | 'windows-1252' | 'ascii';

const charsetNames: Readonly<Record<string, Charset>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-16': 'utf-16',
  'utf-16le': 'utf-16',
  'utf-16be': 'utf-16',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  'iso_8859-1': 'latin1',
  latin1: 'latin1',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'us-ascii': 'ascii',
  ascii: 'ascii',
};

const supported = 'UTF-8, UTF-16 with byte order mark, ISO-8859-1, windows-1252 or US-ASCII';

/** Code points of windows-1252 from 0x80 to 0x9F; 0 where it has none. */
const windows1252: readonly number[] = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
  0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
  0x0153, 0, 0x017e, 0x0178,
];

/** Decodes a whole document. */
export function decodeDocument(input: Uint8Array): DecodedDocument {
  const [first, second] = input;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return decodeUtf16(input, first === 0xff);
  }
  if (input.length === 1 && (first === 0xff || first === 0xfe))
    return readable(input.subarray(1), undefined, true);
  if ((first === 0x3c && second === 0) || (first === 0 && second === 0x3c)) {
    return faulty(input.subarray(0, 0), 'a byte order mark', 'none', 'UTF-16 needs a byte order mark');
  }
  const marked = first === 0xef && second === 0xbb && input[2] === 0xbf;
  const bytes = marked ? input.subarray(3) : input;
  const name = declaredEncoding(bytes);
  const charset = name === undefined ? 'utf-8' : charsetOf(name);
  if (charset === undefined) {
    return faulty(bytes, supported, name ?? '', `the declared encoding ${name ?? ''} is not supported`);
  }
  if (charset === 'utf-16' || (marked && charset !== 'utf-8')) {
    return faulty(
      bytes,
      `bytes in ${name ?? ''}`,
      'bytes in UTF-8',
      `the declared encoding ${name ?? ''} is not that of the bytes`,
    );
  }
  if (charset === 'utf-8')
    return decodeUtf8(bytes, name !== undefined && name.toLowerCase() !== 'utf-8' ? name : undefined);
  return decodeSingleByte(bytes, charset, name ?? '');
}

function readable(bytes: Uint8Array, charset: string | undefined, cut: boolean): DecodedDocument {
  return { bytes, charset, cut, fault: undefined };
}

function faulty(bytes: Uint8Array, expected: string, got: string, text: string): DecodedDocument {
  return { bytes, charset: undefined, cut: false, fault: { expected, got, text } };
}

function charsetOf(name: string): Charset | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(charsetNames, key) ? charsetNames[key] : undefined;
}

/** The encoding an XML declaration names; undefined without one, or where the reader will object anyway. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return undefined;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1');
  const declaration = /^<\?xml[ \t\r\n][^?>]*\?>/.exec(head)?.[0];
  const match =
    declaration &&
    /[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*(["'])([A-Za-z][A-Za-z0-9._-]*)\1/.exec(declaration);
  return match ? match[2] : undefined;
}

function decodeUtf8(bytes: Uint8Array, charset: string | undefined): DecodedDocument {
  if (isUtf8(bytes)) return readable(bytes, charset, false);
  const start = firstBadSequence(bytes);
  const good = bytes.subarray(0, start);
  if (isCutSequence(bytes, start)) return readable(good, charset, true);
  const got = `0x${(bytes[start] ?? 0).toString(16).padStart(2, '0')}`;
  return faulty(good, 'UTF-8', `byte ${got}`, `the byte ${got} cannot stand here in UTF-8`);
}

/** Offset of the first sequence that is not UTF-8. */
function firstBadSequence(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  // Halving is exact because a prefix cut at a lead byte is valid if and only if all before it is.
  while (bad - good > 64) {
    let middle = (good + bad) >> 1;
    while (middle > good && (bytes[middle]! & 0xc0) === 0x80) middle -= 1;
    if (middle === good) break;
    if (isUtf8(bytes.subarray(good, middle))) good = middle;
    else bad = middle;
  }
  while (good < bytes.length) {
    const length = sequenceLength(bytes[good]!);
    if (!isUtf8(bytes.subarray(good, good + length))) break;
    good += length;
  }
  return good;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** The input ends inside what could still become a character. */
function isCutSequence(bytes: Uint8Array, start: number): boolean {
  const rest = bytes.length - start;
  const lead = bytes[start]!;
  if (lead < 0xc2 || lead > 0xf4 || rest >= sequenceLength(lead)) return false;
  for (const filler of [0x80, 0x90, 0xa0]) {
    const whole = new Uint8Array(sequenceLength(lead)).fill(filler);
    whole.set(bytes.subarray(start));
    if (isUtf8(whole)) return true;
  }
  return false;
}

function decodeUtf16(input: Uint8Array, littleEndian: boolean): DecodedDocument {
  const even = input.length & ~1;
  const units = Buffer.from(input.subarray(2, even));
  if (!littleEndian) units.swap16();
  let end = units.length;
  for (let at = 0; at + 1 < units.length; at += 2) {
    const unit = units[at + 1]! & 0xfc;
    if (unit !== 0xd8 && unit !== 0xdc) continue;
    if (unit === 0xd8 && at + 2 >= units.length) {
      end = at;
      break;
    }
    if (unit === 0xdc || (units[at + 3]! & 0xfc) !== 0xdc) {
      const good = Buffer.from(units.toString('utf16le', 0, at));
      return faulty(good, 'UTF-16', 'half a surrogate pair', 'half a surrogate pair is no character');
    }
    at += 2;
  }
  const bytes = Buffer.from(units.toString('utf16le', 0, end));
  const name = declaredEncoding(bytes);
  const wanted = littleEndian ? ['utf-16', 'utf-16le'] : ['utf-16', 'utf-16be'];
  if (name !== undefined && !wanted.includes(name.toLowerCase())) {
    return faulty(
      bytes,
      `bytes in ${name}`,
      'bytes in UTF-16',
      `the declared encoding ${name} is not that of the bytes`,
    );
  }
  return readable(bytes, undefined, end !== units.length || even !== input.length);
}

function decodeSingleByte(
  bytes: Uint8Array,
  charset: 'latin1' | 'windows-1252' | 'ascii',
  name: string,
): DecodedDocument {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (charset === 'latin1') return readable(Buffer.from(text), name, false);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte < 0x80 || (charset === 'windows-1252' && (byte > 0x9f || windows1252[byte - 0x80] !== 0)))
      continue;
    const got = `byte 0x${byte.toString(16)}`;
    return faulty(Buffer.from(text.slice(0, at)), name, got, `the ${got} is not ${name}`);
  }
  const mapped = text.replaceAll(/[\u0080-\u009F]/g, (character) =>
    String.fromCodePoint(windows1252[character.charCodeAt(0) - 0x80] ?? 0),
  );
  return readable(Buffer.from(mapped), name, false);
}
