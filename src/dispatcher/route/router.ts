/**
 * The router: facts, plans and explanations of messages under one configuration.
 *
 * Made by src/app for each configuration that is loaded; the door asks for the one in force at every batch. A message's tree is
 * made once: `plan` goes on with what `read` has made of the same body, if it comes next.
 */

import { createSubject } from '../../idmef/criteria/create-subject.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { DispatcherConfig } from '../model/config.ts';
import type { RouteInput, Router } from '../model/ports.ts';
import { explainMessage, type RouteExplanation } from './explain.ts';
import { createFactsReader } from './facts.ts';
import { planMessage, type Routing } from './plan-message.ts';
import type { CompiledSilence } from './silences.ts';
import { compileTree } from './tree.ts';
import { ZoneClocks } from './zone-clock.ts';

export interface ExplainingRouter extends Router {
  /** What `plan` does and why, node by node. */
  explain(input: RouteInput): RouteExplanation;
}

/** `silences` is asked at each message. Throws RelayError CONFIG for a group_by or threshold path that is none. */
export function createRouter(
  config: Pick<DispatcherConfig, 'route' | 'recipients'>,
  silences: () => readonly CompiledSilence[],
): ExplainingRouter {
  const routing: Routing = {
    root: compileTree(config.route),
    recipients: new Map(config.recipients.map((recipient) => [recipient.name, recipient])),
    clocks: new ZoneClocks(),
  };
  const readFacts = createFactsReader();
  let last: { readonly body: Buffer; readonly subject: Subject } | undefined;
  const subjectOf = (body: Buffer): Subject => {
    if (last?.body !== body) last = { body, subject: createSubject(body) };
    return last.subject;
  };
  return {
    read: (body) => readFacts(subjectOf(body)),
    plan: (input) => planMessage(routing, silences(), input, subjectOf(input.body)).plan,
    explain: (input) => explainMessage(routing, silences(), input, subjectOf(input.body)),
  };
}
