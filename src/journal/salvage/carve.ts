/**
 * Rows of pages no tree leads to: their tree is broken above them, or their page was overwritten in part.
 *
 * Called by salvage.ts for pages that walking has not accounted for. First whole leaf pages; then, in what is left,
 * single cells at any offset. Such rows may be remains of what was deleted long ago: the caller takes only
 * what is proven by a checksum and still owed.
 */

import { PAGE_BYTES } from '../schema.ts';
import { readCell, readTreePage, type TreeKind } from './cells.ts';
import type { PageSource } from './page-source.ts';
import { readRecord, type Value } from './record.ts';
import { use } from './walk.ts';

export interface CarvedRow {
  readonly values: readonly Value[];
  readonly number: number;
  /** The page stands in the list of free pages. */
  readonly free: boolean;
}

/** Number of columns, and whether the row was wanted: true when it proves that the page is of its table. */
export interface Wanted {
  readonly kind: TreeKind;
  readonly columns: number;
  take(row: CarvedRow): boolean;
}

const LEAF = { leaf: true } as const;
/** Varints of length and row number before a record's header. */
const LENGTH_BYTES = 4;
const NUMBER_BYTES = 7;

/** Give every row of leaf pages nothing leads to, of each shape that is wanted. Marks the pages understood. */
export function takeStrayPages(source: PageSource, used: Uint8Array, wanted: readonly Wanted[]): void {
  for (let number = 1; number <= source.count; number++) {
    if (used[number] === use.tree || used[number] === use.overflow) continue;
    const page = source.read(number);
    if (page === undefined) continue;
    const free = used[number] === use.free;
    if (takeLeaf(source, page, number === 1, free, used, wanted) && !free) used[number] = use.tree;
  }
}

/** As takeStrayPages, cell by cell, in pages still not understood. Only rows whose first value is null. */
export function takeStrayCells(source: PageSource, used: Uint8Array, wanted: readonly Wanted[]): void {
  for (let number = 1; number <= source.count; number++) {
    if (used[number] === use.tree || used[number] === use.overflow) continue;
    const page = source.read(number);
    if (page !== undefined) takeCells(source, page, used[number] === use.free, wanted);
  }
}

/** As takeStrayCells, in all other pages: rows that were moved leave copies in the free space of sound ones. */
export function takeCopies(source: PageSource, used: Uint8Array, wanted: readonly Wanted[]): void {
  for (let number = 1; number <= source.count; number++) {
    if (used[number] !== use.tree && used[number] !== use.overflow) continue;
    const page = source.read(number);
    if (page !== undefined) takeCells(source, page, true, wanted);
  }
}

/** Both, in an image that belongs to no page for certain. */
export function takeImage(source: PageSource, page: Buffer, wanted: readonly Wanted[]): void {
  takeCells(source, page, false, wanted);
}

/** True when all its cells are rows of one shape. */
function takeLeaf(
  source: PageSource,
  page: Buffer,
  first: boolean,
  free: boolean,
  used: Uint8Array,
  wanted: readonly Wanted[],
): boolean {
  const tree = readTreePage(page, first);
  if (tree?.leaf !== true || tree.lost > 0 || tree.cells.length === 0) return false;
  for (const shape of wanted) {
    if (shape.kind !== tree.kind) continue;
    let taken = 0;
    for (const at of tree.cells) {
      const cell = readCell(source, page, at, tree);
      const values = cell === undefined ? undefined : readRecord(cell.payload, shape.columns);
      if (cell === undefined || values === undefined) break;
      if (!shape.take({ values, number: cell.number, free })) break;
      for (const part of cell.chain) if (used[part] === use.unknown) used[part] = use.overflow;
      taken++;
    }
    if (taken === tree.cells.length) return true;
  }
  return false;
}

function takeCells(source: PageSource, page: Buffer, free: boolean, wanted: readonly Wanted[]): void {
  const shapes = wanted.filter(({ kind }) => kind === 'rows');
  // A row number is stored as null, which is a zero after the header's length: rare in text.
  for (let zero = page.indexOf(0, 3); zero !== -1; zero = page.indexOf(0, zero + 1)) {
    const size = page[zero - 1] ?? 0;
    for (const shape of shapes) {
      if (size <= shape.columns || size > shape.columns * 2 + 4) continue;
      takeCellBefore(source, page, zero - 1, free, shape);
    }
  }
}

/** The cell whose record begins at `header`, whatever the lengths of the two numbers before it are. */
function takeCellBefore(
  source: PageSource,
  page: Buffer,
  header: number,
  free: boolean,
  shape: Wanted,
): void {
  for (let numberBytes = 1; numberBytes <= NUMBER_BYTES; numberBytes++) {
    for (let lengthBytes = 1; lengthBytes <= LENGTH_BYTES; lengthBytes++) {
      const at = header - numberBytes - lengthBytes;
      // Each number ends where the next begins: its last byte, and no other, has no continuation bit.
      if (at < 0 || !endsAt(page, at, lengthBytes) || !endsAt(page, at + lengthBytes, numberBytes)) continue;
      if (at > PAGE_BYTES - 4) continue;
      const cell = readCell(source, page, at, { kind: 'rows', ...LEAF });
      const values = cell === undefined ? undefined : readRecord(cell.payload, shape.columns);
      if (cell !== undefined && values !== undefined) shape.take({ values, number: cell.number, free });
    }
  }
}

function endsAt(page: Buffer, at: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    const continued = (page[at + index] ?? 0) >= 0x80;
    if (continued === (index === length - 1)) return false;
  }
  return true;
}
