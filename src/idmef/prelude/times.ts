/**
 * Times between RFC 4765 and Prelude: one binary time with an offset for a text and an NTP stamp.
 *
 * Where text and stamp differ the stamp counts (§4.2.5), by the tolerance of the validator; where the stamp says more
 * digits than the text, it is the time too. The offset is the text's. It is kept as it is even where libprelude prints
 * it wrongly (`-03:-30`): in the field it is right, and our own reader mends the print (../repair/times.ts).
 */

import { InstantValue, readDateTime } from '../datatypes/date-time.ts';
import { NtpStampValue, readNtpStamp, sameInstant, stampLead } from '../datatypes/ntp-stamp.ts';
import { ntpstampOfSeconds } from '../ntpstamp.ts';
import type { CarryRuleName } from './carry-rules.ts';
import type { PreludeTime } from './model.ts';

const MICRO = 1_000_000;
const LAST_SECOND = 0xffff_ffff;
/** Of the text of a DATETIME: where the fraction's point stands, and the length of an offset. */
const POINT = 19;
const OFFSET_LENGTH = 6;

interface TimeReading {
  readonly time: PreludeTime | undefined;
  /** What is to be said, in the order found; the first is why something is kept. */
  readonly rules: readonly CarryRuleName[];
  readonly keepText: boolean;
  readonly keepStamp: boolean;
}

const nothing: TimeReading = { time: undefined, rules: [], keepText: false, keepStamp: false };

interface TextTime extends PreludeTime {
  readonly instant: InstantValue;
  /** Digits other than 0 after the sixth. */
  readonly isCut: boolean;
}

function textTime(text: string): TextTime | undefined {
  const bytes = Buffer.from(text);
  const instant = new InstantValue();
  if (!readDateTime(bytes, 0, bytes.length, instant)) return undefined;
  const zone = text.endsWith('Z') ? 1 : OFFSET_LENGTH;
  const digits = instant.digits === 0 ? '' : text.slice(POINT + 1, -zone);
  return {
    seconds: instant.seconds,
    microseconds: Number(digits.slice(0, 6).padEnd(6, '0')),
    offsetSeconds: zone === 1 ? 0 : offsetOf(text.slice(-OFFSET_LENGTH)),
    instant,
    isCut: digits.length > 6 && /[1-9]/.test(digits.slice(6)),
  };
}

function offsetOf(offset: string): number {
  const seconds = Number(offset.slice(1, 3)) * 3600 + Number(offset.slice(4)) * 60;
  return offset.startsWith('-') ? -seconds : seconds;
}

/** The stamp to the microsecond, so that what is written from it later compares as it does now. */
function stampTime(stamp: string): NtpStampValue | undefined {
  const bytes = Buffer.from(stamp);
  const value = new NtpStampValue();
  if (!readNtpStamp(bytes, 0, bytes.length, value)) return undefined;
  const micro = Math.round(value.fraction * MICRO);
  value.seconds += micro === MICRO ? 1 : 0;
  value.fraction = (micro % MICRO) / MICRO;
  return value;
}

function ofStamp({ seconds, fraction }: NtpStampValue, offsetSeconds: number): PreludeTime {
  return { seconds, microseconds: Math.round(fraction * MICRO), offsetSeconds };
}

/** The time that a trimmed text and a trimmed stamp (undefined for none) amount to. */
export function readTime(text: string, stamp: string | undefined): TimeReading {
  const written = textTime(text);
  const read = stamp === undefined || stamp === '' ? undefined : stampTime(stamp);
  const isBadStamp = stamp !== undefined && stamp !== '' && read === undefined;
  const stamped = read?.isZero === true ? undefined : read;
  const hasText = text !== '';

  let time: PreludeTime;
  const rules: CarryRuleName[] = [];
  let keepText = false;
  if (stamped !== undefined && (written === undefined || !sameInstant(written.instant, stamped))) {
    time = ofStamp(stamped, written?.offsetSeconds ?? 0);
    keepText = hasText;
    if (hasText) rules.push(written === undefined ? 'time-unreadable' : 'time-stamp');
  } else if (written === undefined) {
    if (!hasText && !isBadStamp) return nothing;
    return { time: undefined, rules: ['time-unreadable'], keepText: hasText, keepStamp: isBadStamp };
  } else if (stamped !== undefined && saysMore(written, stamped)) {
    time = ofStamp(stamped, written.offsetSeconds);
  } else {
    const { seconds, microseconds, offsetSeconds } = written;
    time = { seconds, microseconds, offsetSeconds };
    if (isBadStamp) rules.push('time-unreadable');
    if (written.isCut) rules.push('time-fraction');
    if (written.instant.isLeap) rules.push('leap-second');
  }
  if (time.seconds < 0 || time.seconds > LAST_SECOND) {
    return { time: undefined, rules: ['time-range'], keepText: hasText, keepStamp: stamp !== undefined };
  }
  return { time, rules, keepText, keepStamp: isBadStamp };
}

/** The stamp has digits that the text has not. */
function saysMore({ instant }: TextTime, stamp: NtpStampValue): boolean {
  return !instant.isLeap && instant.digits < 6 && Math.abs(stampLead(instant, stamp)) > 1.5 / MICRO;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** DATETIME with as many digits as there are. */
export function timeText({ seconds, microseconds, offsetSeconds }: PreludeTime): string {
  const minutes = Math.trunc(offsetSeconds / 60);
  const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, POINT);
  const fraction = microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0').replace(/0+$/, '')}`;
  const ahead = Math.abs(minutes);
  const zone =
    minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  return `${local}${fraction}${zone}`;
}

/** The NTP stamp of a time; undefined after 2104-02-26T09:42:23Z, where there is none. */
export function timeStamp({ seconds, microseconds }: PreludeTime): string | undefined {
  return ntpstampOfSeconds(seconds, Math.floor((microseconds * 2 ** 32) / MICRO));
}

/** NTPSTAMP of the 64 bits. */
export function stampText(bits: bigint): string {
  const digits = bits.toString(16).padStart(16, '0');
  return `0x${digits.slice(0, 8)}.0x${digits.slice(8)}`;
}
