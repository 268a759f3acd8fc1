/**
 * The routing tree: which nodes take a message, and who gets it on which node's terms.
 *
 * A message enters at the root. Of a node's children the first that matches takes it, and further ones while `continue` holds. A
 * branch ends at the node none of whose children match; everybody on the way to it gets the message on that node's terms
 * (grouping, waits, windows), less those above a node with `inherit: false`. Who is on several branches gets it once: the
 * deepest branch decides, of equally deep ones the first.
 */

import { RelayError } from '../../core/errors.ts';
import { type ParsedPath, parsePath, type Path } from '../../idmef/criteria/paths.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { RouteNode } from '../model/config.ts';

export interface CompiledNode {
  readonly node: RouteNode;
  readonly depth: number;
  readonly groupPaths: readonly Path[];
  readonly thresholdPaths: readonly Path[];
  readonly routes: readonly CompiledNode[];
}

/** Where a message got to. */
export interface Branch {
  readonly end: CompiledNode;
  readonly recipients: ReadonlySet<string>;
}

export type Visit = 'match' | 'no match' | 'not asked';

/** Told of each node, in the order of the configuration. */
export type Visitor = (node: CompiledNode, visit: Visit) => void;

/** A path of group_by or thresholds: `alert.` may be left out. */
export function parseGroupPath(text: string): ParsedPath {
  const isWhole = /^(?:alert|heartbeat)(?:\.|$)/i.test(text);
  const parsed = parsePath(isWhole ? text : `alert.${text}`);
  if (!parsed.ok) return { ...parsed, offset: Math.max(0, parsed.offset - (isWhole ? 0 : 'alert.'.length)) };
  return parsed.path.leaf === undefined
    ? { ok: false, offset: 0, text: `"${text}" is a class: name a value of it` }
    : parsed;
}

function groupPath(node: RouteNode, text: string): Path {
  const parsed = parseGroupPath(text);
  if (parsed.ok) return parsed.path;
  throw new RelayError('CONFIG', `${node.path}: ${text}: ${parsed.text}`);
}

/** Throws RelayError CONFIG for a path of group_by or threshold that is none. */
export function compileTree(node: RouteNode, depth = 0): CompiledNode {
  return {
    node,
    depth,
    groupPaths: node.groupBy.map((text) => groupPath(node, text)),
    thresholdPaths: (node.threshold?.paths ?? []).map((text) => groupPath(node, text)),
    routes: node.routes.map((child) => compileTree(child, depth + 1)),
  };
}

function skip(node: CompiledNode, visitor: Visitor | undefined): void {
  if (visitor === undefined) return;
  visitor(node, 'not asked');
  for (const child of node.routes) skip(child, visitor);
}

function takes({ node }: CompiledNode, subject: Subject): boolean {
  return node.when === undefined || node.when.matches(subject);
}

interface Walk {
  readonly subject: Subject;
  readonly visitor: Visitor | undefined;
  readonly branches: Branch[];
}

/** Goes down from a node that has taken the message. */
function descend(walk: Walk, at: CompiledNode, above: ReadonlySet<string>): void {
  const { subject, visitor, branches } = walk;
  visitor?.(at, 'match');
  const { to, inherit } = at.node;
  const recipients = new Set(inherit ? [...above, ...to] : to);
  let isTaken = false;
  let isOver = false;
  for (const child of at.routes) {
    if (isOver) {
      skip(child, visitor);
    } else if (takes(child, subject)) {
      isTaken = true;
      isOver = !child.node.continue;
      descend(walk, child, recipients);
    } else {
      visitor?.(child, 'no match');
      for (const below of child.routes) skip(below, visitor);
    }
  }
  if (!isTaken) branches.push({ end: at, recipients });
}

/** The branches a message takes; none when the root does not want it. */
export function branchesOf(root: CompiledNode, subject: Subject, visitor?: Visitor): readonly Branch[] {
  const branches: Branch[] = [];
  if (takes(root, subject)) descend({ subject, visitor, branches }, root, new Set());
  else visitor?.(root, 'no match');
  return branches;
}

/** Each recipient with the branch that decides for it, in the order of the configuration. */
export function assign(branches: readonly Branch[]): ReadonlyMap<string, Branch> {
  const assigned = new Map<string, Branch>();
  for (const branch of branches) {
    for (const recipient of branch.recipients) {
      const other = assigned.get(recipient);
      if (other === undefined || branch.end.depth > other.end.depth) assigned.set(recipient, branch);
    }
  }
  return assigned;
}
