/**
 * What the HTTPS listener has done since it started. One object per listener, made by https-sources.ts; what became of messages is
 * counted by the store. The metric is `idmef_dispatcher_https_<family>_total`.
 */

import { LabelCounts } from '../../../log/label-counts.ts';

/** Family → help. */
const FAMILIES = {
  connections_accepted: 'Connections whose handshake was completed.',
  connections_refused: 'Connections ended by us to protect the others, by reason.',
  handshakes_refused: 'TLS handshakes that failed, and certificates that are not trusted, by reason.',
  requests: 'Requests, by route, method and status; status none: no answer was begun.',
  requests_malformed: 'Requests that were not HTTP, or too large or too slow, by status.',
  origins_ignored: 'Posts with IDMEF-Origin or IDMEF-Sequence by a certificate without role relay.',
} as const;

export class HttpsCounts extends LabelCounts<keyof typeof FAMILIES> {
  constructor() {
    super('idmef_dispatcher_https_', FAMILIES);
  }
}
