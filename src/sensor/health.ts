/**
 * Whether the sensor does its work, for `GET /healthz`: no reasons is healthy. Pure. Called by monitor-routes.ts.
 *
 * Unhealthy is what loses alerts if nobody comes, or keeps them from flowing. Corrupt files are not: they are set
 * aside for a person, and everything else flows. They are in the metrics and in IDMEF-Status.
 */

import type { SensorSnapshot } from './snapshot.ts';

/** One sentence each: lower case, no full stop. */
export function healthProblems(snapshot: SensorSnapshot): readonly string[] {
  const { journal, disk, status, stopping } = snapshot;
  const problems: string[] = [];
  if (stopping) problems.push('the server is being stopped');
  if (typeof journal === 'string') problems.push(`the journal fails: ${journal}`);
  if (typeof disk === 'string') problems.push(`the disk does not answer: ${disk}`);
  else if (disk?.ok === false) problems.push(`disk reserve reached: ${disk.reason}`);
  if (status.paused !== undefined) problems.push(`spool intake paused: ${status.paused}`);
  if (status.stuck > 0) {
    problems.push(
      `${status.stuck} spool ${status.stuck === 1 ? 'file is' : 'files are'} stuck: cannot be read, moved or removed`,
    );
  }
  return problems;
}
