/**
 * Messages out of a stream: octet counting and lines, told apart frame by frame (RFC 6587 §3.4; over TLS RFC 5425 §4.3).
 *
 * Made by stream-listener.ts for each connection, which pulls: nothing is taken apart before there is room for it. A frame that
 * begins with `123 <` is counted, every other ends with a line feed: a line may begin with a number, and would swallow as many bytes of
 * what follows; what is counted has a priority. Both are bounded by syslogLimits.frameBytes: what is longer is passed
 * over and reported once. How the bytes were cut into chunks makes no difference.
 */

import { syslogLimits } from '../../../../core/limits.ts';

export type Framed = { readonly kind: 'frame'; readonly bytes: Buffer } | { readonly kind: 'too-large' };

const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** Of the priority. */
const LESS_THAN = 0x3c;
/** Digits of a count; more are a line that begins with a number. */
const COUNT_DIGITS = 9;

const EMPTY = Buffer.alloc(0);

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

export class FrameReader {
  #buffer: Buffer = EMPTY;
  /** So much of the buffer holds no line feed. */
  #searched = 0;
  /** Bytes of a counted frame that are still to be passed over. */
  #skip = 0;
  #skipLine = false;

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /** The next one; undefined when more bytes are needed. */
  next(): Framed | undefined {
    for (;;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, this.#buffer.length);
        this.#skip -= passed;
        this.#take(passed);
        if (this.#skip > 0) return undefined;
      } else if (this.#skipLine) {
        const end = this.#buffer.indexOf(LF);
        this.#take(end < 0 ? this.#buffer.length : end + 1);
        if (end < 0) return undefined;
        this.#skipLine = false;
      } else {
        this.#dropSeparators();
        if (this.#buffer.length === 0) return undefined;
        const count = this.#count();
        if (count === 'unknown') return undefined;
        return count === undefined ? this.#line() : this.#counted(count);
      }
    }
  }

  /** The connection has come to its end: the last line may lack its line feed. `cut`: within a counted frame. */
  end(): Framed | 'cut' | undefined {
    const last = this.next();
    if (last !== undefined) return last;
    if (this.#skip > 0 || this.#skipLine || this.#buffer.length === 0) return undefined;
    if (typeof this.#count() === 'object') return 'cut';
    return { kind: 'frame', bytes: this.#take(this.#buffer.length) };
  }

  /** Some senders end counted frames with a line feed too, or lines with a zero. */
  #dropSeparators(): void {
    let start = 0;
    for (let byte = this.#buffer[0]; byte === LF || byte === 0x0d || byte === 0; byte = this.#buffer[start])
      start += 1;
    if (start > 0) this.#take(start);
  }

  /** `unknown` while it could still become a count; undefined for a line. */
  #count(): { readonly digits: number; readonly bytes: number } | 'unknown' | undefined {
    let digits = 0;
    while (digits <= COUNT_DIGITS && isDigit(this.#buffer[digits])) digits += 1;
    if (digits === 0 || digits > COUNT_DIGITS || this.#buffer[0] === ZERO) return undefined;
    for (const [at, expected] of [
      [digits, SPACE],
      [digits + 1, LESS_THAN],
    ] as const) {
      if (at === this.#buffer.length) return 'unknown';
      if (this.#buffer[at] !== expected) return undefined;
    }
    return { digits, bytes: Number(this.#buffer.toString('latin1', 0, digits)) };
  }

  #counted({ digits, bytes }: { readonly digits: number; readonly bytes: number }): Framed | undefined {
    if (bytes > syslogLimits.frameBytes) {
      this.#take(digits + 1);
      this.#skip = bytes;
      return { kind: 'too-large' };
    }
    const end = digits + 1 + bytes;
    return this.#buffer.length < end
      ? undefined
      : { kind: 'frame', bytes: this.#take(end).subarray(digits + 1) };
  }

  #line(): Framed | undefined {
    const end = this.#buffer.indexOf(LF, this.#searched);
    const length = end < 0 ? this.#buffer.length : end;
    if (length > syslogLimits.frameBytes) {
      this.#skipLine = true;
      return { kind: 'too-large' };
    }
    if (end < 0) {
      this.#searched = this.#buffer.length;
      return undefined;
    }
    return { kind: 'frame', bytes: this.#take(end + 1).subarray(0, end) };
  }

  #take(bytes: number): Buffer {
    const taken = this.#buffer.subarray(0, bytes);
    this.#buffer = bytes === this.#buffer.length ? EMPTY : this.#buffer.subarray(bytes);
    this.#searched = 0;
    return taken;
  }
}
