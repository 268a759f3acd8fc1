/**
 * `IDMEF-Status` of a sensor's answer as numbers: `pending=3, oldest=41, stuck=0, corrupt=0, dropped=0, paused=0`
 * (ARCHITECTURE.md: The wire). The only reader of that text.
 *
 * Called by profile-facts.ts, watch-profile.ts and the doctor. The text is the peer's: what is not a number in it
 * counts as not said, unknown members are passed over. RFC 8941's dictionaries look the same, but more is allowed
 * there than a sensor sends.
 */

export interface SensorStatus {
  readonly pending: number;
  /** Age of the oldest message not acknowledged, when it was said. */
  readonly oldestMs: number;
  /** Files of its spool that cannot be read, moved or removed. */
  readonly stuck: number;
  readonly corrupt: number;
  /** Messages lost to retention, lapsed claims or damage since its journal began; undefined when it does not say. */
  readonly dropped: number | undefined;
  /** It takes nothing from its spool: its journal or disk is full, or the spool is gone; undefined when it does not say. */
  readonly paused: boolean | undefined;
}

/** Undefined when there is none, as of an old server. */
export function parseSensorStatus(text: string | undefined): SensorStatus | undefined {
  if (text === undefined) return undefined;
  const numbers = new Map(
    [...text.matchAll(/(?:^|,)\s*([a-z-]+)=(\d{1,15})(?=\s*(?:,|$))/g)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
  const pending = numbers.get('pending');
  if (pending === undefined) return undefined;
  const paused = numbers.get('paused');
  return {
    pending,
    oldestMs: (numbers.get('oldest') ?? 0) * 1000,
    stuck: numbers.get('stuck') ?? 0,
    corrupt: numbers.get('corrupt') ?? 0,
    dropped: numbers.get('dropped'),
    paused: paused === undefined ? undefined : paused > 0,
  };
}
