/**
 * `expect:`: who should have been heard of by now, and was not.
 *
 * Pure: an expectation, the analyzers as the store knows them, the time. Silence is measured on the service's own clock (`upMs`), which
 * stands still while the service is down, because then nobody can be heard, goes on after a restart where it was, and is not moved
 * when somebody sets the clock on the wall. Whoever is newly expected has all the time there is from then on.
 */

import type { Expectation } from '../model/config.ts';
import type { AnalyzerRecord } from '../model/store.ts';

/** When somebody was last heard of. */
export interface Hearing {
  /** Of all analyzers meant, as the store counts. */
  readonly messages: number;
  /** When they became so many, on the service's clock. */
  readonly upMs: number;
}

export interface Judgement {
  readonly expectation: Expectation;
  readonly hearing: Hearing;
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

/** `before`: what the last look has found; undefined for somebody newly expected. */
export function judgeExpectation(
  expectation: Expectation,
  records: readonly AnalyzerRecord[],
  before: Hearing | undefined,
  upMs: number,
): Judgement {
  let messages = 0;
  let lastAt: number | undefined;
  for (const record of records) {
    if (!isOf(expectation, record)) continue;
    messages += record.messages;
    lastAt = Math.max(lastAt ?? record.lastAt, record.lastAt);
  }
  // Fewer: retention has forgotten an analyzer.
  const isHeard = before === undefined || messages > before.messages;
  const hearing = { messages, upMs: isHeard ? upMs : before.upMs };
  return { expectation, hearing, overdue: upMs - hearing.upMs > expectation.withinMs, lastAt };
}
