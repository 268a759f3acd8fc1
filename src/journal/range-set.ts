/**
 * A set of sequence numbers kept as disjoint, ascending ranges: what was given back and is due again (due-queue.ts).
 *
 * Neighbours are joined, so that thousands of messages given back together are one range and one question to the
 * file. May hold numbers whose rows have ended meanwhile; whoever takes from it looks at the rows.
 */

import { toRanges, type Range } from './ranges.ts';

export class RangeSet {
  #ranges: readonly Range[] = [];

  /** Smallest number; undefined when empty. */
  get first(): number | undefined {
    return this.#ranges[0]?.first;
  }

  add(ranges: readonly Range[]): void {
    if (ranges.length === 0) return;
    const joined: { first: number; last: number }[] = [];
    for (const { first, last } of [...this.#ranges, ...ranges].toSorted((a, b) => a.first - b.first)) {
      const before = joined.at(-1);
      if (before === undefined || first > before.last + 1) joined.push({ first, last });
      else before.last = Math.max(before.last, last);
    }
    this.#ranges = joined;
  }

  has(sequence: number): boolean {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.last ?? Infinity) < sequence) low = middle + 1;
      else high = middle;
    }
    return (this.#ranges[low]?.first ?? Infinity) <= sequence;
  }

  /** Of ascending numbers; those not in the set are passed over. */
  remove(sequences: readonly number[]): void {
    if (this.#ranges.length > 0 && sequences.length > 0) this.#subtract(toRanges(sequences));
  }

  removeBelow(sequence: number): void {
    if ((this.first ?? Infinity) < sequence) this.#subtract([{ first: 0, last: sequence - 1 }]);
  }

  /** The ranges up to a number, the last of them cut there. */
  upTo(limit: number): Range[] {
    const found: Range[] = [];
    for (const { first, last } of this.#ranges) {
      if (first > limit) break;
      found.push({ first, last: Math.min(last, limit) });
    }
    return found;
  }

  #subtract(gone: readonly Range[]): void {
    const left: Range[] = [];
    let index = 0;
    for (const range of this.#ranges) {
      let { first } = range;
      while ((gone[index]?.last ?? Infinity) < first) index++;
      for (let at = index; at < gone.length && first <= range.last; at++) {
        const cut = gone[at];
        if (cut === undefined || cut.first > range.last) break;
        if (cut.first > first) left.push({ first, last: cut.first - 1 });
        first = Math.max(first, cut.last + 1);
      }
      if (first <= range.last) left.push({ first, last: range.last });
    }
    this.#ranges = left;
  }
}
