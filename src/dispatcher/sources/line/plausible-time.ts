/** Times that senders write: believed when they can be true. Called by smtp, syslog and feeds. */

const EARLIEST = Date.UTC(2000, 0, 1);
const AHEAD_MS = 24 * 3_600_000;

/** Wall ms, or undefined for what is no time, before 2000 or more than a day ahead of `now`. */
export function plausibleTime(ms: number, now: number): number | undefined {
  return ms >= EARLIEST && ms <= now + AHEAD_MS ? ms : undefined;
}
