/**
 * The pages of a journal that SQLite cannot be trusted with: the file, and over it what its log has committed.
 *
 * Made by salvage.ts; nothing is changed and nothing is locked, so the caller holds the instance lock and has no
 * connection open. A page beyond the end of a shortened file is missing, a half one is filled with zeros.
 * An input/output error is thrown: it is no damage of the file and may pass.
 */

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { PAGE_BYTES } from '../schema.ts';
import { readWal, type WalContent } from './wal.ts';

export class PageSource {
  /** Numbers of pages run from 1 to this one. */
  readonly count: number;
  readonly wal: WalContent;
  readonly #file: number | undefined;
  readonly #log: number | undefined;
  readonly #filePages: number;
  #pages: ReadonlyMap<number, number>;

  constructor(path: string) {
    this.wal = readWal(`${path}-wal`);
    this.#pages = this.wal.claimed;
    this.#file = existsSync(path) ? openSync(path, 'r') : undefined;
    this.#log = this.wal.pages.size + this.wal.damaged.length > 0 ? openSync(`${path}-wal`, 'r') : undefined;
    const bytes = this.#file === undefined ? 0 : fstatSync(this.#file).size;
    this.#filePages = Math.ceil(bytes / PAGE_BYTES);
    // Numbers in the log are proven by its checksums: no damaged one makes a million missing pages be looked for.
    this.count = [...this.wal.pages.keys()].reduce((last, page) => Math.max(last, page), this.#filePages);
  }

  /** Images whose checksum is wrong count (at first), or do not: then the ones before them do. */
  believe(damaged: boolean): void {
    this.#pages = damaged ? this.wal.claimed : this.wal.pages;
  }

  /** A buffer of its own; undefined when there is no such page. */
  read(page: number): Buffer | undefined {
    if (!Number.isInteger(page) || page < 1 || page > this.count) return undefined;
    const inLog = this.#pages.get(page);
    if (inLog !== undefined) return readAt(this.#log, inLog);
    return page <= this.#filePages ? readAt(this.#file, (page - 1) * PAGE_BYTES) : undefined;
  }

  /** Images of the log whose checksum is wrong: whose page each is, is not certain either. */
  *damagedImages(): Generator<Buffer> {
    for (const { offset } of this.wal.damaged) {
      const image = readAt(this.#log, offset);
      if (image !== undefined) yield image;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    if (this.#log !== undefined) closeSync(this.#log);
  }
}

function readAt(descriptor: number | undefined, offset: number): Buffer | undefined {
  if (descriptor === undefined) return undefined;
  const page = Buffer.alloc(PAGE_BYTES);
  return readSync(descriptor, page, 0, PAGE_BYTES, offset) === 0 ? undefined : page;
}
