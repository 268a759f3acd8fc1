/**
 * Removes the white space between elements, because a SECEF gateway answers 500 to it (even to its own
 * sample), and changes nothing else: text, CDATA, comments, attributes and content of `xmltext` stay as they
 * are, and so does everything under `xml:space="preserve"`.
 *
 * Called by gateway.ts with one well-formed message (read-document.ts has read it). White space goes only
 * where an element has element children and no text of its own, so mixed content is never touched. Works on
 * bytes in one pass; markup bytes are ASCII and cannot occur inside UTF-8 sequences. XML 1.0 §2.10.
 */

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;

interface Open {
  /** Leave everything inside alone. */
  verbatim: boolean;
  text: boolean;
  children: boolean;
  /** White space seen directly inside: starts and ends, alternating. */
  readonly blanks: number[];
}

/** The same message without white space between elements. Returns the input itself when there is none. */
export function compact(message: Buffer): Buffer {
  const cuts: number[] = [];
  const stack: Open[] = [{ verbatim: false, text: false, children: false, blanks: [] }];
  let at = 0;
  while (at < message.length) {
    const inside = stack.at(-1);
    if (inside === undefined) return message; // not well-formed: not ours to mend
    const next = message.indexOf(LT, at);
    const end = next < 0 ? message.length : next;
    if (end > at) noteText(message, at, end, inside);
    if (next < 0) break;
    const first = message[next + 1];
    if (first === SLASH) {
      stack.pop();
      collect(inside, cuts);
      at = after(message, GT, next);
    } else if (first === QUESTION) {
      at = after(message, '?>', next);
    } else if (first === BANG) {
      at = message[next + 2] === DASH ? after(message, '-->', next + 4) : after(message, ']]>', next);
      if (message[next + 2] !== DASH) inside.text = true; // CDATA
    } else {
      at = tagEnd(message, next);
      inside.children = true;
      if (message[at - 2] !== SLASH) stack.push(opened(message, next, at, inside));
    }
  }
  return cuts.length === 0 ? message : without(message, cuts);
}

function noteText(message: Buffer, start: number, end: number, inside: Open): void {
  if (inside.text || inside.verbatim) return;
  for (let at = start; at < end; at++) {
    const byte = message[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x09 && byte !== 0x0d) {
      inside.text = true;
      return;
    }
  }
  inside.blanks.push(start, end);
}

function collect(element: Open, cuts: number[]): void {
  if (element.children && !element.text && !element.verbatim) cuts.push(...element.blanks);
}

function opened(message: Buffer, start: number, end: number, parent: Open): Open {
  return { verbatim: isVerbatim(message, start, end, parent), text: false, children: false, blanks: [] };
}

const XML_SPACE = Buffer.from('xml:space');

function isVerbatim(message: Buffer, start: number, end: number, parent: Open): boolean {
  const found = message.indexOf(XML_SPACE, start);
  if (found >= 0 && found < end) {
    const value = /\sxml:space\s*=\s*["'](preserve|default)["']/.exec(message.toString('latin1', start, end));
    if (value !== null) return value[1] === 'preserve';
  }
  return parent.verbatim || /^<(?:[^\s:/>]+:)?xmltext[\s>]/.test(message.toString('latin1', start, Math.min(end, start + 300)));
}

/** Index behind the tag's `>`; one inside a quoted value does not end it. */
function tagEnd(message: Buffer, start: number): number {
  let quote = 0;
  for (let at = start + 1; at < message.length; at++) {
    const byte = message[at];
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

function after(message: Buffer, token: string | number, from: number): number {
  const found = message.indexOf(token, from);
  return found < 0 ? message.length : found + (typeof token === 'string' ? token.length : 1);
}

function without(message: Buffer, cuts: readonly number[]): Buffer {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < cuts.length; i += 2) pairs.push([cuts[i] ?? 0, cuts[i + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const out = Buffer.allocUnsafe(message.length - pairs.reduce((sum, [from, to]) => sum + to - from, 0));
  let written = 0;
  let kept = 0;
  for (const [from, to] of pairs) {
    written += message.copy(out, written, kept, from);
    kept = to;
  }
  message.copy(out, written, kept);
  return out;
}
