/**
 * B-tree pages and their cells, read with suspicion. https://www.sqlite.org/fileformat2.html#b_tree_pages
 *
 * Used by walk.ts (pages a tree leads to) and carve.ts (pages nothing leads to). A cell is what its lengths and
 * its overflow chain make of it; whether its content is right, its reader decides.
 */

import { PAGE_BYTES } from '../schema.ts';
import type { PageSource } from './page-source.ts';
import { readVarint } from './record.ts';

export type TreeKind = 'rows' | 'keys';

export interface TreePage {
  readonly kind: TreeKind;
  readonly leaf: boolean;
  /** Offsets of the cells, in the order of their keys; those beyond the page are left out. */
  readonly cells: readonly number[];
  /** Cells whose offset was beyond the page. */
  readonly lost: number;
  /** Rightmost child; 0 for a leaf. */
  readonly right: number;
}

export interface Cell {
  /** Left child of an interior page, else 0. */
  readonly child: number;
  /** Number of the row; 0 in a tree of keys. */
  readonly number: number;
  readonly payload: Buffer;
  /** Overflow pages it goes on in. */
  readonly chain: readonly number[];
}

/** The largest payload of a journal: a message, its columns; a quarantined document with its problems. */
const MAX_PAYLOAD = 80 * 1024 * 1024;
const TYPES: Readonly<Record<number, Pick<TreePage, 'kind' | 'leaf'>>> = {
  2: { kind: 'keys', leaf: false },
  5: { kind: 'rows', leaf: false },
  10: { kind: 'keys', leaf: true },
  13: { kind: 'rows', leaf: true },
};
/** Bytes of a payload kept in the page: all up to `most`, else at least `LEAST`. */
const LEAST = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
const MOST_OF_ROW = PAGE_BYTES - 35;
const MOST_OF_KEY = Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
const FILE_HEADER_BYTES = 100;
const OVERFLOW_BYTES = PAGE_BYTES - 4;

/** Undefined when the page is none of a tree. */
export function readTreePage(page: Buffer, first: boolean): TreePage | undefined {
  const at = first ? FILE_HEADER_BYTES : 0;
  const type = TYPES[page[at] ?? 0];
  if (type === undefined) return undefined;
  const count = page.readUInt16BE(at + 3);
  const begin = at + (type.leaf ? 8 : 12);
  const end = begin + 2 * count;
  if (end > PAGE_BYTES) return undefined;
  const cells: number[] = [];
  for (let pointer = begin; pointer < end; pointer += 2) {
    const offset = page.readUInt16BE(pointer);
    if (offset >= end && offset < PAGE_BYTES - 3) cells.push(offset);
  }
  const right = type.leaf ? 0 : page.readUInt32BE(at + 8);
  return { ...type, cells, lost: count - cells.length, right };
}

/** Of an interior page of rows: no payload. */
export function readBranch(page: Buffer, at: number): Cell | undefined {
  const key = readVarint(page, at + 4);
  if (key === undefined) return undefined;
  return { child: page.readUInt32BE(at), number: key.value, payload: Buffer.alloc(0), chain: [] };
}

/** Undefined when it does not fit its page or its overflow chain ends early. */
export function readCell(
  source: PageSource,
  page: Buffer,
  at: number,
  { kind, leaf }: Pick<TreePage, 'kind' | 'leaf'>,
): Cell | undefined {
  const size = readVarint(page, leaf ? at : at + 4);
  if (size === undefined || size.value > MAX_PAYLOAD) return undefined;
  const row = kind === 'rows' ? readVarint(page, size.next) : { value: 0, next: size.next };
  if (row === undefined) return undefined;
  const most = kind === 'rows' ? MOST_OF_ROW : MOST_OF_KEY;
  const local = localBytes(size.value, most);
  if (row.next + local + (local < size.value ? 4 : 0) > PAGE_BYTES) return undefined;
  const head = page.subarray(row.next, row.next + local);
  const child = leaf ? 0 : page.readUInt32BE(at);
  if (local === size.value) return { child, number: row.value, payload: head, chain: [] };
  const rest = readOverflow(source, page.readUInt32BE(row.next + local), size.value - local);
  if (rest === undefined) return undefined;
  return { child, number: row.value, payload: Buffer.concat([head, ...rest.parts]), chain: rest.chain };
}

function localBytes(size: number, most: number): number {
  if (size <= most) return size;
  const kept = LEAST + ((size - LEAST) % OVERFLOW_BYTES);
  return kept <= most ? kept : LEAST;
}

function readOverflow(
  source: PageSource,
  first: number,
  bytes: number,
): { readonly parts: readonly Buffer[]; readonly chain: readonly number[] } | undefined {
  const parts: Buffer[] = [];
  const chain: number[] = [];
  let page = first;
  for (let left = bytes; left > 0; left -= OVERFLOW_BYTES) {
    const content = source.read(page);
    if (content === undefined) return undefined;
    chain.push(page);
    parts.push(content.subarray(4, 4 + Math.min(left, OVERFLOW_BYTES)));
    page = content.readUInt32BE(0);
  }
  return { parts, chain };
}
