/**
 * Turns a valid document into what some producer in the field would have written: the inverse of leniencies.
 *
 * Lenient mode must make each of them valid again, in any combination and in any place where they can occur.
 */

import * as fc from 'fast-check';

import { elementSpec } from '../../src/idmef/schema.ts';
import type { GeneratedElement } from './generator.ts';

/** Changes one element, or gives it back; `pick` decides where there is a choice. */
type Deviation = (element: GeneratedElement, pick: number) => GeneratedElement;

function renamed(from: string, to: string, parent: string): Deviation {
  return (element) =>
    element.name === parent
      ? {
          ...element,
          children: element.children.map((child) => (child.name === from ? { ...child, name: to } : child)),
        }
      : element;
}

function withoutAttribute(element: GeneratedElement, name: string): GeneratedElement {
  const attributes = Object.fromEntries(Object.entries(element.attributes).filter(([key]) => key !== name));
  return { ...element, attributes };
}

function rewritingTimes(rewrite: (text: string) => string): Deviation {
  return (element) =>
    elementSpec(element.name)?.dataType === 'date-time'
      ? { ...element, text: rewrite(element.text) }
      : element;
}

export const deviations = {
  'child-order': (element, pick) => {
    const at = pick % Math.max(element.children.length, 1);
    // Number and name may stand in either order, so what is turned round must not be valid again by chance.
    return { ...element, children: [...element.children.slice(at), ...element.children.slice(0, at)] };
  },
  'missing-ntpstamp': (element) =>
    /^(?:Create|Detect|Analyzer)Time$/.test(element.name) ? withoutAttribute(element, 'ntpstamp') : element,
  'time-attribute': (element) =>
    /^(?:create|modify|access|change)-time$/.test(element.name)
      ? { ...element, attributes: { ...element.attributes, ntpstamp: '0xbc71f4f5.0x00000000' } }
      : element,
  'datetime-variant': rewritingTimes((text) => text.replace('T', ' ')),
  'offset-without-colon': rewritingTimes((text) => text.replace(/([+-]\d\d):(\d\d)$/, ' $1$2')),
  'permission-alias': renamed('Permission', 'permission', 'FileAccess'),
  'correlated-alert': renamed('CorrelationAlert', 'CorrelatedAlert', 'Alert'),
  'misspelt-name': renamed('contextEngineID', 'contextEngineId', 'SNMPService'),
  'adddata-xml-alias': (element, pick) =>
    element.name === 'AdditionalData' && element.attributes['type'] === 'xmltext'
      ? {
          ...renamed('xmltext', 'xml', 'AdditionalData')(element, pick),
          attributes: { ...element.attributes, type: 'xml' },
        }
      : element,
  'adddata-text': (element) =>
    element.name === 'AdditionalData'
      ? { ...element, children: [], text: element.children[0]?.text ?? '' }
      : element,
  'adddata-several': (element) =>
    element.name === 'AdditionalData'
      ? { ...element, children: [...element.children, ...element.children] }
      : element,
  'reference-meaning': (element) =>
    element.name === 'Reference'
      ? { ...element, attributes: { ...element.attributes, origin: 'cve', meaning: 'm' } }
      : element,
  'service-portlist': (element) =>
    element.name === 'Service' && element.children.some(({ name }) => name === 'port')
      ? {
          ...element,
          children: [...element.children, { name: 'portlist', attributes: {}, children: [], text: '1,2' }],
        }
      : element,
  'enum-case': (element) =>
    element.name === 'Impact' && element.attributes['severity'] !== undefined
      ? {
          ...element,
          attributes: { ...element.attributes, severity: element.attributes['severity'].toUpperCase() },
        }
      : element,
  'incomplete-part': (element) =>
    element.name === 'Reference' ? { ...element, children: element.children.slice(0, 1) } : element,
} as const satisfies Record<string, Deviation>;

/** Applies a deviation wherever it can occur. */
export function deviate(element: GeneratedElement, deviation: Deviation, pick: number): GeneratedElement {
  const isMessage = element.name !== 'IDMEF-Message';
  const children = element.children.map((child, index) => deviate(child, deviation, pick + index));
  return isMessage ? deviation({ ...element, children }, pick) : { ...element, children };
}

/** Some of the deviations, in the order of the table. */
export function someDeviations(): fc.Arbitrary<readonly (readonly [Deviation, number])[]> {
  return fc
    .subarray(Object.values(deviations), { minLength: 1, maxLength: 4 })
    .chain((list) => fc.tuple(...list.map((each) => fc.tuple(fc.constant(each), fc.nat(50)))));
}
