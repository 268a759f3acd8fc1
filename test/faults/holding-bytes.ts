/**
 * Which bytes of a journal's files hold a message: found by its text, without the product's reader. For r07-corruption.ts.
 *
 * A message is held by its cell (what stands in a leaf page, with the numbers before it) and by the overflow pages that
 * go on with it, each in its newest committed image: the last frame of the log that has the page, else the file.
 */

import type { Files } from './mutations.ts';

const PAGE = 16 * 1024;
const FRAME_HEADER = 24;
const FRAME = PAGE + FRAME_HEADER;
/** Row number, lengths and record header before a body; the overflow pointer after what is left of it in the page. */
const AROUND = 40;
const WORD = 24;

interface Stretch {
  readonly file: 'db' | 'wal';
  readonly from: number;
  readonly to: number;
}

export interface Holder {
  readonly stretches: readonly Stretch[];
}

interface Image {
  readonly file: 'db' | 'wal';
  /** Of the page in its file. */
  readonly offset: number;
  readonly content: Buffer;
}

export class HoldingBytes {
  readonly #files: Files;
  readonly #images: readonly Image[];
  /** Offsets of frames that end a transaction. */
  readonly #commits: readonly number[];

  constructor(files: Files) {
    this.#files = files;
    const newest = new Map<number, Image>();
    const { db = Buffer.alloc(0), wal = Buffer.alloc(0) } = files;
    for (let offset = 0; offset < db.length; offset += PAGE) {
      newest.set(offset / PAGE + 1, { file: 'db', offset, content: db.subarray(offset, offset + PAGE) });
    }
    const commits: number[] = [];
    const salt = wal.toString('latin1', 16, 24);
    for (let frame = 32; frame + FRAME <= wal.length; frame += FRAME) {
      if (wal.toString('latin1', frame + 8, frame + 16) !== salt) break;
      const offset = frame + FRAME_HEADER;
      newest.set(wal.readUInt32BE(frame), {
        file: 'wal',
        offset,
        content: wal.subarray(offset, offset + PAGE),
      });
      if (wal.readUInt32BE(frame + 4) !== 0) commits.push(frame);
    }
    this.#images = [...newest.values()];
    this.#commits = commits;
  }

  /** Undefined when the text cannot be found whole. */
  holderOf(body: Buffer): Holder | undefined {
    const head = body.subarray(0, WORD);
    for (const { file, offset, content } of this.#images) {
      for (let at = content.indexOf(head); at >= 0; at = content.indexOf(head, at + 1)) {
        let same = 0;
        while (same < body.length && at + same < PAGE && content[at + same] === body[same]) same++;
        const cell = {
          file,
          from: offset + Math.max(0, at - AROUND),
          to: offset + Math.min(PAGE, at + same + 4),
        };
        const rest = this.#overflow(body, same);
        if (rest !== undefined) return { stretches: [cell, ...rest] };
      }
    }
    return undefined;
  }

  /** The pages that go on with a body; undefined when one is not there. */
  #overflow(body: Buffer, from: number): Stretch[] | undefined {
    const stretches: Stretch[] = [];
    for (let done = from; done < body.length; done += PAGE - 4) {
      const rest = body.subarray(done, done + PAGE - 4);
      const image = this.#images.find(({ content }) => content.subarray(4, 4 + rest.length).equals(rest));
      if (image === undefined) return undefined;
      stretches.push({ file: image.file, from: image.offset, to: image.offset + 4 + rest.length });
    }
    return stretches;
  }

  /** Whether any of its bytes differs in the mutated files, or the log cannot prove them any more. */
  touched({ stretches }: Holder, mutated: Files): boolean {
    return stretches.some(
      ({ file, from, to }) =>
        this.#differs(mutated, file, from, to) ||
        (file === 'wal' && (this.#renumbered(mutated, from) || !this.#committed(mutated, from))),
    );
  }

  /** Whether the frame no longer says whose page it is. */
  #renumbered(mutated: Files, from: number): boolean {
    const frame = 32 + Math.floor((from - 32) / FRAME) * FRAME;
    return this.#differs(mutated, 'wal', frame, frame + 4);
  }

  #differs(mutated: Files, file: 'db' | 'wal', from: number, to: number): boolean {
    const now = mutated[file] ?? Buffer.alloc(0);
    const before = this.#files[file] ?? Buffer.alloc(0);
    return to > now.length || !before.subarray(from, to).equals(now.subarray(from, to));
  }

  /** Whether a later end of a transaction stands with its checksum, which continues that of the frame before it. */
  #committed(mutated: Files, from: number): boolean {
    return this.#commits.some(
      (frame) =>
        frame + FRAME > from &&
        !this.#differs(
          mutated,
          'wal',
          Math.max(24, frame - FRAME + 16),
          Math.max(32, frame - FRAME + FRAME_HEADER),
        ) &&
        !this.#differs(mutated, 'wal', frame, frame + FRAME),
    );
  }
}
