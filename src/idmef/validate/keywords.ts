/**
 * The keywords of an enumerated attribute, compared as bytes. Lists are short; length and first byte rule most out.
 */
import { sameRun } from '../xml/characters.ts';

export class KeywordSet {
  readonly words: readonly string[];
  /** All keywords one after the other, and where each begins. */
  private readonly letters: Uint8Array;
  private readonly starts: Uint16Array;

  constructor(words: readonly string[]) {
    this.words = words;
    this.letters = Buffer.from(words.join(''));
    this.starts = new Uint16Array(words.length + 1);
    for (const [index, word] of words.entries()) {
      this.starts[index + 1] = (this.starts[index] ?? 0) + word.length;
    }
  }

  /** Index of the keyword in a range of bytes; -1 if it is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const { letters, starts } = this;
    const length = end - start;
    const first = bytes[start];
    for (let index = 0; index + 1 < starts.length; index += 1) {
      const begin = starts[index]!;
      if (starts[index + 1]! - begin !== length || letters[begin] !== first) continue;
      if (sameRun(letters, begin, bytes, start, length)) return index;
    }
    return -1;
  }
}
