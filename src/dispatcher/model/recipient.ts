/**
 * Endpoints and recipients: an endpoint is an account or a transport, a recipient somebody (or something) reached through it.
 *
 * The configuration file and the database give both in the same form; `provenance` says which, and decides what
 * the outbound policy allows.
 */

import type { Criteria } from '../../idmef/criteria/criteria.ts';

/**
 * `machine` gets every message once: never silenced, collapsed, repeated or given up while retention holds it.
 * `people` have silences, windows, thresholds, repeats, digests, give-up and fallback.
 */
export type Audience = 'people' | 'machine';

/** The root-owned file may reach anything; what operators made may not (SSRF). */
export type Provenance = 'file' | 'database';

export interface Endpoint {
  readonly name: string;
  /** Name of a sink type: `telegram`, `smtp`, … */
  readonly type: string;
  /** Checked by the sink type's schema. Secrets are resolved. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly provenance: Provenance;
  /** For HTTP sinks. */
  readonly proxy?: string;
  readonly caFile?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

export interface Recipient {
  readonly name: string;
  readonly endpoint: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly provenance: Provenance;
  readonly audience: Audience;
  readonly enabled: boolean;
  /** User it belongs to: an AlertGateway channel. */
  readonly owner?: string;
  readonly when?: Criteria;
  /** Rank; 0 for all. Unrated alerts count as medium. */
  readonly minSeverity: number;
  /** ntopng: rounds are so far apart; undefined for at once. */
  readonly everyMs?: number;
  /** ntopng: external calls a round. */
  readonly budget?: number;
  /** Messages a call; undefined for the sink type's. */
  readonly batch?: number;
  /** ntopng's `prio`: 0 to 999. */
  readonly priority: number;
  readonly locale: string;
  /** IANA name, for dates. */
  readonly timeZone: string;
  /** Liquid. */
  readonly template?: string;
  readonly fallback?: string;
  readonly fallbackAfterMs?: number;
  /** People: 24 h unless said otherwise; undefined for never. */
  readonly giveUpMs?: number;
  /** Whether posts by key are delivered as written. */
  readonly verbatim: boolean;
}

/**
 * An AlertGateway channel towards people: whoever posts to it by key decides himself what is told and how often. Each post is told alone
 * and as written: no digests, no rounds, one a call, unless its settings say otherwise.
 */
export function isChannel({
  owner,
  verbatim,
  audience,
}: Pick<Recipient, 'verbatim' | 'audience'> & { readonly owner?: string | undefined }): boolean {
  return owner !== undefined && verbatim && audience === 'people';
}
