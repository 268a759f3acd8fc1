/**
 * Counts files by fate. Law: found = taken + known + waiting + refused, at every commit.
 *
 * Changes gather here and go to the ledger with the next transaction (`flush`); each method moves both sides of
 * the equation at once, so that whatever subset of calls is flushed the law holds. `known` is a file recognised
 * as taken before a restart. `waiting` counts undecided files; those of a process that was killed are taken back
 * at the next start (`restart`), because they are found again.
 */

import type { FileCounts } from './ledger.ts';

export class Tally {
  #changes: Record<string, number> = {};
  #waiting = 0;

  /** Undecided files. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Begin on a journal with these counters: what an earlier process left undecided is found again. */
  begin(counts: FileCounts): void {
    const left = (counts['waiting'] ?? 0) - this.#waiting;
    this.#changes = {};
    this.#add('found', -left);
    this.#add('waiting', -left);
  }

  found(): void {
    this.#add('found', 1);
    this.#wait(1);
  }

  /** Was taken by an earlier process; found again. */
  known(): void {
    this.#add('found', 1);
    this.#add('known', 1);
  }

  /** Not taken: the reader's rule, `empty`, `incomplete`, `too-large`, `not-a-file` or `vanished`. */
  refused(reason: string): void {
    this.#wait(-1);
    this.#add(`refused:${reason}`, 1);
  }

  get dirty(): boolean {
    return Object.keys(this.#changes).length > 0;
  }

  /** Hand the changes to `commit`, together with `taken` waiting files taken by it. Nothing moves if it throws. */
  flush(commit: (changes: FileCounts) => void, taken = 0): void {
    const changes = { ...this.#changes };
    if (taken > 0) {
      changes['taken'] = taken;
      changes['waiting'] = (changes['waiting'] ?? 0) - taken;
    }
    commit(changes);
    this.#changes = {};
    this.#waiting -= taken;
  }

  #wait(by: number): void {
    this.#waiting += by;
    this.#add('waiting', by);
  }

  #add(name: string, by: number): void {
    const value = (this.#changes[name] ?? 0) + by;
    if (value === 0) delete this.#changes[name];
    else this.#changes[name] = value;
  }
}
