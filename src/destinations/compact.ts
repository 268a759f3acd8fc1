/**
 * Removes the white space between elements, because a SECEF gateway answers 500 to it (even to its own
 * sample), and changes nothing else: text, CDATA, comments, attributes and content of `xmltext` stay as they
 * are, and so does everything under `xml:space="preserve"`.
 *
 * Called by single-form.ts with one well-formed message (read-document.ts has read it). White space goes
 * only where an element has element children and no text of its own, so mixed content is never touched. Works
 * on bytes in one pass; markup bytes are ASCII and cannot occur inside UTF-8 sequences. XML 1.0 §2.10.
 */

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const SPACE = 0x20;

/** The same message without white space between elements. Returns the input itself when there is none. */
export function compact(message: Buffer): Buffer {
  const { from, to } = new Scan(message).blanks();
  if (from.length === 0) return message;
  let removed = 0;
  for (let i = 0; i < from.length; i++) removed += (to[i] ?? 0) - (from[i] ?? 0);
  const out = Buffer.allocUnsafe(message.length - removed);
  let written = 0;
  let kept = 0;
  for (let i = 0; i <= from.length; i++) {
    const end = from[i] ?? message.length;
    // Pieces are short: a call of copy() for each would cost more than the bytes.
    for (let at = kept; at < end; at++) out[written++] = message[at] ?? 0;
    kept = to[i] ?? 0;
  }
  return out;
}

/** What is known of an element. It is between elements only if it has children, no text, and is not verbatim. */
const CHILDREN = 1;
const TEXT = 2;
const VERBATIM = 4;

class Scan {
  readonly #message: Buffer;
  /** Looked for per element only where it occurs at all. */
  readonly #special: boolean;
  /** By element, in order of start tags; 0 is the message's surroundings. */
  readonly #elements: number[] = [0];
  readonly #open: number[] = [0];

  constructor(message: Buffer) {
    this.#message = message;
    this.#special = message.includes('xml:space') || message.includes('xmltext');
  }

  /** The runs of white space to be removed, in order. */
  blanks(): { readonly from: readonly number[]; readonly to: readonly number[] } {
    const { starts, ends, owners } = this.#runs();
    const removable = (_: number, index: number): boolean =>
      this.#elements[owners[index] ?? 0] === CHILDREN && owners[index] !== 0;
    return { from: starts.filter(removable), to: ends.filter(removable) };
  }

  /** All runs of nothing but white space between two pieces of markup, and whose content they are. */
  #runs(): { starts: number[]; ends: number[]; owners: number[] } {
    const message = this.#message;
    const [starts, ends, owners]: [number[], number[], number[]] = [[], [], []];
    for (let at = 0; at < message.length;) {
      const element = this.#open.at(-1) ?? 0;
      let end = at;
      while (end < message.length && isSpace(message[end])) end++;
      if (end < message.length && message[end] !== LT) {
        this.#mark(element, TEXT);
        while (end < message.length && message[end] !== LT) end++;
        if (end === message.length) break;
      } else if (end > at) {
        starts.push(at);
        ends.push(end);
        owners.push(element);
      }
      at = this.#markup(end, element);
    }
    return { starts, ends, owners };
  }

  /** Index behind the piece of markup at `at`. */
  #markup(at: number, element: number): number {
    const message = this.#message;
    switch (message[at + 1] ?? 0) {
      case SLASH:
        this.#open.pop();
        return this.#tagEnd(at);
      case QUESTION:
        return this.#after('?>', at);
      case BANG:
        if (message[at + 2] === DASH) return this.#after('-->', at + 4);
        this.#mark(element, TEXT); // CDATA
        return this.#after(']]>', at);
      default:
        return this.#startTag(at, element);
    }
  }

  #startTag(at: number, parent: number): number {
    const end = this.#tagEnd(at);
    this.#mark(parent, CHILDREN);
    if (this.#message[end - 2] === SLASH) return end;
    const inherited = (this.#elements[parent] ?? 0) & VERBATIM;
    this.#open.push(this.#elements.length);
    this.#elements.push(this.#special ? this.#verbatim(at, end, inherited) : inherited);
    return end;
  }

  #verbatim(at: number, end: number, inherited: number): number {
    const tag = this.#message.toString('latin1', at, end);
    const space = /\sxml:space\s*=\s*["'](preserve|default)["']/.exec(tag)?.[1];
    if (space !== undefined) return space === 'preserve' ? VERBATIM : 0;
    return /^<(?:[^\s:/>]+:)?xmltext[\s>]/.test(tag) ? VERBATIM : inherited;
  }

  /** A `>` inside a quoted value does not end a tag. */
  #tagEnd(start: number): number {
    const message = this.#message;
    let quote = 0;
    for (let at = start + 1; at < message.length; at++) {
      const byte = message[at] ?? 0;
      if (quote !== 0) {
        if (byte === quote) quote = 0;
      } else if (byte === 0x22 || byte === 0x27) {
        quote = byte;
      } else if (byte === GT) {
        return at + 1;
      }
    }
    return message.length;
  }

  #after(token: string, from: number): number {
    const found = this.#message.indexOf(token, from);
    return found < 0 ? this.#message.length : found + token.length;
  }

  #mark(element: number, what: number): void {
    this.#elements[element] = (this.#elements[element] ?? 0) | what;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x09 || byte === 0x0d;
}
