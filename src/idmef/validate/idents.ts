/**
 * The two rules about identifiers that need the whole message: E7, an analyzer that gives idents must have an
 * analyzerid (RFC 4765 §4.2.4.1), and E6, one ident stands for one thing (§3.2.9).
 *
 * `0` and the empty string mean "no ident". Two things are the same if they are written the same, white space
 * between tags aside.
 */

import type { XmlState } from '../xml/state.ts';
import { attributeText } from '../xml/text.ts';
import type { Grammar } from './grammar.ts';
import { type ProblemList, quoted } from './problem-list.ts';

interface Ident {
  readonly element: number;
  readonly tag: number;
  readonly nameStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Offset after the element's end tag; 0 while it is open. */
  end: number;
}

/** The value is neither empty nor `0`. */
export function isIdentifier(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 1 || (end - start === 1 && bytes[start] !== 0x30);
}

export class Idents {
  private readonly list: Ident[] = [];

  clear(): void {
    this.list.length = 0;
  }

  /** Notes the ident of the current start tag; the number to give to `close` at its end. */
  open(state: XmlState, element: number, nameStart: number, valueStart: number, valueEnd: number): number {
    this.list.push({ element, tag: state.tokenStart, nameStart, valueStart, valueEnd, end: 0 });
    return this.list.length - 1;
  }

  close(number: number, end: number): void {
    const ident = this.list[number];
    if (ident !== undefined) ident.end = end;
  }

  /** At the end of a message. */
  report(grammar: Grammar, problems: ProblemList, bytes: Buffer, hasAnalyzerId: boolean): void {
    const [first] = this.list;
    if (first === undefined) return;
    if (!hasAnalyzerId) {
      problems.add({
        rule: 'E7',
        section: '4.2.4.1',
        element: first.tag,
        attribute: 'ident',
        at: first.nameStart,
        expected: 'an analyzerid on the Analyzer of the message',
        got: 'none',
        text: 'a message that uses idents needs an Analyzer with an analyzerid',
      });
    }
    if (this.list.length > 1) this.reportReuse(grammar, problems, bytes);
  }

  private reportReuse(grammar: Grammar, problems: ProblemList, bytes: Buffer): void {
    const known = new Map<string, Ident>();
    for (const ident of this.list) {
      const value = attributeText(bytes, ident.valueStart, ident.valueEnd);
      const key = `${ident.element} ${value}`;
      const before = known.get(key);
      if (before === undefined) {
        known.set(key, ident);
      } else if (!sameContent(bytes, before.valueEnd, before.end, ident.valueEnd, ident.end)) {
        const name = grammar.names.nameOf(ident.element);
        problems.add({
          rule: 'E6',
          section: '3.2.9',
          element: ident.tag,
          attribute: 'ident',
          at: ident.nameStart,
          expected: `one ident for one ${name}`,
          got: quoted(value),
          text: `the ident ${quoted(value)} stands for two different ${name} elements`,
        });
      }
    }
  }
}

/** Equal but for white space after a tag. */
function sameContent(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  let i = a;
  let j = b;
  for (;;) {
    if (i > a && bytes[i - 1] === 0x3e) while (i < aEnd && bytes[i]! <= 0x20) i += 1;
    if (j > b && bytes[j - 1] === 0x3e) while (j < bEnd && bytes[j]! <= 0x20) j += 1;
    if (i >= aEnd || j >= bEnd) return i >= aEnd && j >= bEnd;
    if (bytes[i] !== bytes[j]) return false;
    i += 1;
    j += 1;
  }
}
