/**
 * Why a message goes where it goes: the plan, and every node of the tree with what it said (`alert-dispatcher route explain`).
 *
 * The same code as for real messages makes the plan; here it is only watched. explain-text.ts puts it into words.
 */

import type { Condition } from '../../idmef/criteria/criteria.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { MessageFacts } from '../model/message.ts';
import type { Plan } from '../model/plan.ts';
import type { RouteInput } from '../model/ports.ts';
import { planMessage, type Planned, type Routing } from './plan-message.ts';
import type { CompiledSilence } from './silences.ts';
import type { CompiledNode, Visit } from './tree.ts';

export interface NodeVisit {
  readonly path: string;
  /** 0 for the root. */
  readonly depth: number;
  /** `not asked`: another node had taken the message, or the one above did not. */
  readonly visit: Visit;
  /** Its criteria; undefined for a node that takes everything. */
  readonly when: string | undefined;
  /** What its conditions said; empty when it was not asked. */
  readonly conditions: readonly Condition[];
  readonly to: readonly string[];
}

export interface RouteExplanation {
  readonly facts: MessageFacts;
  /** Posted to a channel: no node was asked. */
  readonly forced: boolean;
  readonly nodes: readonly NodeVisit[];
  readonly plan: Plan;
  readonly unwanted: Planned['unwanted'];
}

function nodeVisit({ node, depth }: CompiledNode, visit: Visit, subject: Subject): NodeVisit {
  const { path, when, to } = node;
  const conditions = visit === 'not asked' ? [] : (when?.explain?.(subject) ?? []);
  return { path, depth, visit, when: when?.text, conditions, to };
}

export function explainMessage(
  routing: Routing,
  silences: readonly CompiledSilence[],
  input: RouteInput,
  subject: Subject,
): RouteExplanation {
  const nodes: NodeVisit[] = [];
  const { plan, unwanted } = planMessage(routing, silences, input, subject, (node, visit) => {
    nodes.push(nodeVisit(node, visit, subject));
  });
  const forced = input.inbound.forced !== undefined;
  return { facts: input.facts, forced, nodes, plan, unwanted };
}
