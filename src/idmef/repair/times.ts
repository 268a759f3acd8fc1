/**
 * Leniencies about times: spellings of DATETIME that can mean only one instant, and NTP stamps that are missing
 * or short (RFC 4765 §3.2.6, §3.2.7, §4.2.5, §6.4).
 *
 * A text is rewritten digit for digit (no time zone is guessed, nothing is rounded); one without a zone stays
 * wrong unless a stamp says the instant. Stamps are derived from the text, texts from the stamp, never from
 * a clock.
 */

import { instantOf } from '../datetime.ts';
import { isoOfSeconds, ntpstampOfSeconds, secondsOfNtpstamp } from '../ntpstamp.ts';
import { lazy } from '../lazy.ts';
import { elements } from '../schema.ts';
import {
  attributeOf,
  isBlank,
  ownText,
  removeAttribute,
  setAttribute,
  setText,
  trimXml,
} from '../tree-edit.ts';
import { keepAsAdditionalData, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

const stampedTimes = ['CreateTime', 'DetectTime', 'AnalyzerTime'] as const;

const datetimeNames = lazy(() =>
  Object.entries(elements)
    .filter(([, { dataType }]) => dataType === 'date-time')
    .map(([name]) => name),
);

/** Longer than any spelling that is understood; what a hostile text may cost. */
const LONGEST = 100;

/** Rewrites every DATETIME text that is wrong and that `correct` can say right, even in part. */
function rewriting(correct: (text: string) => string): Leniency['repair'] {
  return (_message, find) => {
    let changed = false;
    for (const { element } of find(...datetimeNames())) {
      const text = trimXml(ownText(element));
      const next = text.length <= LONGEST && instantOf(text) === undefined ? correct(text) : text;
      if (next !== text) {
        setText(element, next);
        changed = true;
      }
    }
    return changed;
  };
}

export const datetimeVariant: Leniency = {
  name: 'datetime-variant',
  section: '3.2.6',
  accepts: 'a blank, `-T` or `t` between date and time; `z`, `UTC` or `GMT` as zone',
  writes: '`T`; `Z`',
  repair: rewriting((text) =>
    text.replace(
      /^(\d{4}-\d\d-\d\d)(?:[ \t\r\n]+|-T|t|T)(\d\d:\d\d:\d\d(?:[.,]\d+)?)((?:[ \t\r\n]*(?:[zZ]|UTC|GMT))?)/,
      (_whole, date: string, time: string, zone: string) => `${date}T${time}${zone === '' ? '' : 'Z'}`,
    ),
  ),
};

export const offsetWithoutColon: Leniency = {
  name: 'offset-without-colon',
  section: '3.2.6',
  accepts: 'an offset such as `+0200` or `+02`, also after a blank',
  writes: '`+02:00`',
  repair: rewriting((text) =>
    text.replace(
      /^(\S+T[\d:.,]+)[ \t\r\n]*([+-])(\d\d)(?::?(\d\d))?$/,
      (_whole, head: string, sign: string, hours: string, minutes = '00') =>
        `${head}${sign}${hours}:${minutes}`,
    ),
  ),
};

export const offsetSignedMinutes: Leniency = {
  name: 'offset-signed-minutes',
  section: '3.2.6',
  accepts: 'an offset whose minutes carry the sign again, `-03:-30` (Prelude)',
  writes: '`-03:30`',
  repair: rewriting((text) => text.replace(/[+-](\d\d):-(\d\d)$/, '-$1:$2')),
};

export const offsetMinusZero: Leniency = {
  name: 'offset-minus-zero',
  section: '3.2.6',
  accepts: 'the offset `-00:00`',
  writes: '`+00:00`',
  repair: rewriting((text) => text.replace(/-00:00$/, '+00:00')),
};

/** A stamp whose two numbers lack leading zeros, with them; undefined for any other. */
function paddedStamp(text: string): string | undefined {
  const match = /^[ \t]*0[xX]([0-9A-Fa-f]{1,8})\.0[xX]([0-9A-Fa-f]{1,8})[ \t]*$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const next = `0x${match[1]!.padStart(8, '0')}.0x${match[2]!.padStart(8, '0')}`;
  return next === trimXml(text) ? undefined : next;
}

export const shortNtpstamp: Leniency = {
  name: 'short-ntpstamp',
  section: '3.2.7',
  accepts: 'an NTP stamp with fewer than eight digits on a side, or `0X`',
  writes: 'the same numbers with leading zeros',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find(...stampedTimes)) {
      const next = paddedStamp(attributeOf(element, 'ntpstamp') ?? '');
      if (next !== undefined) {
        setAttribute(element, 'ntpstamp', next);
        changed = true;
      }
    }
    for (const { element } of find('ntpstamp')) {
      const next = paddedStamp(ownText(element));
      if (next !== undefined) {
        setText(element, next);
        changed = true;
      }
    }
    return changed;
  },
};

export const datetimeFromNtpstamp: Leniency = {
  name: 'datetime-from-ntpstamp',
  section: '4.2.5',
  accepts: 'a time whose text is empty or unreadable, with a readable ntpstamp (which has precedence anyway)',
  writes: 'the text of the stamp’s instant, in UTC; the old text is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find(...stampedTimes)) {
      const { element } = located;
      const text = ownText(element);
      const stamp = secondsOfNtpstamp(attributeOf(element, 'ntpstamp') ?? '');
      if (stamp === undefined || instantOf(trimXml(text)) !== undefined) {
        continue;
      }
      const place = placeOfLocated(located);
      setText(element, isoOfSeconds(stamp.seconds, stamp.fraction));
      if (!isBlank(text)) {
        keepAsAdditionalData(message, 'datetime-from-ntpstamp', place, text);
      }
      changed = true;
    }
    return changed;
  },
};

export const missingNtpstamp: Leniency = {
  name: 'missing-ntpstamp',
  section: '4.2.5',
  accepts: 'a time without ntpstamp, or with an empty one',
  writes: 'the stamp of the text’s instant',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find(...stampedTimes)) {
      const instant = instantOf(trimXml(ownText(element)));
      if (!isBlank(attributeOf(element, 'ntpstamp') ?? '') || instant === undefined) {
        continue;
      }
      const stamp = ntpstampOfSeconds(instant.seconds, instant.fraction);
      if (stamp !== undefined) {
        setAttribute(element, 'ntpstamp', stamp);
        changed = true;
      }
    }
    return changed;
  },
};

/** Units of 2^-32 s in a millisecond, the coarsest difference that counts as none. */
const MILLISECOND = 2 ** 32 / 1000;

export const timeAttribute: Leniency = {
  name: 'time-attribute',
  section: '4.2.7.6',
  accepts: 'ntpstamp on create-time, modify-time, access-time or change-time',
  writes: 'no attribute; a stamp that says another instant than the text is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('create-time', 'modify-time', 'access-time', 'change-time')) {
      const { element } = located;
      const stamp = attributeOf(element, 'ntpstamp');
      if (stamp === undefined) {
        continue;
      }
      const said = secondsOfNtpstamp(stamp);
      const text = instantOf(trimXml(ownText(element)));
      const agree =
        said !== undefined &&
        text !== undefined &&
        Math.abs((said.seconds - text.seconds) * 2 ** 32 + said.fraction - text.fraction) < MILLISECOND;
      removeAttribute(element, 'ntpstamp');
      if (!agree && !isBlank(stamp)) {
        keepAsAdditionalData(message, 'time-attribute', `${placeOfLocated(located)}/@ntpstamp`, stamp);
      }
      changed = true;
    }
    return changed;
  },
};
