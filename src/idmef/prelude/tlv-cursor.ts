/**
 * Walks the fields of a native message: one byte of tag, four of length, so many of value. Used by decode.ts.
 *
 * Every step is checked against the end of the payload, so whatever the bytes are, the walk ends and reads nothing
 * beyond them.
 */

import type { PreludeTime } from './model.ts';

const HEAD_BYTES = 5;
const MICROSECONDS = 1_000_000;
/** An offset beyond a day is no offset. */
const DAY = 86_400;

export class TlvCursor {
  readonly bytes: Buffer;
  /** Of the present field. */
  tag = 0;
  start = 0;
  end = 0;

  constructor(payload: Uint8Array) {
    this.bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  /** Steps on to the next field; false when there is none, or none that is whole. */
  next(): boolean {
    const { bytes, end: at } = this;
    const start = at + HEAD_BYTES;
    if (start > bytes.length) return false;
    // Not >>> 0 of shifts: 2 ** 24 keeps it a small integer for all lengths that occur.
    const length =
      bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    if (length > bytes.length - start) return false;
    this.tag = bytes[at]!;
    this.start = start;
    this.end = start + length;
    return true;
  }

  get length(): number {
    return this.end - this.start;
  }

  get atEnd(): boolean {
    return this.end === this.bytes.length;
  }

  /** UTF-8; each string ends with a zero byte. Undefined, like below, if the value is not of that kind. */
  text(): string | undefined {
    const last = this.end - 1;
    if (last < this.start || this.bytes[last] !== 0) return undefined;
    return this.bytes.toString('utf8', this.start, last);
  }

  uint(size: 1 | 2 | 4): number | undefined {
    return this.length === size ? this.bytes.readUIntBE(this.start, size) : undefined;
  }

  int32(): number | undefined {
    return this.length === 4 ? this.bytes.readInt32BE(this.start) : undefined;
  }

  uint64(): bigint | undefined {
    return this.length === 8 ? this.bytes.readBigUInt64BE(this.start) : undefined;
  }

  float(): number | undefined {
    return this.length === 4 ? this.bytes.readFloatBE(this.start) : undefined;
  }

  time(): PreludeTime | undefined {
    if (this.length !== 12) return undefined;
    const { bytes, start } = this;
    const time = {
      seconds: bytes.readUInt32BE(start),
      microseconds: bytes.readUInt32BE(start + 4),
      offsetSeconds: bytes.readInt32BE(start + 8),
    };
    return time.microseconds < MICROSECONDS && Math.abs(time.offsetSeconds) <= DAY ? time : undefined;
  }
}
