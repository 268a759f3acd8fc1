/**
 * One alert as a JSON document for programs: facts, neutral view, one line of text. Scripts and files (`jsonl`) get it as it is, syslog
 * (`json`) as much as fits, webhooks with more around it (json.ts).
 *
 * Names are this product's and stable, additions only; times are ISO 8601 in UTC; what a message has not is left out. Everything but
 * `seq`, `received` and `origin` comes from the alert's text and is not to be trusted.
 *
 *     { seq, received, kind, severity, text, urgency, messageid, title, when, completion, confidence, analyzer, node, sources[], targets[],
 *       references[], details[], correlation, verbatim, incident{id,count,state}, origin{source,…} }
 */

import { severityNames } from '../../../core/severity.ts';
import type { SendMessage } from '../../model/sink.ts';
import { compact } from './compact.ts';
import { lineOf } from './line.ts';

export interface AlertDocument {
  readonly seq: number;
  readonly received: string;
  readonly kind: 'alert' | 'heartbeat';
  /** info, low, medium, high or unrated. */
  readonly severity: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

export function alertDocument(message: SendMessage): AlertDocument {
  const { seq, at, facts, origin, view, incident, verbatim } = message;
  return {
    seq,
    received: new Date(at).toISOString(),
    kind: facts.kind,
    severity: severityNames[view.severity] || 'unrated',
    text: lineOf(message),
    ...compact({
      urgency: severityNames[view.urgency],
      messageid: facts.messageid,
      title: view.title,
      when: view.when === undefined ? undefined : new Date(view.when).toISOString(),
      completion: view.completion,
      confidence: view.confidence,
      analyzer: view.analyzer,
      node: view.node,
      sources: view.sources,
      targets: view.targets,
      references: view.references,
      details: view.details,
      correlation: view.correlation,
      verbatim,
      incident,
      origin,
    }),
  };
}
