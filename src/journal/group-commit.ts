/**
 * Calls that arrive together share one transaction, and so one fsync.
 *
 * Used by in-process.ts for appending and for settling. A group is committed as soon as the thread is free
 * (no added wait: a lone call costs one turn of the event loop), and at most `room` large; what is left
 * over goes next turn, so that others get theirs in between.
 */

import { RelayError } from '../core/errors.ts';

interface Waiting<Call, Result> {
  readonly call: Call;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one call of a group. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: Error };

/** What one call takes of the room of a group, in every measure there is. */
type Measures = readonly number[];

export class GroupCommit<Call, Result> {
  readonly #room: Measures;
  readonly #measure: (call: Call) => Measures;
  readonly #commit: (calls: Call[]) => readonly Outcome<Result>[];
  #queue: Waiting<Call, Result>[] = [];
  #scheduled = false;

  /**
   * @param commit one outcome a call; what it throws fails them all
   */
  constructor(
    room: Measures,
    measure: (call: Call) => Measures,
    commit: (calls: Call[]) => readonly Outcome<Result>[],
  ) {
    this.#room = room;
    this.#measure = measure;
    this.#commit = commit;
  }

  push(call: Call): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ call, resolve, reject });
      this.#schedule();
    });
  }

  /** Commit everything now. */
  flush(): void {
    while (this.#queue.length > 0) this.#commitGroup();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitGroup();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commitGroup(): void {
    const group = this.#nextGroup();
    if (group.length === 0) return;
    try {
      const results = this.#commit(group.map(({ call }) => call));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = results[index];
        if (outcome === undefined) reject(new RelayError('BUG', 'a call of a group without a result'));
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** As many as fit, and always one. */
  #nextGroup(): Waiting<Call, Result>[] {
    const left = [...this.#room];
    let size = 0;
    for (const { call } of this.#queue) {
      this.#measure(call).forEach((amount, index) => {
        left[index] = (left[index] ?? 0) - amount;
      });
      if (size > 0 && left.some((amount) => amount < 0)) break;
      size++;
    }
    return this.#queue.splice(0, size);
  }
}
