/**
 * What the HTTPS side has done since it started. One object per server, made by server.ts; what must survive a restart is
 * counted by the journal instead. The metric is `idmef_relay_<family>_total`.
 */

import { LabelCounts } from '../log/label-counts.ts';

/** Family → help. */
const FAMILIES = {
  connections_accepted: 'Connections whose handshake was completed.',
  connections_refused: 'Connections ended by us to protect the others, by reason.',
  handshakes_refused: 'TLS handshakes that failed, by reason.',
  requests: 'Requests, by path, method and status; status none: no answer was begun.',
  requests_malformed: 'Requests that were not HTTP, or too large or too slow, by status.',
  lease_events: 'Leases by what happened to them; stale: a token that was unknown, over, or of another peer.',
  receipts: 'Answers without a lease that consume, by sign of receipt; none: their messages were due again.',
} as const;

export class Counts extends LabelCounts<keyof typeof FAMILIES> {
  constructor() {
    super('idmef_relay_', FAMILIES);
  }
}
