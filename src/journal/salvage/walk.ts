/**
 * Walk a b-tree of a damaged file: every row that can be reached, and where rows may be missing.
 *
 * Called by salvage.ts and layout.ts. Nothing is believed that contradicts what stands around it: a row whose key is
 * out of place is given as `misplaced`, and the stretch between its neighbours is reported as a gap. Each page
 * is visited once in a file's life of salvage (`used`), so a pointer that leads astray or in a circle ends there.
 */

import { readBranch, readCell, readTreePage, type Cell, type TreeKind, type TreePage } from './cells.ts';
import type { PageSource } from './page-source.ts';
import { readRecord, type Value } from './record.ts';

export type Key = readonly number[];

/** What a page has turned out to be. */
export const use = { unknown: 0, tree: 1, overflow: 2, free: 3 } as const;

export interface Tree {
  readonly kind: TreeKind;
  readonly root: number | undefined;
  /** Of its records. */
  readonly columns: number;
  /** By page number. Sound pages are marked. */
  readonly used: Uint8Array;
  /** What rows are ordered by, where that is numbers; undefined when the row is none of this tree. */
  key?(values: readonly Value[], number: number): Key | undefined;
}

export interface FoundRow {
  readonly values: readonly Value[];
  /** In a tree of rows. */
  readonly number: number;
  readonly misplaced: boolean;
}

/** Rows may be missing from `after` to `before`, both included; undefined: no bound. */
export interface Gap {
  readonly after: Key | undefined;
  readonly before: Key | undefined;
}

export interface Visitor {
  row(row: FoundRow): void;
  gap(gap: Gap): void;
}

const MAX_DEPTH = 20;

export function walkTree(source: PageSource, tree: Tree, visitor: Visitor): void {
  const walker = new Walker(source, tree, visitor);
  walker.visit(tree.root ?? 0, { after: undefined, before: undefined }, 0);
}

interface Entry {
  readonly cell: Cell;
  readonly values: readonly Value[];
  readonly key: Key | undefined;
}

class Walker {
  readonly #source: PageSource;
  readonly #tree: Tree;
  readonly #visitor: Visitor;

  constructor(source: PageSource, tree: Tree, visitor: Visitor) {
    this.#source = source;
    this.#tree = tree;
    this.#visitor = visitor;
  }

  visit(number: number, bounds: Gap, depth: number): void {
    const { used, kind } = this.#tree;
    const page = used[number] === use.tree || depth > MAX_DEPTH ? undefined : this.#source.read(number);
    const tree = page === undefined ? undefined : readTreePage(page, number === 1);
    if (page === undefined || tree?.kind !== kind) {
      this.#visitor.gap(bounds);
      return;
    }
    const sound = tree.leaf
      ? this.#leaf(page, tree, bounds)
      : this.#branch(page, tree, bounds, depth, number);
    if (sound) used[number] = use.tree;
  }

  /** True when every cell is in order. */
  #leaf(page: Buffer, tree: TreePage, bounds: Gap): boolean {
    const entries = tree.cells.map((at) => this.#entry(page, at, tree));
    const found = entries.filter((entry) => entry !== undefined);
    const ordered = isOrdered(found, bounds);
    for (const entry of found) this.#report(entry, !ordered);
    if (!ordered || tree.lost > 0) this.#visitor.gap(bounds);
    else this.#gapsBetween(entries, bounds);
    return ordered && tree.lost === 0 && found.length === entries.length;
  }

  /** A cell that is none leaves a gap between its neighbours. */
  #gapsBetween(entries: readonly (Entry | undefined)[], bounds: Gap): void {
    for (const [index, entry] of entries.entries()) {
      if (entry !== undefined) continue;
      const after = entries.slice(0, index).findLast((one) => one !== undefined)?.key ?? bounds.after;
      const before = entries.slice(index).find((one) => one !== undefined)?.key ?? bounds.before;
      this.#visitor.gap({ after, before });
    }
  }

  #branch(page: Buffer, tree: TreePage, bounds: Gap, depth: number, number: number): boolean {
    // Before its children, which may lead back here.
    this.#tree.used[number] = use.tree;
    const cells = tree.cells.map((at) =>
      tree.kind === 'rows' ? this.#separator(page, at) : this.#entry(page, at, tree),
    );
    const found = cells.filter((entry) => entry !== undefined);
    const ordered = isOrdered(found, bounds);
    if (!ordered || tree.lost > 0) this.#visitor.gap(bounds);
    let after = bounds.after;
    for (const [index, entry] of cells.entries()) {
      const next = ordered ? cells.slice(index).find((one) => one !== undefined)?.key : undefined;
      const around = { after, before: next ?? bounds.before };
      // The pointer may be right where the row beside it is not.
      this.visit(entry?.cell.child ?? page.readUInt32BE(tree.cells[index] ?? 0), around, depth + 1);
      if (entry === undefined) {
        this.#visitor.gap(around);
        continue;
      }
      if (tree.kind === 'keys') this.#report(entry, !ordered);
      if (ordered) after = entry.key;
    }
    this.visit(tree.right, { after, before: bounds.before }, depth + 1);
    if (ordered && tree.lost === 0 && found.length === cells.length) return true;
    this.#tree.used[number] = use.unknown;
    return false;
  }

  #separator(page: Buffer, at: number): Entry | undefined {
    const cell = readBranch(page, at);
    return cell === undefined ? undefined : { cell, values: [], key: [cell.number] };
  }

  #entry(page: Buffer, at: number, tree: TreePage): Entry | undefined {
    const cell = readCell(this.#source, page, at, tree);
    const values = cell === undefined ? undefined : readRecord(cell.payload, this.#tree.columns);
    if (cell === undefined || values === undefined) return undefined;
    const key = this.#tree.key?.(values, cell.number);
    if (key === undefined && this.#tree.key !== undefined) return undefined;
    for (const part of cell.chain)
      if (this.#tree.used[part] === use.unknown) this.#tree.used[part] = use.overflow;
    return { cell, values, key };
  }

  #report({ cell, values }: Entry, misplaced: boolean): void {
    this.#visitor.row({ values, number: cell.number, misplaced });
  }
}

/** Rising, and within the bounds. Rows without a numeric key are not ordered by anything known here. */
function isOrdered(entries: readonly Entry[], { after, before }: Gap): boolean {
  let last = after;
  for (const { key } of entries) {
    if (key === undefined) continue;
    if (last !== undefined && compareKeys(key, last) <= 0) return false;
    if (before !== undefined && compareKeys(key, before) > 0) return false;
    last = key;
  }
  return true;
}

export function compareKeys(a: Key, b: Key): number {
  for (const [index, part] of a.entries()) {
    const difference = part - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
