/** An incident: what belongs together for people. Opened by the first message of its key, extended by each further one, closed by hand, by ntopng's `release`, or by silence longer than its window. */

import type { Severity } from '../../core/severity.ts';

export type IncidentState = 'open' | 'acked' | 'closed';

export interface IncidentChange {
  readonly state?: IncidentState;
  readonly note?: string;
}

export interface Incident {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  readonly state: IncidentState;
  /** Highest of its messages. */
  readonly severity: Severity;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Messages. */
  readonly count: number;
  readonly ackedBy?: string;
  readonly ackedAt?: number;
  readonly closedBy?: string;
  readonly closedAt?: number;
  readonly notes: readonly { readonly at: number; readonly by: string; readonly text: string }[];
}
