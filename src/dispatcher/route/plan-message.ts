/**
 * The plan of one message, with what led to it for `route explain`.
 *
 * Pure: the message, the configuration and the silences in, a plan out. Posts to a channel (`forced`) go past the tree and are
 * never suppressed, but for a recipient that is switched off.
 */

import type { Subject } from '../../idmef/criteria/subject.ts';
import type { Plan, PlannedPair } from '../model/plan.ts';
import type { RouteInput } from '../model/ports.ts';
import type { Recipient } from '../model/recipient.ts';
import type { Silence } from '../model/records.ts';
import { type Judgement, planIncidents } from './plan-incidents.ts';
import { type CompiledSilence, silencesOf } from './silences.ts';
import { assign, branchesOf, type CompiledNode, type Visitor } from './tree.ts';
import { disabled, judge, type Judged, priorityOf } from './verdict.ts';
import type { ZoneClocks } from './zone-clock.ts';

export interface Routing {
  readonly root: CompiledNode;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly clocks: ZoneClocks;
}

export interface Planned {
  readonly plan: Plan;
  /** Recipients that the tree led to, but whose own filter did not want the message. */
  readonly unwanted: readonly { readonly recipient: string; readonly route: string; readonly why: string }[];
}

function forcedPair(recipient: Recipient | undefined, name: string, { facts }: RouteInput): PlannedPair {
  const { audience = 'people', enabled = true, priority = 0 } = recipient ?? {};
  const pair = {
    recipient: name,
    audience,
    route: 'forced',
    priority: priorityOf(facts, { priority }),
    waitMs: 0,
  };
  if (recipient === undefined) {
    return { ...pair, suppress: { reason: 'disabled', detail: `there is no recipient ${name} any more` } };
  }
  return enabled ? pair : { ...pair, suppress: disabled(name) };
}

function judgedOf(
  { clocks }: Routing,
  silences: readonly CompiledSilence[],
  input: RouteInput,
  subject: Subject,
): Judged {
  const { at } = input;
  const { origin } = input.inbound;
  let holding: readonly Silence[] | undefined;
  return {
    input,
    subject,
    clocks,
    silences: () => {
      holding ??= silencesOf(silences, { subject, origin, at });
      return holding;
    },
  };
}

/** `visitor` is told of each node of the tree; for a forced message of none. */
export function planMessage(
  routing: Routing,
  silences: readonly CompiledSilence[],
  input: RouteInput,
  subject: Subject,
  visitor?: Visitor,
): Planned {
  const { root, recipients } = routing;
  const { forced } = input.inbound;
  if (forced !== undefined) {
    const pairs = [...new Set(forced)].map((name) => forcedPair(recipients.get(name), name, input));
    return { plan: { incidents: [], pairs }, unwanted: [] };
  }
  const judged = judgedOf(routing, silences, input, subject);
  const judgements: Judgement[] = [];
  for (const [name, branch] of assign(branchesOf(root, subject, visitor))) {
    const recipient = recipients.get(name);
    // The configuration has made sure that there is one.
    if (recipient !== undefined) {
      judgements.push({ recipient, branch, verdict: judge(recipient, branch.end, judged) });
    }
  }
  const incidents = planIncidents(root, judgements, judged, (name) => recipients.get(name)?.enabled === true);
  const pairs: PlannedPair[] = [];
  const unwanted: { recipient: string; route: string; why: string }[] = [];
  for (const { recipient, branch, verdict } of judgements) {
    if (verdict.kind === 'none') {
      unwanted.push({ recipient: recipient.name, route: branch.end.node.path, why: verdict.why });
      continue;
    }
    const incident = recipient.audience === 'people' ? incidents.places.get(branch) : undefined;
    pairs.push(incident === undefined ? verdict.pair : { ...verdict.pair, incident });
  }
  return { plan: { incidents: incidents.list, pairs }, unwanted };
}
