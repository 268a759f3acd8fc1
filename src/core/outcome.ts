/**
 * What became of one delivery: the only distinction a queue needs.
 *
 * `ok`: accepted, settle it. `again`: the way is blocked, keep it and retry later. `broken`: the destination
 * is misconfigured or refuses everything; keep all, open the breaker, call the operator. `refused`: this
 * message alone is not wanted; poison only when others are accepted meanwhile (ARCHITECTURE.md: Poller).
 */
export type Outcome =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'again';
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly hint?: string;
    }
  | { readonly kind: 'broken'; readonly reason: string; readonly hint?: string }
  | { readonly kind: 'refused'; readonly reason: string };

export const OK: Outcome = { kind: 'ok' };
