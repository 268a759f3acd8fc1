/**
 * `expect:`: who should have been heard of by now, and was not.
 *
 * Pure: the analyzers as the store knows them, the expectations, the time. Nobody is judged before this service itself has been
 * up for as long as the expectation allows, because while it was down nobody could be heard.
 */

import type { Expectation } from '../model/config.ts';
import type { AnalyzerRecord } from '../model/store.ts';

export interface Judgement {
  readonly expectation: Expectation;
  readonly overdue: boolean;
  /** Wall ms of the last message or heartbeat; undefined when there never was one. */
  readonly lastAt: number | undefined;
}

/** Sensors are known by the authenticated name of who brought the message, analyzers by what they say of themselves. */
function isOf({ sensor, analyzer }: Expectation, record: AnalyzerRecord): boolean {
  if (sensor === undefined && analyzer === undefined) return false;
  return (
    (sensor === undefined || record.origin === sensor) &&
    (analyzer === undefined || record.analyzer === analyzer)
  );
}

/** `upSince`: wall ms since when this service takes messages. */
export function judgeExpectations(
  expectations: readonly Expectation[],
  records: readonly AnalyzerRecord[],
  now: number,
  upSince: number,
): readonly Judgement[] {
  return expectations.map((expectation) => {
    let lastAt: number | undefined;
    for (const record of records) {
      if (isOf(expectation, record)) lastAt = Math.max(lastAt ?? record.lastAt, record.lastAt);
    }
    const silentMs = now - Math.max(lastAt ?? upSince, upSince);
    return { expectation, overdue: silentMs > expectation.withinMs, lastAt };
  });
}
