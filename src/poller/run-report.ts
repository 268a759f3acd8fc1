/**
 * The words for what a run set aside: for its log and for the alert about it.
 *
 * Called by profile-run.ts, follow.ts and watch-profile.ts, which load it only then.
 */

import { listCounts, type RunCounts } from './run-counts.ts';

/** `2 messages quarantined: E12, child-order (/IDMEF-Message/Alert: …); idmef quarantine list` */
export function quarantineText(profile: string, counts: RunCounts): string {
  const { quarantined, invalid, example } = counts;
  const what = quarantined === 1 ? '1 message' : `${quarantined} messages`;
  const first = example === '' ? '' : ` (first: ${example})`;
  return `${what} quarantined: ${listCounts(invalid)}${first}; see idmef quarantine list --profile ${profile}`;
}

/** `2 messages quarantined that a destination cannot hold (first: gateway https://gw/: …); see idmef quarantine list` */
export function unfitText(profile: string, { unfit, unfitExample }: RunCounts): string {
  const what = unfit === 1 ? '1 message' : `${unfit} messages`;
  return `${what} quarantined that a destination cannot hold (first: ${unfitExample}); see idmef quarantine list --profile ${profile}`;
}
