/**
 * Files that were found and are not decided yet: what they looked like, since when, and why they wait.
 *
 * Each is looked at every 250 ms by lstat, but read again only when its identity has changed, its lock is gone,
 * or its patience is over (decide.ts); so an unchanged file is read at most twice in its 60 s.
 */

import { spoolLimits } from '../../core/limits.ts';
import { type FileIdentity, compareIdentity } from './file-identity.ts';

export interface Waiting {
  readonly name: string;
  /** As it was when last looked at closely. */
  readonly seen: FileIdentity;
  /** Monotonic time since when it looks like this. */
  readonly since: number;
  readonly why: WaitingFor;
}

/**
 * What has to happen before another look is worth it. `turn`: it stands in a batch under way. `lock`: the lock goes.
 * `link`: its other name goes, or a second passes. `growing`: it holds still for 2 s. `content`: it changes, or 60 s pass. `unreadable`: a full pass.
 */
export type WaitingFor = 'turn' | 'lock' | 'link' | 'growing' | 'content' | 'unreadable';

export class WaitingFiles {
  readonly #files = new Map<string, Waiting>();

  get size(): number {
    return this.#files.size;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** In the order they were put. Files may be put and removed while it runs. */
  all(): IterableIterator<Waiting> {
    return this.#files.values();
  }

  /** How long the file has looked as it does now. */
  unchangedMs(name: string, file: FileIdentity, now: number): number {
    const known = this.#files.get(name);
    return known !== undefined && compareIdentity(known.seen, file) === 'same' ? now - known.since : 0;
  }

  put(name: string, seen: FileIdentity, why: WaitingFor, now: number): void {
    this.#files.set(name, { name, seen, why, since: now - this.unchangedMs(name, seen, now) });
  }

  remove(name: string): void {
    this.#files.delete(name);
  }

  /** The batches under way were given up: their files are to be looked at again. */
  endTurns(): void {
    for (const [name, file] of this.#files)
      if (file.why === 'turn') this.#files.set(name, { ...file, why: 'lock' });
  }
}

/** Whether a waiting file is worth another read. */
export function isRipe(
  file: Waiting,
  now: FileIdentity,
  locked: boolean,
  time: number,
  fullPass: boolean,
): boolean {
  if (locked) return false;
  if (compareIdentity(file.seen, now) !== 'same') return true;
  const unchangedMs = time - file.since;
  if (file.why === 'lock') return true;
  if (file.why === 'link') return unchangedMs >= spoolLimits.linkedMs;
  if (file.why === 'growing') return unchangedMs >= spoolLimits.streamQuietMs;
  return file.why === 'unreadable' ? fullPass : unchangedMs >= spoolLimits.corruptAfterMs;
}
