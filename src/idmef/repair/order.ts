/**
 * The leniency about the order of children (RFC 4765 §8): many libraries follow the class diagrams, which show
 * Classification right after CreateTime, instead of the DTD.
 *
 * A stable sort: children of one name keep their order, and each takes the white space and comments before it
 * along. An element with a child the model does not know is left alone.
 */

import type { TreeElement, TreeNode } from '../tree.ts';
import { isBlank } from '../tree-edit.ts';
import { fits, ranksOf } from './grammar.ts';
import { isIdmef } from './leniency.ts';
import type { Leniency } from './leniency.ts';

interface Unit {
  /** The element and what stands before it. */
  readonly nodes: TreeNode[];
  readonly name: string;
  readonly rank: number;
}

/** The children of an element as units to sort, and what follows the last; undefined if they cannot be sorted. */
function unitsOf(
  element: TreeElement,
  ranks: ReadonlyMap<string, number>,
): { readonly units: Unit[]; readonly rest: TreeNode[] } | undefined {
  const units: Unit[] = [];
  let nodes: TreeNode[] = [];
  for (const node of element.children) {
    nodes.push(node);
    if (node.kind === 'text' && !isBlank(node.value)) {
      return undefined;
    }
    if (node.kind === 'element') {
      const rank = isIdmef(node) ? ranks.get(node.local) : undefined;
      if (rank === undefined) {
        return undefined;
      }
      units.push({ nodes, name: node.local, rank });
      nodes = [];
    }
  }
  return { units, rest: nodes };
}

function sortChildren(element: TreeElement): boolean {
  const ranks = ranksOf(element.local);
  const parts = ranks === undefined ? undefined : unitsOf(element, ranks);
  if (
    parts === undefined ||
    fits(
      element.local,
      parts.units.map(({ name }) => name),
    )
  ) {
    return false;
  }
  const sorted = parts.units.toSorted((a, b) => a.rank - b.rank);
  if (sorted.every((unit, index) => unit === parts.units[index])) {
    return false;
  }
  element.children = [...sorted.flatMap(({ nodes }) => nodes), ...parts.rest];
  return true;
}

export const childOrder: Leniency = {
  name: 'child-order',
  section: '8',
  accepts: 'the right children in another order than the DTD’s',
  writes: 'the DTD’s order',
  repair(_message, find) {
    return find().reduce((changed, { element }) => sortChildren(element) || changed, false);
  },
};
