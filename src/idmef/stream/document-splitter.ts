/**
 * Cuts a stream of documents into documents, piece by piece: Prelude's XML report writes one after another into one
 * file, without anything between them.
 *
 * Called by `idmef … --stream` with what it reads, and by read-stream.ts with a whole file. Keeps no more than the
 * document under way (xmlLimits.documentBytes). Documents that lie in one piece are views of it, the others copies.
 * What is no document comes out as a part of its own, so that everything in the stream has a fate.
 */

import { INCOMPLETE, StreamScanner } from './stream-scanner.ts';

export type StreamPart =
  | {
      readonly kind: 'document';
      /** From its prolog to the end of its root. */
      readonly bytes: Buffer;
      /** From 1. */
      readonly number: number;
      /** In the stream, from 0. */
      readonly offset: number;
      /** Of its first byte, from 1. */
      readonly line: number;
    }
  | {
      readonly kind: 'skipped';
      readonly offset: number;
      readonly line: number;
      readonly length: number;
      /** In words, of what stands there: `text outside of documents`. */
      readonly reason: string;
      /** The stream ended inside it. */
      readonly incomplete: boolean;
      /** What Prelude's report writes there with its option `validate`: harmless. */
      readonly remark: boolean;
    };

/** How libxml2 says that a document does not follow a DTD. */
const remark = /^element [^ ]{1,100}: validity error : /;
/** Enough to tell. */
const HEAD = 200;

const nothing = Buffer.alloc(0);
const newline = 0x0a;

export class DocumentSplitter {
  private readonly scanner: StreamScanner;
  private parts: StreamPart[] = [];
  private documents = 0;
  /** Bytes before the piece under way that may still be needed, in a block that grows by doubling. */
  private block: Buffer = nothing;
  private blockLength = 0;
  /** Offsets in the stream: of the block's first byte, and of the piece's. */
  private blockStart = 0;
  private chunkStart = 0;
  private chunk: Buffer = nothing;
  /** Lines are counted up to here. */
  private counted = 0;
  private line = 1;
  private lostLine = 1;
  /** Where what is being passed over began, and its first bytes as far as they have come; -1: nothing is. */
  private lostAt = -1;
  private head: Buffer = nothing;

  constructor() {
    this.scanner = new StreamScanner({
      document: (from, to) => {
        const line = this.lineAt(from);
        this.documents += 1;
        const bytes = this.take(from, to);
        this.parts.push({ kind: 'document', bytes, number: this.documents, offset: from, line });
      },
      lost: (from) => {
        this.lostLine = this.lineAt(from);
        this.lostAt = from;
        this.head = nothing;
      },
      skipped: (from, to, reason) => {
        const line = reason === INCOMPLETE ? this.lineAt(from) : this.lostLine;
        const incomplete = reason === INCOMPLETE;
        if (!incomplete) this.readHead(to);
        const harmless = !incomplete && remark.test(this.head.toString('latin1'));
        this.lostAt = -1;
        const place = { offset: from, line, length: to - from };
        this.parts.push({ kind: 'skipped', ...place, reason, incomplete, remark: harmless });
      },
    });
  }

  /** What the next piece completes, in order. The piece must not change while its parts are used. */
  push(piece: Uint8Array): readonly StreamPart[] {
    this.chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    this.scanner.scan(this.chunk);
    this.keep(this.scanner.keepFrom);
    return this.taken();
  }

  /** What is left when there is no more. */
  end(): readonly StreamPart[] {
    this.scanner.end();
    return this.taken();
  }

  /** Where the first byte stands that is not done with: nothing before it is needed again. */
  get settled(): number {
    return this.scanner.keepFrom;
  }

  private taken(): readonly StreamPart[] {
    const { parts } = this;
    this.parts = [];
    return parts;
  }

  /** Bytes of the stream that are still here. */
  private take(from: number, to: number): Buffer {
    const { chunk, chunkStart, block, blockStart } = this;
    if (from >= chunkStart) return chunk.subarray(from - chunkStart, to - chunkStart);
    const old = block.subarray(from - blockStart, Math.min(to, chunkStart) - blockStart);
    return Buffer.concat([old, chunk.subarray(0, Math.max(0, to - chunkStart))]);
  }

  /** More of the head, which is still here: nothing of it was dropped before this was called. */
  private readHead(end: number): void {
    const from = this.lostAt + this.head.length;
    const to = Math.min(end, this.lostAt + HEAD);
    if (from < to) this.head = Buffer.concat([this.head, this.take(from, to)]);
  }

  private lineAt(offset: number): number {
    const { chunk, chunkStart, block, blockStart } = this;
    if (this.counted < chunkStart) {
      const end = Math.min(offset, chunkStart);
      this.line += newlines(block.subarray(this.counted - blockStart, end - blockStart));
      this.counted = end;
    }
    if (offset > this.counted) {
      this.line += newlines(chunk.subarray(this.counted - chunkStart, offset - chunkStart));
      this.counted = offset;
    }
    return this.line;
  }

  /** Ends the piece: what stands from this offset on goes into the block. */
  private keep(from: number): void {
    this.lineAt(from);
    const { chunk, chunkStart } = this;
    const end = chunkStart + chunk.length;
    if (this.lostAt >= 0) this.readHead(end);
    if (from >= chunkStart) {
      this.block = nothing;
      this.blockLength = 0;
      this.blockStart = from;
      this.append(chunk.subarray(from - chunkStart));
    } else {
      this.block = this.block.subarray(from - this.blockStart);
      this.blockLength -= from - this.blockStart;
      this.blockStart = from;
      this.append(chunk);
    }
    this.chunkStart = end;
    this.chunk = nothing;
  }

  private append(bytes: Buffer): void {
    const length = this.blockLength + bytes.length;
    if (length > this.block.length || length === 0) {
      const block = length === 0 ? nothing : Buffer.allocUnsafeSlow(2 * length);
      this.block.copy(block, 0, 0, this.blockLength);
      this.block = block;
    }
    bytes.copy(this.block, this.blockLength);
    this.blockLength = length;
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
