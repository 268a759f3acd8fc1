/**
 * A message as the JSON of `webhook` (and of ntopng's `alert_json`): the document every program gets (alert-document.ts), and around it
 * what a receiver over HTTP needs.
 *
 *     { id, … alert-document.ts …, message{…} }
 *
 * `id` is the same at every repetition (documentId in http/notification-facts.ts), `message` the whole IDMEF message with RFC 4765's
 * names in camel case (src/idmef/message-view.ts).
 */

import { severityNames } from '../../../core/severity.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import type { SendMessage } from '../../model/sink.ts';
import { alertDocument } from './alert-document.ts';
import { compact } from './compact.ts';

export function jsonMessage(message: SendMessage, id: string): object {
  return { id, ...alertDocument(message), message: compact(message.view.message) };
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
