/**
 * A walk over the tags of text that the reader has already found well-formed. Nothing is checked again.
 *
 * Slow paths only: naming the children of an element whose structure is wrong, and finding the path of a
 * problem. Comments, instructions, CDATA sections and attribute values are stepped over.
 */

/** What a walk tells. Returning false ends it. */
interface WalkVisitor {
  /** A start tag: offset of its `<`, and the range of its local name. */
  start(tag: number, local: number, localEnd: number): boolean;
  /** An end tag, or the end of an empty element. */
  end(): boolean;
}

/** Walks the tags between two offsets; the first is not inside a tag. */
export function walkTags(bytes: Uint8Array, from: number, to: number, visitor: WalkVisitor): void {
  let at = from;
  while (at < to) {
    at = bytes.indexOf(0x3c, at);
    if (at < 0 || at >= to) return;
    const second = bytes[at + 1];
    if (second === 0x2f) {
      if (!visitor.end()) return;
      at = afterByte(bytes, at, 0x3e);
    } else if (second === 0x3f) {
      at = afterSequence(bytes, at + 2, 0x3f);
    } else if (second === 0x21) {
      if (bytes[at + 2] === 0x2d) at = afterSequence(bytes, at + 4, 0x2d);
      else if (bytes[at + 2] === 0x5b) at = afterSequence(bytes, at + 9, 0x5d);
      else at = afterTag(bytes, at, to);
    } else {
      let nameEnd = at + 1;
      let local = nameEnd;
      while (nameEnd < to && !isNameEnd(bytes[nameEnd]!)) {
        if (bytes[nameEnd] === 0x3a) local = nameEnd + 1;
        nameEnd += 1;
      }
      if (!visitor.start(at, local, nameEnd)) return;
      at = afterTag(bytes, nameEnd, to);
      if (bytes[at - 2] === 0x2f && !visitor.end()) return;
    }
  }
}

function isNameEnd(byte: number): boolean {
  return byte <= 0x20 || byte === 0x3e || byte === 0x2f;
}

function afterByte(bytes: Uint8Array, from: number, byte: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at + 1;
}

/** After `?>`, `-->` or `]]>`: the `>` that follows `last`, twice for the latter two. */
function afterSequence(bytes: Uint8Array, from: number, last: number): number {
  const wanted = last === 0x3f ? 1 : 2;
  let at = from;
  for (;;) {
    at = bytes.indexOf(0x3e, at);
    if (at < 0) return bytes.length;
    if (bytes[at - 1] === last && (wanted === 1 || bytes[at - 2] === last) && at - wanted >= from)
      return at + 1;
    at += 1;
  }
}

/** After the `>` that ends a tag; quoted values may hold others. */
function afterTag(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const byte = bytes[at]!;
    if (byte === 0x3e) return at + 1;
    if (byte === 0x22 || byte === 0x27) at = afterByte(bytes, at + 1, byte);
    else at += 1;
  }
  return to;
}
