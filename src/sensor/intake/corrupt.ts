/**
 * The directory `corrupt/` in the spool: files nothing can be taken from, kept for a person to look at.
 *
 * On-disk states: `corrupt/x.xml` beside `corrupt/x.xml.reason` (why, since when, size and mtime then). Nothing here
 * is ever deleted. A file whose size or mtime is no longer what its reason says, or that has no reason (put there
 * by hand, or a crash between the two), goes back to the spool under its name and is judged again: a slow writer
 * whose file was moved away under it, or an operator who mended it in place.
 */

import * as fs from 'node:fs';

import { RelayError } from '../../core/errors.ts';
import { spoolLimits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import { moveDurably, showPath, syncDirectory, writeFileAtomic } from '../../os/atomic-write.ts';
import { type Candidate, lookAt } from './candidate.ts';
import { entryPath, isSpoolName, listNames } from './spool-directory.ts';

interface Mark {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** What a pass took back, and what it could not. */
export interface Returned {
  readonly names: string[];
  readonly failed: Map<string, unknown>;
}

export class CorruptFiles {
  readonly dir: string;
  readonly #spoolDir: string;
  readonly #clock: Clock;
  readonly #marks = new Map<string, Mark>();
  #count = 0;

  constructor(spoolDir: string, clock: Clock) {
    this.dir = `${spoolDir}/corrupt`;
    this.#spoolDir = spoolDir;
    this.#clock = clock;
  }

  /** Files there, as of the last pass. */
  get count(): number {
    return this.#count;
  }

  /** Move a spool file here with its reason; returns where it is now. Throws RelayError; the file then stays. */
  putAside(file: Candidate, reason: string, text: string): string {
    this.#makeDirectory();
    const taken = moveDurably(entryPath(this.#spoolDir, file.name), entryPath(this.dir, file.name));
    const name = taken.subarray(taken.lastIndexOf(0x2f) + 1).toString('latin1');
    this.#marks.set(name, file);
    this.#count += 1;
    const words = [
      `file: ${showPath(Buffer.from(file.name, 'latin1'))}`,
      `reason: ${reason}`,
      `text: ${text}`,
      `since: ${new Date(this.#clock.now()).toISOString()}`,
      `size: ${file.size}`,
      `mtime-ns: ${file.mtimeNs}`,
    ];
    writeFileAtomic(entryPath(this.dir, `${name}.reason`), `${words.join('\n')}\n`);
    return showPath(taken);
  }

  /** One look at every file here; those that changed go back to the spool. Yields between slices. */
  *pass(): Generator<void, Returned> {
    const names: string[] = [];
    const returned: Returned = { names: [], failed: new Map() };
    try {
      for (const name of listNames(this.dir)) if (isSpoolName(name)) names.push(name);
    } catch {
      // Not made yet, or not readable: nothing can be said about it; putAside complains when it is needed.
      return returned;
    }
    this.#count = names.length;
    let looked = 0;
    for (const name of names.slice(0, spoolLimits.corruptFiles)) {
      try {
        if (this.#takeBack(name)) returned.names.push(name);
      } catch (error) {
        returned.failed.set(name, error);
      }
      looked += 1;
      if (looked % 256 === 0) yield;
    }
    if (this.#marks.size > names.length) this.#forgetRemoved(new Set(names));
    return returned;
  }

  /** Back to the spool, if it is not the file that was put aside. */
  #takeBack(name: string): boolean {
    const file = lookAt(this.dir, name);
    if (file === undefined || file.kind !== 'file') return false;
    const mark = this.#markOf(name);
    if (mark !== undefined && mark.size === file.size && mark.mtimeNs === file.mtimeNs) return false;
    moveDurably(entryPath(this.dir, name), entryPath(this.#spoolDir, name));
    fs.rmSync(entryPath(this.dir, `${name}.reason`), { force: true });
    this.#marks.delete(name);
    this.#count -= 1;
    return true;
  }

  #markOf(name: string): Mark | undefined {
    const known = this.#marks.get(name);
    if (known !== undefined) return known;
    const mark = readMark(entryPath(this.dir, `${name}.reason`));
    if (mark !== undefined) this.#marks.set(name, mark);
    return mark;
  }

  #forgetRemoved(names: ReadonlySet<string>): void {
    for (const name of this.#marks.keys()) if (!names.has(name)) this.#marks.delete(name);
  }

  #makeDirectory(): void {
    const stat = fs.lstatSync(this.dir, { throwIfNoEntry: false });
    if (stat === undefined) {
      try {
        fs.mkdirSync(this.dir, { mode: 0o770 });
      } catch (error) {
        throw new RelayError('SPOOL_IO', `cannot make ${this.dir}`, { cause: error });
      }
      syncDirectory(this.#spoolDir);
    } else if (!stat.isDirectory()) {
      // Whoever may write in the spool must not choose where we put files.
      const cause = Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
      throw new RelayError('SPOOL_IO', `${this.dir} is not a directory`, { cause });
    }
  }
}

function readMark(path: string | Buffer): Mark | undefined {
  let text: string;
  try {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(spoolLimits.reasonBytes);
      text = buffer.toString('utf8', 0, fs.readSync(fd, buffer));
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined;
  }
  const size = /^size: (\d+)$/m.exec(text)?.[1];
  const mtimeNs = /^mtime-ns: (\d+)$/m.exec(text)?.[1];
  return size === undefined || mtimeNs === undefined
    ? undefined
    : { size: BigInt(size), mtimeNs: BigInt(mtimeNs) };
}
