/**
 * Which of the drops of a consumer (`ConsumerStats.dropped`) are losses: nobody has decided on these very messages.
 *
 * Called for `IDMEF-Status`, for the reports of a profile and by the status commands, so that all count the same.
 * The other reasons (withdrawn, discarded, suppressed) are somebody's decision.
 */

const LOSSES = ['retention', 'lapsed', 'damaged'] as const;

export function lostOf(dropped: Readonly<Record<string, number>>): number {
  return LOSSES.reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0);
}
