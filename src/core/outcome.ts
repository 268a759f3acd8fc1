/**
 * What became of one delivery: the only distinction a queue needs.
 *
 * `ok`: accepted, settle it. `again`: the way is blocked, keep it and retry later. `broken`: the destination
 * is misconfigured or refuses everything; keep all, open the breaker, call the operator. `refused`: this
 * message alone is not wanted; poison only when others are accepted meanwhile (ARCHITECTURE.md: Poller), or at once
 * when it was never sent because the destination cannot hold it (`certain`).
 */
export type Outcome =
  | { readonly kind: 'ok'; readonly changes?: readonly Change[] }
  | {
      readonly kind: 'again';
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly hint?: string;
    }
  | { readonly kind: 'broken'; readonly reason: string; readonly hint?: string }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** Judged by ourselves before sending: no proof is needed. The reason then is a clause of its own. */
      readonly certain?: true;
    };

/** One thing of a message that a destination takes otherwise than it was written. */
export interface Change {
  /** Stable name, from the destination's own list. */
  readonly rule: string;
  /** `Source[2]/Service/port`, below the message. */
  readonly path: string;
  /** One clause for people. */
  readonly text: string;
}

export const OK: Outcome = { kind: 'ok' };
