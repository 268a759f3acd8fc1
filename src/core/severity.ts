/**
 * Severity of a message as the journal stores it: the rank of Alert/Assessment/Impact@severity (RFC 4765
 * §4.2.6.1), 0 where none is given and for heartbeats.
 */

/** 0 none or Heartbeat, 1 info, 2 low, 3 medium, 4 high. */
export type Severity = 0 | 1 | 2 | 3 | 4;

/** Keyword of each rank; '' for 0. */
export const severityNames = ['', 'info', 'low', 'medium', 'high'] as const;

/** Rank of an Impact@severity keyword; 0 for anything else. */
export function severityRank(keyword: string): Severity {
  switch (keyword) {
    case 'info':
      return 1;
    case 'low':
      return 2;
    case 'medium':
      return 3;
    case 'high':
      return 4;
    default:
      return 0;
  }
}
