/**
 * DATETIME of RFC 4765 §3.2.6 as an instant: Unix seconds and a fraction in units of 2^-32 s.
 *
 * The reader of datatypes/date-time.ts for texts instead of bytes. Called by the repairs (a missing ntpstamp is
 * derived from the text) and the view. The instant is truncated to the unit, as the RFC's own examples are; a leap
 * second is the second after it, since neither Unix nor NTP counts it.
 */

import { InstantValue, readDateTime } from './datatypes/date-time.ts';

export interface Instant {
  readonly seconds: number;
  readonly fraction: number;
}

/** The instant a DATETIME names; undefined when the text is none. White space around it is not accepted. */
export function instantOf(text: string): Instant | undefined {
  const bytes = Buffer.from(text);
  const value = new InstantValue();
  if (!readDateTime(bytes, 0, bytes.length, value)) {
    return undefined;
  }
  return { seconds: value.seconds, fraction: Math.floor(value.fraction * 2 ** 32) };
}
