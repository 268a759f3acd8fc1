/**
 * A message as the JSON of `webhook` (and of ntopng's `alert_json`): stable, documented here, additions only.
 *
 * `message` is the whole IDMEF message with RFC 4765's names in camel case (src/idmef/message-view.ts); the fields around it
 * are what most receivers want. Times are ISO 8601 in UTC. What a message does not have is left out.
 *
 *     { id, received, kind, severity, urgency, title, when, analyzer, node, sources[], targets[],
 *       references[], correlation, verbatim, incident{id,count,state}, origin{source,…}, message{…} }
 */

import { severityNames } from '../../../core/severity.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import type { SendMessage } from '../../model/sink.ts';
import { compact } from './compact.ts';

/** `id` is the same at every repetition: see documentId in http/notification-facts.ts. */
export function jsonMessage(message: SendMessage, id: string): object {
  const { view, facts, origin, at, verbatim, incident } = message;
  return compact({
    id,
    received: new Date(at).toISOString(),
    kind: facts.kind,
    severity: severityNames[view.severity],
    urgency: severityNames[view.urgency],
    title: view.title,
    when: view.when === undefined ? undefined : new Date(view.when).toISOString(),
    analyzer: view.analyzer,
    node: view.node,
    sources: view.sources,
    targets: view.targets,
    references: view.references,
    correlation: view.correlation,
    verbatim,
    incident,
    origin,
    message: view.message,
  });
}

/** Counts instead of messages, for machines that somebody made `people`. */
export function jsonDigest(digest: DigestFacts): object {
  const severities = Object.entries(digest.severities).map(([rank, count]): [string, number] => [
    severityNames[Number(rank)] || 'unrated',
    count,
  ]);
  return {
    count: digest.count,
    first: new Date(digest.firstAt).toISOString(),
    last: new Date(digest.lastAt).toISOString(),
    severities: Object.fromEntries(severities),
    classifications: digest.classifications,
    sources: digest.sources,
    targets: digest.targets,
    distinct: digest.distinct,
  };
}
