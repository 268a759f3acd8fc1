/** Text of the medium's own language, put out as it is: what `capture`, `bold` and `code` make (engine.ts). */

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Filters see text, and what they make of it is escaped again. */
  toString(): string {
    return this.text;
  }
}
