/**
 * Files that were taken and are still in the spool: left there on purpose (neither `--delete` nor `--movedir`),
 * stuck, or not yet removed when an earlier process was killed.
 *
 * The memory image of the ledger's rows; about 150 bytes a file. A name in here is never taken again as long as
 * its file is the same.
 */

import type { LedgerFile } from './ledger.ts';

export interface KnownFile extends LedgerFile {
  /** Number of the last scan that saw it. */
  pass: number;
  /** Counted in this process: taken by it, or found again by it. */
  counted: boolean;
}

export class KnownFiles {
  readonly #files = new Map<string, KnownFile>();

  get size(): number {
    return this.#files.size;
  }

  get(name: string): KnownFile | undefined {
    return this.#files.get(name);
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  clear(): void {
    this.#files.clear();
  }

  put(file: LedgerFile, pass: number, counted: boolean): void {
    this.#files.set(file.name, { name: file.name, identity: file.identity, pass, counted });
  }

  remove(files: readonly LedgerFile[]): void {
    for (const { name, identity } of files) {
      if (this.#files.get(name)?.identity === identity) this.#files.delete(name);
    }
  }

  /** Those no scan since `pass` has seen. */
  *unseenSince(pass: number): Generator<KnownFile> {
    for (const file of this.#files.values()) if (file.pass < pass) yield file;
  }
}
