/**
 * One recipient and one message: whether there is a pair, and what is known beforehand that becomes of it.
 *
 * A recipient's own filter (`when`, `min_severity`) means that the message is not for it: no pair. Windows and silences act on
 * people alone and leave a pair with the reason, as does a recipient that was switched off. What only the store can know
 * (repeats, thresholds, acknowledgements) is left to it, as rules of the pair.
 */

import { type Severity, severityNames } from '../../core/severity.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { MessageFacts } from '../model/message.ts';
import type { PlannedPair, Suppression } from '../model/plan.ts';
import type { RouteInput } from '../model/ports.ts';
import type { Recipient } from '../model/recipient.ts';
import type { Silence } from '../model/records.ts';
import { thresholdKey } from './group.ts';
import { silenceDetail } from './silences.ts';
import type { CompiledNode } from './tree.ts';
import type { ZoneClocks } from './zone-clock.ts';

/** Unrated alerts are treated as medium. */
const UNRATED: Severity = 3;
const HIGH: Severity = 4;

export type Verdict =
  | { readonly kind: 'pair'; readonly pair: PlannedPair }
  /** Not for it, and why. */
  | { readonly kind: 'none'; readonly why: string };

export interface Judged {
  readonly input: RouteInput;
  readonly subject: Subject;
  readonly clocks: ZoneClocks;
  /** Those that hold for the message; asked for only when people are to be told. */
  readonly silences: () => readonly Silence[];
}

/** Rank that counts; 0 for heartbeats. */
export function rankOf({ kind, severity }: MessageFacts): Severity {
  if (kind === 'heartbeat') return 0;
  return severity === 0 ? UNRATED : severity;
}

/** Severity first; the store adds age. */
export function priorityOf(facts: MessageFacts, recipient: Pick<Recipient, 'priority'>): number {
  return rankOf(facts) * 1000 + recipient.priority;
}

/** Why the recipient does not want the message; undefined when it does. */
function unwanted(recipient: Recipient, { input, subject }: Judged): string | undefined {
  const { facts } = input;
  if (facts.kind === 'heartbeat' && recipient.audience === 'people') return 'people get no heartbeats';
  if (facts.kind === 'alert' && rankOf(facts) < recipient.minSeverity) {
    const name = facts.severity === 0 ? 'unrated' : severityNames[facts.severity];
    return `severity ${name} is below ${String(severityNames[recipient.minSeverity] ?? recipient.minSeverity)}`;
  }
  return recipient.when?.matches(subject) === false ? `its own filter: ${recipient.when.text}` : undefined;
}

/** What keeps people from being told. */
function withheld(recipient: Recipient, { node }: CompiledNode, judged: Judged): Suppression | undefined {
  const { input, clocks } = judged;
  if (input.inbound.lifecycle?.action === 'release') {
    return { reason: 'lifecycle', detail: 'it says that the trouble is over' };
  }
  const silence = silencedBy(recipient.name, judged);
  if (silence !== undefined) return { reason: 'silence', detail: silenceDetail(silence) };
  const muted = clocks.within(node.mute, input.at);
  if (muted !== undefined) return { reason: 'window', detail: `${node.path} is mute in ${muted.name}` };
  if (node.active.length > 0 && clocks.within(node.active, input.at) === undefined) {
    const names = node.active.map(({ name }) => name).join(', ');
    return { reason: 'window', detail: `${node.path} is active in ${names} only` };
  }
  return undefined;
}

/** The silence that keeps the message from that recipient. */
export function silencedBy(recipient: string, { silences }: Judged): Silence | undefined {
  return silences().find((silence) => silence.recipient === undefined || silence.recipient === recipient);
}

export function judge(recipient: Recipient, end: CompiledNode, judged: Judged): Verdict {
  const why = unwanted(recipient, judged);
  if (why !== undefined) return { kind: 'none', why };
  const { facts } = judged.input;
  const { name, audience, enabled } = recipient;
  const pair = {
    recipient: name,
    audience,
    route: end.node.path,
    priority: priorityOf(facts, recipient),
    waitMs: 0,
  };
  if (!enabled) return { kind: 'pair', pair: { ...pair, suppress: disabled(name) } };
  if (audience === 'machine') return { kind: 'pair', pair };
  const suppress = withheld(recipient, end, judged);
  return {
    kind: 'pair',
    pair: {
      ...pair,
      waitMs: rankOf(facts) >= HIGH ? 0 : end.node.groupWaitMs,
      ...peopleRules(end, judged.subject),
      ...(suppress === undefined ? {} : { suppress }),
    },
  };
}

export function disabled(name: string): Suppression {
  return { reason: 'disabled', detail: `${name} is switched off` };
}

/** What the store decides by. */
function peopleRules(end: CompiledNode, subject: Subject): Pick<PlannedPair, 'repeat' | 'threshold'> {
  const { repeatMs, repeatMaxMs, threshold } = end.node;
  const repeat = { firstMs: repeatMs, maxMs: Math.max(repeatMs, repeatMaxMs) };
  if (threshold === undefined) return repeatMs > 0 ? { repeat } : {};
  const { seconds, limit, count } = threshold;
  const counter = {
    key: thresholdKey(end, subject),
    seconds,
    ...(limit === undefined ? {} : { limit }),
    ...(count === undefined ? {} : { count }),
  };
  return repeatMs > 0 ? { repeat, threshold: counter } : { threshold: counter };
}
