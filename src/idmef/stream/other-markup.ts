/**
 * What begins with `<!` or `<?`, byte by byte: comments, sections, instructions, declarations; and byte order marks. Tells what it is as soon
 * as that is known, and where it ends; the scanner (stream-scanner.ts) judges whether it may stand there.
 */

import { byte, isSpace, NameReader } from './markup.ts';

/** What a byte brought about. */
export const outcome = { inside: 0, known: 1, ended: 2, broken: 3 } as const;

export type MarkupKind = 'comment' | 'section' | 'doctype' | 'instruction' | 'declaration' | 'mark';

const state = {
  target: 0,
  /** In an instruction or the XML declaration. */
  instruction: 1,
  instructionEnd: 2,
  /** After `<!`, while a literal is being compared. */
  literal: 3,
  comment: 4,
  commentDash: 5,
  commentEnd: 6,
  section: 7,
  sectionBracket: 8,
  sectionEnd: 9,
  doctype: 10,
  doctypeValue: 11,
  /** In an internal subset, which may hold white space only. */
  subset: 12,
  /** After the first and second byte of a byte order mark. */
  mark: 13,
  markEnd: 14,
} as const;

interface Literal {
  readonly kind: MarkupKind;
  /** What must follow its first byte. */
  readonly rest: string;
  readonly begins: number;
}

const literals: ReadonlyMap<number, Literal> = new Map<number, Literal>([
  [byte.dash, { kind: 'comment', rest: '-', begins: state.comment }],
  [byte.bracket, { kind: 'section', rest: 'CDATA[', begins: state.section }],
  [0x44, { kind: 'doctype', rest: 'OCTYPE', begins: state.doctype }],
]);

export class OtherMarkup {
  kind: MarkupKind = 'comment';
  private state: number = state.literal;
  private readonly name = new NameReader();
  private literal: Literal | undefined;
  private compared = 0;
  private quote = 0;

  /** After the first byte of a byte order mark, which may be none. */
  beginMark(): void {
    this.state = state.mark;
    this.kind = 'mark';
  }

  /** After `<!`. */
  beginLiteral(): void {
    this.state = state.literal;
    this.literal = undefined;
    this.kind = 'comment';
  }

  /** After `<?`. */
  beginInstruction(): void {
    this.state = state.target;
    this.name.begin();
    this.kind = 'instruction';
  }

  look(code: number): number {
    switch (this.state) {
      case state.target:
        return this.target(code);
      case state.instruction:
        // Only in the XML declaration a `<` tells that it broke off.
        if (code === byte.less && this.kind === 'declaration') return outcome.broken;
        return this.go(code === byte.question ? state.instructionEnd : state.instruction);
      case state.instructionEnd:
        if (code === byte.greater) return outcome.ended;
        return this.go(code === byte.question ? state.instructionEnd : state.instruction);
      case state.literal:
        return this.compare(code);
      case state.comment:
        return this.go(code === byte.dash ? state.commentDash : state.comment);
      case state.commentDash:
        return this.go(code === byte.dash ? state.commentEnd : state.comment);
      case state.commentEnd:
        return code === byte.greater ? outcome.ended : outcome.broken;
      case state.section:
        return this.go(code === byte.bracketEnd ? state.sectionBracket : state.section);
      case state.sectionBracket:
        return this.go(code === byte.bracketEnd ? state.sectionEnd : state.section);
      case state.sectionEnd:
        if (code === byte.greater) return outcome.ended;
        return this.go(code === byte.bracketEnd ? state.sectionEnd : state.section);
      case state.mark:
        return code === 0xbb ? this.go(state.markEnd) : outcome.broken;
      case state.markEnd:
        return code === 0xbf ? outcome.ended : outcome.broken;
      default:
        return this.doctype(code);
    }
  }

  private go(next: number): number {
    this.state = next;
    return outcome.inside;
  }

  private target(code: number): number {
    if (code === byte.less) return outcome.broken;
    if (!isSpace(code) && code !== byte.question) {
      this.name.add(code);
      return this.name.isTooLong ? outcome.broken : outcome.inside;
    }
    this.kind = this.name.is('xml') ? 'declaration' : 'instruction';
    this.state = code === byte.question ? state.instructionEnd : state.instruction;
    return outcome.known;
  }

  private compare(code: number): number {
    if (this.literal === undefined) {
      this.literal = literals.get(code);
      this.compared = 0;
      return this.literal === undefined ? outcome.broken : outcome.inside;
    }
    const { kind, rest, begins } = this.literal;
    if (code !== rest.charCodeAt(this.compared)) return outcome.broken;
    this.compared += 1;
    if (this.compared < rest.length) return outcome.inside;
    this.kind = kind;
    this.state = begins;
    return outcome.known;
  }

  private doctype(code: number): number {
    if (this.state === state.doctypeValue) {
      if (code === byte.less) return outcome.broken;
      return this.go(code === this.quote ? state.doctype : state.doctypeValue);
    }
    if (this.state === state.subset) {
      if (code === byte.bracketEnd) return this.go(state.doctype);
      // The reader would refuse it as well: it may declare entities.
      return isSpace(code) ? outcome.inside : outcome.broken;
    }
    if (code === byte.greater) return outcome.ended;
    if (code === byte.less) return outcome.broken;
    if (code === byte.bracket) return this.go(state.subset);
    if (code !== byte.quote && code !== byte.apostrophe) return outcome.inside;
    this.quote = code;
    return this.go(state.doctypeValue);
  }
}
