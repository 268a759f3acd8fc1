/**
 * A document in one medium, within the medium's limit: `fit` cuts it with `…`, `fitBlocks` leaves out whole blocks and says how many.
 *
 * Called by renderer.ts. The limit counts code points of what is written, escapes and tags included. A cut never parts a
 * surrogate pair, a grapheme (as Intl.Segmenter sees it), an entity or a tag, and what was opened is closed. `tail` (the tag of the
 * notification) survives every cut that leaves room for it.
 */

import { expand, type Atom } from './expand.ts';
import type { Doc } from './pieces.ts';
import type { Writer } from './writer.ts';

const ELLIPSIS = '…';

/** Code points. */
export function lengthOf(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

export function write(doc: Doc, writer: Writer): string {
  return expand(doc, writer).map(written).join('');
}

/** As much of `doc` as fits, then `tail`. */
export function fit(doc: Doc, writer: Writer, limit: number, tail: Doc = []): string {
  const end = write(tail, writer);
  const whole = write(doc, writer);
  if (lengthOf(whole) + lengthOf(end) <= limit) return whole + end;
  // A tail that takes more than half is dropped: the message matters more.
  const kept = lengthOf(end) * 2 > limit ? '' : end;
  return cutAtoms(expand(doc, writer), limit - lengthOf(kept)) + kept;
}

function written({ open, content, close, escape }: Atom): string {
  return open + escape(content) + close;
}

function cutAtoms(atoms: readonly Atom[], limit: number): string {
  const parts: { readonly text: string; readonly newline: boolean }[] = [];
  let room = limit - ELLIPSIS.length;
  if (room < 0) return '';
  for (const atom of atoms) {
    const text = written(atom);
    const size = lengthOf(text);
    if (size > room) {
      const part = atom.whole ? '' : cutAtom(atom, room);
      if (part !== '') parts.push({ text: part, newline: false });
      break;
    }
    parts.push({ text, newline: atom.newline });
    room -= size;
  }
  while (parts.at(-1)?.newline === true) parts.pop();
  return parts.map(({ text }) => text).join('') + ELLIPSIS;
}

/** The longest beginning of the atom's content that fits with its ends; '' for none. */
function cutAtom({ open, content, close, escape }: Atom, room: number): string {
  let left = room - lengthOf(open) - lengthOf(close);
  let end = 0;
  for (const char of content) {
    left -= lengthOf(escape(char));
    if (left < 0) break;
    end += char.length;
  }
  const kept = content.slice(0, graphemeStart(content, end)).trimEnd();
  return kept === '' ? '' : open + escape(kept) + close;
}

/** The boundary between graphemes at or before `at`. */
function graphemeStart(text: string, at: number): number {
  if (at >= text.length) return text.length;
  // A grapheme is short (clean.ts bounds its marks; flags and families take up to 30 units): a window is enough, and quick.
  const from = Math.max(0, at - 64);
  const start = from + (/^[\udc00-\udfff]/.test(text.slice(from)) ? 1 : 0);
  const window = text.slice(start, at + 64);
  const found = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(window).containing(at - start);
  return found === undefined ? at : start + found.index;
}

export interface Blocks {
  /** Always there. */
  readonly head: Doc;
  /** In the order of their weight. */
  readonly blocks: readonly Doc[];
  /** Between two of them, and after the head. */
  readonly gap: Doc;
  /** What stands for everything from the block `shown` on; nothing when all is told. */
  readonly rest: (shown: number) => Doc;
  readonly tail: Doc;
}

/** As many whole blocks as fit; the first one is cut if even it does not. */
export function fitBlocks({ head, blocks, gap, rest, tail }: Blocks, writer: Writer, limit: number): string {
  const join = (parts: readonly Doc[]): Doc =>
    parts
      .filter(({ length }) => length > 0)
      .flatMap((part, index) => (index === 0 ? part : [...gap, ...part]));
  const all = join([head, ...blocks, rest(blocks.length)]);
  const whole = write(all, writer) + write(tail, writer);
  if (lengthOf(whole) <= limit) return whole;
  const sizeOf = (doc: Doc): number => lengthOf(write(doc, writer));
  const gapSize = sizeOf(gap);
  let size = sizeOf(head) + sizeOf(tail);
  let shown = 0;
  for (const [index, block] of blocks.entries()) {
    const next = size + sizeOf(block) + (index === 0 && head.length === 0 ? 0 : gapSize);
    const left = sizeOf(rest(index + 1));
    const restSize = left === 0 ? 0 : gapSize + left;
    if (next + restSize > limit && index > 0) break;
    size = next;
    shown = index + 1;
  }
  const left = rest(shown);
  const end = left.length === 0 ? tail : [...gap, ...left, ...tail];
  return fit(join([head, ...blocks.slice(0, shown)]), writer, limit, end);
}
