/**
 * The prose rules of RFC 4765 that concern one element: its attributes, its text, its place. E7 and E6, which
 * concern the whole message, are in idents.ts.
 *
 * Which rule looks at which element is a table of duties, so that the many elements without one cost nothing.
 */

import type { InstantValue } from '../datatypes/date-time.ts';
import { type NtpStampValue, sameInstant, stampLead } from '../datatypes/ntp-stamp.ts';
import { readReal } from '../datatypes/numbers.ts';
import { lazy } from '../lazy.ts';
import { elements } from '../schema.ts';
import { enumerations, registeredFilesystems } from '../schema/enumerations.ts';
import { elementNumber, grammar, NO_SLOT, slotOf, SLOTS } from './grammar.ts';
import { type Finding, quoted } from './problem-list.ts';

/** Duties of the validator beyond the schema. */
export const NO_DUTY = 0;
/** CreateTime, DetectTime, AnalyzerTime: text and stamp agree (E1, E2). */
export const TIME = 1;
/** The text of an Address fits its category. */
export const ADDRESS_TEXT = 2;
export const CONFIDENCE = 3;
export const REFERENCE = 4;
export const USER_ID = 5;
export const FILE = 6;

export interface ProseTables {
  /** 1 for an element whose start tag any rule of prose has to look at. */
  readonly isWatched: Uint8Array;
  /** Duty of each element. */
  readonly duties: Uint8Array;
  /** Slot of the one enumerated attribute that rules ask for, by element; NO_SLOT for none. */
  readonly keywordSlots: Uint8Array;
  /** The keywords of that attribute. */
  readonly keywordWords: readonly (readonly string[])[];
  /** Keyword that an absent attribute stands for; -1 for none. */
  readonly keywordDefaults: Int8Array;
}

export const proseTables: () => ProseTables = lazy(() => {
  const { names, attributes } = grammar();
  const width = names.names.length + 1;
  const duties = new Uint8Array(width);
  const keywordSlots = new Uint8Array(width).fill(NO_SLOT);
  const keywordWords: (readonly string[])[] = Array.from({ length: width }, () => []);
  const keywordDefaults = new Int8Array(width).fill(-1);
  for (const name of ['CreateTime', 'DetectTime', 'AnalyzerTime']) duties[elementNumber(name)] = TIME;
  duties[elementNumber('address')] = ADDRESS_TEXT;
  duties[elementNumber('Confidence')] = CONFIDENCE;
  duties[elementNumber('Reference')] = REFERENCE;
  duties[elementNumber('UserId')] = USER_ID;
  duties[elementNumber('File')] = FILE;
  for (const [name, attribute] of [
    ['Address', 'category'],
    ['Confidence', 'rating'],
    ['Reference', 'origin'],
    ['UserId', 'type'],
    ['AdditionalData', 'type'],
    ['Impact', 'severity'],
  ] as const) {
    const element = elementNumber(name);
    const slot = slotOf(name, attribute);
    const compiled = attributes[element * SLOTS + slot];
    const words = compiled?.keywords?.words ?? [];
    keywordSlots[element] = slot;
    keywordWords[element] = words;
    keywordDefaults[element] = words.indexOf(compiled?.default ?? '');
  }
  const watched = new Set<string>(['Alert', 'Heartbeat', 'Analyzer', ...enumerations.adtype]);
  const isWatched = new Uint8Array(width);
  for (const name of names.names) {
    const element = names.numberOf(name);
    const hasIdent = Object.hasOwn(elements[name]?.attributes ?? {}, 'ident');
    if (
      hasIdent ||
      watched.has(name) ||
      keywordSlots[element] !== NO_SLOT ||
      (duties[element] ?? NO_DUTY) >= REFERENCE
    ) {
      isWatched[element] = 1;
    }
  }
  return { isWatched, duties, keywordSlots, keywordWords, keywordDefaults };
});

/** What a rule found, without its place. */
export type Remark = Pick<Finding, 'rule' | 'section' | 'expected' | 'got' | 'text'>;

/** E1, E2: the stamp that goes with a text. */
export function timeRemark(
  text: InstantValue,
  stamp: NtpStampValue,
  textIsGood: boolean,
): Remark | undefined {
  if (stamp.isZero) {
    return {
      rule: 'E2',
      section: '6.4',
      expected: 'a time',
      got: 'zero',
      text: 'the all-zero ntpstamp means that there is no time',
    };
  }
  if (!textIsGood || sameInstant(text, stamp)) return undefined;
  const lead = stampLead(text, stamp);
  const seconds = `${Math.abs(lead).toFixed(Math.abs(lead) < 10 ? 6 : 0)} s`;
  return {
    rule: 'E1',
    section: '4.2.5',
    expected: 'the same time in text and ntpstamp',
    got: `ntpstamp ${seconds} ${lead > 0 ? 'later' : 'earlier'}`,
    text: 'text and ntpstamp name different times; the ntpstamp counts',
  };
}

/** Address@category does not fit the text of `address`. */
export function addressRemark(category: string, value: string): Remark {
  return {
    rule: 'address-format',
    section: '4.2.7.2.1',
    expected: category,
    got: value === '' ? 'nothing' : quoted(value),
    text: `the address does not look like an ${category}`,
  };
}

/** E14: the text of a Confidence fits its rating. */
export function fitsRating(rating: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (rating !== 'numeric') return rating === '' || start === end;
  const number = readReal(bytes, start, end);
  return number >= 0 && number <= 1;
}

/** What to say when it does not. */
export function confidenceRemark(rating: string, value: string): Remark {
  const isNumeric = rating === 'numeric';
  return {
    rule: isNumeric ? 'E14' : 'confidence-text',
    section: '4.2.6.3',
    expected: isNumeric ? 'a number from 0.0 to 1.0' : 'no text',
    got: value === '' ? 'nothing' : quoted(value),
    text: isNumeric
      ? 'a numeric confidence is a number from 0.0 to 1.0'
      : `a confidence rated ${rating} needs no text`,
  };
}

/** E13: a reference may carry a meaning only with a vendor's or user's origin. */
export function referenceRemark(origin: string): Remark | undefined {
  if (origin === '' || origin === 'vendor-specific' || origin === 'user-specific') return undefined;
  return {
    rule: 'E13',
    section: '4.2.7.1',
    expected: 'origin vendor-specific or user-specific',
    got: origin,
    text: `a reference of origin ${origin} may not have a meaning`,
  };
}

/** E12: the kind of user that file permissions are for. */
export function fileUserRemark(type: string, isGiven: boolean): Remark | undefined {
  if (type === '' || type === 'user-privs' || type === 'group-privs' || type === 'other-privs')
    return undefined;
  return {
    rule: 'E12',
    section: '4.2.7.6.1',
    expected: 'user-privs, group-privs or other-privs',
    got: isGiven ? type : `nothing, which means ${type}`,
    text: 'the UserId of a FileAccess must have type user-privs, group-privs or other-privs',
  };
}

/** File@fstype against the registered list. */
export function filesystemRemark(value: string): Remark | undefined {
  if (value === '' || (registeredFilesystems as readonly string[]).includes(value)) return undefined;
  return {
    rule: 'fstype',
    section: '4.2.7.6',
    expected: registeredFilesystems.join(', '),
    got: quoted(value),
    text: `the filesystem type ${quoted(value)} is not registered`,
  };
}

/** E15: AdditionalData holds what its type says. */
export function additionalDataRemark(type: string, child: string, isGiven: boolean): Remark | undefined {
  if (type === '' || type === child) return undefined;
  return {
    rule: 'E15',
    section: '4.2.4.6',
    expected: isGiven ? `a ${type} element` : `type="${child}"`,
    got: isGiven ? child : 'no type, which means string',
    text: `AdditionalData of type ${type} holds a ${child} element`,
  };
}
