/**
 * The incidents a message belongs to: one for each branch of the tree on which people are concerned, each key once.
 *
 * Called by plan-message.ts when all recipients are judged. Machines and heartbeats have none. A `release` always names its
 * own, because whoever was told of its `engage` may have another filter by now. Nobody is woken by escalation for what all
 * people concerned were kept from.
 */

import type { PlannedIncident } from '../model/plan.ts';
import type { Recipient } from '../model/recipient.ts';
import { incidentKey, lifecycleKey } from './group.ts';
import { incidentTitle } from './incident-title.ts';
import type { Branch, CompiledNode } from './tree.ts';
import { type Judged, silencedBy, type Verdict } from './verdict.ts';

/** One recipient, how the message got to it, and what becomes of the pair. */
export interface Judgement {
  readonly recipient: Recipient;
  readonly branch: Branch;
  readonly verdict: Verdict;
}

export interface BranchIncidents {
  readonly list: readonly PlannedIncident[];
  /** Place in `list`. */
  readonly places: ReadonlyMap<Branch, number>;
}

export function planIncidents(
  root: CompiledNode,
  judgements: readonly Judgement[],
  judged: Judged,
  isReachable: (recipient: string) => boolean,
): BranchIncidents {
  const { lifecycle, origin } = judged.input.inbound;
  const title = incidentTitle(judged.input.facts);
  if (lifecycle?.action === 'release') {
    const { windowMs } = root.node;
    const key = lifecycleKey(lifecycle, origin);
    const places = new Map(judgements.map(({ branch }) => [branch, 0]));
    return { list: [{ key, title, windowMs, escalate: [], closes: true }], places };
  }
  const list: PlannedIncident[] = [];
  const places = new Map<Branch, number>();
  for (const [branch, isTold] of concerned(judgements)) {
    const { end } = branch;
    const { windowMs, escalate } = end.node;
    const incident = {
      key: lifecycle === undefined ? incidentKey(end, judged.subject) : lifecycleKey(lifecycle, origin),
      title,
      windowMs,
      escalate: isTold
        ? escalate.filter(({ to }) => isReachable(to) && silencedBy(to, judged) === undefined)
        : [],
    };
    places.set(branch, add(list, incident));
  }
  return { list, places };
}

/** Branches with people on them, and whether any of those is told. */
function concerned(judgements: readonly Judgement[]): ReadonlyMap<Branch, boolean> {
  const branches = new Map<Branch, boolean>();
  for (const { branch, verdict } of judgements) {
    if (verdict.kind === 'none' || verdict.pair.audience === 'machine') continue;
    branches.set(branch, branches.get(branch) === true || verdict.pair.suppress === undefined);
  }
  return branches;
}

/** The place of the incident. What several routes say of one adds up. */
function add(list: PlannedIncident[], incident: PlannedIncident): number {
  const place = list.findIndex(({ key }) => key === incident.key);
  const known = list[place];
  if (known === undefined) return list.push(incident) - 1;
  const further = incident.escalate.filter(({ to }) => !known.escalate.some((other) => other.to === to));
  list[place] = {
    ...known,
    windowMs: Math.max(known.windowMs, incident.windowMs),
    escalate: [...known.escalate, ...further],
  };
  return place;
}
