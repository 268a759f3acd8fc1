/**
 * Messages of Prelude's native protocol on a byte stream: 16 bytes of header, then the payload.
 *
 * Header, big endian: version 1, tag, priority, 1 when more fragments of the message follow, length of this payload
 * (never 0), and the time of writing in seconds and microseconds. Fragments are messages of their own whose payloads
 * belong together; tag and time are the first one's, the priority is the first that is not 0. We never write
 * fragments; the manager does, every 8 KiB. A stream with a fault has no next message: the connection is to be closed.
 */

import { preludeLimits } from '../../core/limits.ts';

const VERSION = 1;
const HEADER_BYTES = 16;

/** What a message is about; the protocol's numbers. */
export const messageTags = {
  idmef: 0,
  ident: 3,
  auth: 4,
  certificates: 5,
  capability: 6,
  optionRequest: 7,
  optionReply: 8,
} as const;

/** Which of the manager's queues a message goes through. */
export type Priority = 0 | 1 | 2 | 3;

export interface FramedMessage {
  readonly tag: number;
  readonly priority: number;
  /** When it was written: seconds since 1970 and microseconds. */
  readonly seconds: number;
  readonly microseconds: number;
  /** May share memory with the bytes that were read. */
  readonly payload: Buffer;
}

/** One message in one piece; `now` in milliseconds since 1970. */
export function frame(tag: number, priority: Priority, payload: Uint8Array, now: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  const seconds = Math.floor(now / 1000);
  bytes[0] = VERSION;
  bytes[1] = tag;
  bytes[2] = priority;
  bytes[3] = 0;
  bytes.writeUInt32BE(payload.length, 4);
  // A clock beyond 2106 wraps, as libprelude's does.
  bytes.writeUInt32BE(seconds >>> 0, 8);
  bytes.writeUInt32BE(Math.floor((now - seconds * 1000) * 1000), 12);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Cuts a stream into messages. Takes pieces of any size; holds no more than what of a message has come. */
export class FrameReader {
  /** Why the stream cannot be read any further. */
  fault: string | undefined;
  readonly #limit: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** Still to come of the present fragment. */
  #missing = 0;
  #more = false;
  /** Of the message so far, over its fragments. */
  #announced = 0;
  #tag = 0;
  #priority = 0;
  #seconds = 0;
  #microseconds = 0;
  #payload: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(limitBytes: number = preludeLimits.messageBytes) {
    this.#limit = limitBytes;
  }

  /** The messages that `bytes` complete, in order; those before a fault are among them. */
  read(bytes: Buffer): FramedMessage[] {
    const messages: FramedMessage[] = [];
    let at = 0;
    while (at < bytes.length && this.fault === undefined) {
      if (this.#headerBytes < HEADER_BYTES) {
        const end = Math.min(bytes.length, at + HEADER_BYTES - this.#headerBytes);
        bytes.copy(this.#header, this.#headerBytes, at, end);
        this.#headerBytes += end - at;
        at = end;
        if (this.#headerBytes === HEADER_BYTES) this.#begin();
      } else {
        const end = Math.min(bytes.length, at + this.#missing);
        this.#take(bytes, at, end);
        at = end;
        if (this.#missing === 0) this.#end(messages);
      }
    }
    return messages;
  }

  #begin(): void {
    const header = this.#header;
    const length = header.readUInt32BE(4);
    if (header[0] !== VERSION) {
      this.fault = `protocol version ${header[0]}, where ${VERSION} is spoken`;
    } else if (length === 0) {
      this.fault = 'a message without content';
    } else if (this.#announced + length >= this.#limit) {
      this.fault = `a message of ${this.#announced + length} bytes, ${this.#limit} and more are not taken`;
    }
    if (this.#announced === 0) {
      this.#tag = header[1] ?? 0;
      this.#priority = 0;
      this.#seconds = header.readUInt32BE(8);
      this.#microseconds = header.readUInt32BE(12);
    }
    if (this.#priority === 0) this.#priority = header[2] ?? 0;
    this.#more = header[3] !== 0;
    this.#announced += length;
    this.#missing = length;
  }

  #take(bytes: Buffer, from: number, to: number): void {
    this.#missing -= to - from;
    if (this.#length === 0 && this.#missing === 0 && !this.#more) {
      this.#payload = bytes.subarray(from, to);
    } else {
      this.#append(bytes, from, to);
    }
    this.#length += to - from;
  }

  /** Room doubles with what has come and does not follow what was announced. */
  #append(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#payload.length) {
      const room = this.#more ? needed * 2 : Math.min(this.#announced, needed * 2);
      const grown = Buffer.allocUnsafe(room);
      this.#payload.copy(grown, 0, 0, this.#length);
      this.#payload = grown;
    }
    bytes.copy(this.#payload, this.#length, from, to);
  }

  #end(messages: FramedMessage[]): void {
    this.#headerBytes = 0;
    if (this.#more) return;
    messages.push({
      tag: this.#tag,
      priority: this.#priority,
      seconds: this.#seconds,
      microseconds: this.#microseconds,
      payload: this.#payload.subarray(0, this.#length),
    });
    this.#announced = 0;
    this.#length = 0;
    this.#payload = Buffer.alloc(0);
  }
}
