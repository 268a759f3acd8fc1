/**
 * One alert as a JSON document for programs: facts, neutral view, text. Written to scripts (stdin) and own modules, to files (`jsonl`)
 * and syslog (`json`).
 *
 * Field names are this product's and stable; what a message has not is left out. Everything but `origin`, `seq` and
 * `received` comes from the alert's text and is not to be trusted.
 */

import { severityNames } from '../../../../core/severity.ts';
import type { PartyView } from '../../../model/alert-view.ts';
import type { SendMessage } from '../../../model/sink.ts';
import { lineOf } from './line.ts';

export interface AlertDocument {
  readonly seq: number;
  /** ISO 8601. */
  readonly received: string;
  readonly kind: 'alert' | 'heartbeat';
  readonly severity: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

export function alertDocument(message: SendMessage): AlertDocument {
  const { seq, at, facts, origin, view, incident, verbatim } = message;
  const fields: Record<string, unknown> = {
    messageid: facts.messageid,
    title: view.title,
    urgency: severityNames[view.urgency],
    completion: view.completion,
    confidence: view.confidence,
    when: view.when === undefined ? undefined : new Date(view.when).toISOString(),
    analyzer: view.analyzer,
    node: view.node,
    sources: view.sources.map(party),
    targets: view.targets.map(party),
    references: view.references,
    details: view.details,
    correlation: view.correlation,
    incident,
    origin,
    verbatim,
  };
  return {
    seq,
    received: new Date(at).toISOString(),
    kind: facts.kind,
    severity: severityNames[view.severity] || 'unrated',
    text: lineOf(message),
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))),
  };
}

function party(view: PartyView): object {
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== ''));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
