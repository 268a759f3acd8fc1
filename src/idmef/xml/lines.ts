/**
 * Line and column of an offset. Nothing is counted until somebody asks; then each byte about once, and a question
 * about an earlier place costs at most one stride, because a mark is kept at the end of each.
 */

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, counting characters (code points). */
  readonly column: number;
}

interface Mark extends Place {
  readonly offset: number;
}

const STRIDE = 16_384;
const beginning: Mark = { offset: 0, line: 1, column: 1 };

export class LineCounter {
  private readonly bytes: Uint8Array;
  /** One at each multiple of STRIDE that has been passed. */
  private readonly marks: Mark[] = [beginning];
  private current: Mark = beginning;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  placeOf(offset: number): Place {
    const end = Math.min(offset, this.bytes.length);
    if (end < this.current.offset) this.current = this.marks[Math.floor(end / STRIDE)] ?? beginning;
    for (;;) {
      const next = (Math.floor(this.current.offset / STRIDE) + 1) * STRIDE;
      this.count(Math.min(next, end));
      if (this.current.offset < next) return this.current;
      if (this.marks.length * STRIDE === next) this.marks.push(this.current);
    }
  }

  private count(end: number): void {
    const { bytes } = this;
    let { offset, line, column } = this.current;
    for (; offset < end; offset += 1) {
      const byte = bytes[offset]!;
      if (byte === 0x0a) {
        line += 1;
        column = 1;
      } else if ((byte & 0xc0) !== 0x80) {
        column += 1;
      }
    }
    this.current = { offset, line, column };
  }
}
