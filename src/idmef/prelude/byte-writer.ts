/**
 * Bytes of one native message as they grow: numbers big endian, everything behind a tag and a length.
 *
 * Used by encode.ts, one writer for a message. Names and addresses are short and mostly ASCII, so these are copied
 * character by character, which costs a third of a call into Node; everything else is written by Node.
 */

const FIRST_BYTES = 1024;
/** Tag and length. */
const HEAD = 5;
/** Longer strings are written faster by Node. */
const SHORT = 40;

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** What was written so far; the writer is done with. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  empty(tag: number): void {
    this.#reserve(HEAD);
    this.#head(tag, 0);
  }

  uint8(tag: number, value: number): void {
    this.#reserve(HEAD + 1);
    this.#head(tag, 1);
    this.#bytes[this.#at++] = value;
  }

  uint16(tag: number, value: number): void {
    this.#reserve(HEAD + 2);
    this.#head(tag, 2);
    this.#bytes[this.#at++] = value >>> 8;
    this.#bytes[this.#at++] = value;
  }

  /** Takes negative numbers too: int32 has the same bytes. */
  uint32(tag: number, value: number): void {
    this.#reserve(HEAD + 4);
    this.#head(tag, 4);
    this.#number(value);
  }

  /** Takes negative numbers too. */
  uint64(tag: number, value: bigint): void {
    this.#reserve(HEAD + 8);
    this.#head(tag, 8);
    this.#at = this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.#at);
  }

  float(tag: number, value: number): void {
    this.#reserve(HEAD + 4);
    this.#head(tag, 4);
    this.#at = this.#bytes.writeFloatBE(value, this.#at);
  }

  time(tag: number, seconds: number, microseconds: number, offsetSeconds: number): void {
    this.#reserve(HEAD + 12);
    this.#head(tag, 12);
    this.#number(seconds);
    this.#number(microseconds);
    this.#number(offsetSeconds);
  }

  /** UTF-8 and the zero byte that Prelude's strings end with. */
  string(tag: number, text: string): void {
    const { length } = text;
    if (length > SHORT || !this.#ascii(tag, text)) {
      const size = Buffer.byteLength(text);
      this.#reserve(HEAD + size + 1);
      this.#head(tag, size + 1);
      this.#at += this.#bytes.write(text, this.#at);
      this.#bytes[this.#at++] = 0;
    }
  }

  /** False, and nothing written, if the text is not ASCII. */
  #ascii(tag: number, text: string): boolean {
    const { length } = text;
    this.#reserve(HEAD + length + 1);
    const bytes = this.#bytes;
    let at = this.#at + HEAD;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    bytes[at++] = 0;
    this.#head(tag, length + 1);
    this.#at = at;
    return true;
  }

  #head(tag: number, length: number): void {
    this.#bytes[this.#at++] = tag;
    this.#number(length);
  }

  #number(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at = at + 4;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
