/**
 * A file of real blocks beside the journal (`journal.db.reserve`), given up piece by piece when the disk is full, so that
 * what only frees – settling, forgetting, dropping – still goes through on a filesystem others have filled to the last byte.
 *
 * Used by journal-file.ts, under the instance lock, and by store.ts. Made when the journal is opened and made whole
 * again when there is room; while it is not whole for want of space nothing is appended, or the alerts that come in
 * would use up what was given up for those that go out. Without any content of its own: it may be removed while the
 * program is stopped.
 */

import {
  closeSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';

const PIECE_BYTES = 64 * 1024;

/** What the system says when there is no room: the disk is full, or the user's quota. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export class Reserve {
  readonly #path: string;
  #bytes: number;
  readonly #clock: Clock;
  /** Of `#bytes`. */
  #held = 0;
  #lacking = false;
  #triedAt = -Infinity;
  #seenFree = Infinity;
  #lookedAt = -Infinity;

  /** @param bytes 0: do without */
  constructor(journal: string, bytes: number, clock: Clock) {
    this.#path = `${journal}.reserve`;
    this.#bytes = bytes;
    this.#clock = clock;
  }

  /** Whether something may be appended: the reserve is whole, and as much again is free. */
  get mayAppend(): boolean {
    this.make();
    return !this.#lacking && this.#free() >= this.#bytes;
  }

  /** Space is so scarce that the log should be folded into the file while it can be. */
  get isTight(): boolean {
    return this.#free() < journalLimits.tightBytes;
  }

  /** Look for what an earlier process left, and how much a filesystem of this size can spare. */
  find(): void {
    if (this.#bytes === 0) return;
    this.#bytes = Math.min(this.#bytes, this.#share());
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    // Blocks, not length: a sparse file reserves nothing.
    const isReal = stat !== undefined && stat.size <= this.#bytes && stat.blocks * 512 >= stat.size;
    this.#held = isReal ? stat.size : 0;
  }

  /** Make it whole if it is not and there is room for twice as much. Looks at most once in reserveRetryMs. */
  make(): void {
    const now = this.#clock.monotonic();
    if (this.#held === this.#bytes || now - this.#triedAt < journalLimits.reserveRetryMs) return;
    this.#triedAt = now;
    try {
      this.#lacking = this.#free() < 2 * this.#bytes;
      if (!this.#lacking) this.#write();
    } catch (error) {
      // Anything but space is no reason to refuse alerts: the journal itself will say what is wrong.
      this.#lacking = isNoSpace(error);
      this.#shrink(0);
    }
  }

  /** Give a piece of it back to the filesystem. False when there is nothing to give. */
  giveUp(): boolean {
    if (this.#held === 0) return false;
    this.#lacking = true;
    this.#triedAt = this.#clock.monotonic();
    this.#shrink(Math.max(0, this.#held - journalLimits.reservePieceBytes));
    return true;
  }

  /** Bytes an unprivileged process may still take, as of freeSpaceMs ago; without a reserve nobody asks. */
  #free(): number {
    const now = this.#clock.monotonic();
    if (this.#bytes === 0 || now - this.#lookedAt < journalLimits.freeSpaceMs) return this.#seenFree;
    this.#lookedAt = now;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      this.#seenFree = bavail * bsize;
    } catch {
      this.#seenFree = Infinity;
    }
    return this.#seenFree;
  }

  /** On a small filesystem the whole reserve, and as much again, might never be free. */
  #share(): number {
    try {
      const { blocks, bsize } = statfsSync(dirname(this.#path));
      const share = Math.floor((blocks * bsize) / journalLimits.reserveShare / PIECE_BYTES);
      return Math.max(1, share) * PIECE_BYTES;
    } catch {
      return Infinity;
    }
  }

  #write(): void {
    const descriptor = openSync(this.#path, 'w', 0o640);
    try {
      // Not zeros: a filesystem may store those as nothing.
      const piece = Buffer.alloc(PIECE_BYTES, 'idmef-relay');
      for (let written = 0; written < this.#bytes;) {
        written += writeSync(descriptor, piece, 0, Math.min(PIECE_BYTES, this.#bytes - written));
      }
      fsyncSync(descriptor);
      this.#held = this.#bytes;
    } finally {
      closeSync(descriptor);
    }
  }

  #shrink(bytes: number): void {
    this.#held = bytes;
    try {
      if (bytes === 0) rmSync(this.#path, { force: true });
      else truncateSync(this.#path, bytes);
    } catch {
      // The directory is beyond writing: so is the journal, which says so.
    }
  }
}
