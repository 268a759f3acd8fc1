/**
 * From the bytes of a name to its number, without making a string: a hash table over the hashes that the reader
 * has computed while it scanned the name. Used for element names and attribute names.
 */

import { sameRun } from '../xml/characters.ts';
import { nameHash } from '../xml/names.ts';

const SLOTS = 256;

export class NameTable {
  readonly names: readonly string[];
  /** Number of the name in each slot; 0 for a free one. */
  private readonly slots = new Uint8Array(SLOTS);
  /** All names one after the other, and where each begins. */
  private readonly letters: Uint8Array;
  private readonly starts: Uint16Array;

  /** Numbers follow the order of the names, from 1; 0 is "no such name". */
  constructor(names: readonly string[]) {
    this.names = names;
    this.letters = Buffer.from(names.join(''));
    this.starts = new Uint16Array(names.length + 2);
    let start = 0;
    for (const [index, name] of names.entries()) {
      const number = index + 1;
      this.starts[number] = start;
      start += name.length;
      this.starts[number + 1] = start;
      let slot = nameHash(this.letters, start - name.length, start) & (SLOTS - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
      this.slots[slot] = number;
    }
  }

  /** The number of the name in a range of bytes, whose hash is given. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { slots, letters, starts } = this;
    let slot = hash & (SLOTS - 1);
    for (let number = slots[slot]!; number !== 0; number = slots[slot]!) {
      const first = starts[number]!;
      const length = starts[number + 1]! - first;
      if (length === end - start && sameRun(letters, first, bytes, start, length)) return number;
      slot = (slot + 1) & (SLOTS - 1);
    }
    return 0;
  }

  /** The number of a name. */
  numberOf(name: string): number {
    return this.names.indexOf(name) + 1;
  }

  /** The name of a number; '' for 0. */
  nameOf(number: number): string {
    return this.names[number - 1] ?? '';
  }
}
