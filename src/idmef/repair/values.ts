/**
 * Leniencies about values that Prelude writes its own way: typed AdditionalData as its C library prints it, and
 * numbers that the model does not hold (RFC 4765 §3.2.4, §4.2.4.6, §4.2.6.3).
 */

import {
  attributeOf,
  isBlank,
  ownText,
  removeChild,
  renameElement,
  setAttribute,
  setText,
  trimXml,
} from '../tree-edit.ts';
import { writeTree } from '../tree.ts';
import { idmefChildren, keepAsAdditionalData, parentOf, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

/** Rewrites the trimmed text of elements that `correct` knows better. */
function rewriting(name: string, correct: (text: string) => string | undefined): Leniency['repair'] {
  return (_message, find) => {
    let changed = false;
    for (const { element } of find(name)) {
      const next = correct(trimXml(ownText(element)));
      if (next !== undefined) {
        setText(element, next);
        changed = true;
      }
    }
    return changed;
  };
}

export const byteNumber: Leniency = {
  name: 'byte-number',
  section: '3.2.4',
  accepts: 'a byte written as a number from 0 to 255 (Prelude); no such number is base64',
  writes: 'the octet in base64',
  repair: rewriting('byte', (text) =>
    /^\d{1,3}$/.test(text) && Number(text) <= 255
      ? Buffer.from([Number(text)]).toString('base64')
      : undefined,
  ),
};

export const booleanNumber: Leniency = {
  name: 'boolean-number',
  section: '4.2.4.6',
  accepts: 'a boolean written as 1 or 0 (Prelude)',
  writes: 'true or false',
  repair: rewriting('boolean', (text) => (text === '1' ? 'true' : text === '0' ? 'false' : undefined)),
};

/** Types of which an empty text is no value. */
const valued: readonly string[] = [
  'boolean',
  'byte',
  'character',
  'date-time',
  'integer',
  'ntpstamp',
  'portlist',
  'real',
];

export const adddataEmpty: Leniency = {
  name: 'adddata-empty',
  section: '4.2.4.6',
  accepts: 'AdditionalData without a value, of a type that needs one',
  writes: 'an empty `string`; its type is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find(...valued)) {
      const { element, ancestors } = located;
      const data = parentOf(located);
      const text = ownText(element);
      const empty = element.local === 'character' ? text === '' : isBlank(text);
      if (!empty || data?.local !== 'AdditionalData' || idmefChildren(data).length !== 1) continue;
      const type = element.local;
      renameElement(element, 'string');
      setAttribute(data, 'type', 'string');
      const place = placeOfLocated({ element: data, ancestors: ancestors.slice(0, -1) });
      keepAsAdditionalData(message, 'adddata-empty', `${place}/@type`, type);
      changed = true;
    }
    return changed;
  },
};

const number = /^[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?$/;

/** A number, or what C prints for none, that is no probability. */
function isOutOfRange(text: string): boolean {
  if (/^[+-]?(?:nan|inf|infinity)$/i.test(text)) return true;
  const value = Number(text.replace(',', '.'));
  return number.test(text) && (value < 0 || value > 1);
}

export const confidenceRange: Leniency = {
  name: 'confidence-range',
  section: '4.2.6.3',
  accepts: 'a numeric Confidence whose number is not from 0 to 1',
  writes: 'no Confidence; its XML is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('Confidence')) {
      const { element } = located;
      const isNumeric = (attributeOf(element, 'rating') ?? 'numeric') === 'numeric';
      const parent = parentOf(located);
      if (parent === undefined || !isNumeric || !isOutOfRange(trimXml(ownText(element)))) continue;
      const place = placeOfLocated(located);
      removeChild(parent, element);
      keepAsAdditionalData(message, 'confidence-range', place, writeTree(element));
      changed = true;
    }
    return changed;
  },
};
