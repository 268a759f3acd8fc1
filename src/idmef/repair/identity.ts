/**
 * Leniencies about attributes the prose restricts: Reference@meaning (RFC 4765 §4.2.7.1) and idents of an
 * analyzer that gives no analyzerid (§4.2.4.1).
 */

import { attributeOf, removeAttribute } from '../tree-edit.ts';
import { idmefChildren, keepAsAdditionalData, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

export const referenceMeaning: Leniency = {
  name: 'reference-meaning',
  section: '4.2.7.1',
  accepts: 'Reference@meaning with an origin that is neither vendor-specific nor user-specific',
  writes: 'no meaning; it is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('Reference')) {
      const { element } = located;
      const meaning = attributeOf(element, 'meaning');
      const origin = attributeOf(element, 'origin') ?? 'unknown';
      if (meaning === undefined || origin === 'vendor-specific' || origin === 'user-specific') {
        continue;
      }
      removeAttribute(element, 'meaning');
      keepAsAdditionalData(message, 'reference-meaning', `${placeOfLocated(located)}/@meaning`, meaning);
      changed = true;
    }
    return changed;
  },
};

function isGiven(id: string | undefined): id is string {
  return id !== undefined && id !== '0';
}

export const identWithoutAnalyzerid: Leniency = {
  name: 'ident-without-analyzerid',
  section: '4.2.4.1',
  accepts: 'ident attributes in a message whose Analyzer has no analyzerid, so that they identify nothing',
  writes: 'no idents; they are kept, with their places, as one AdditionalData',
  repair(message, find) {
    const [analyzer] = idmefChildren(message, 'Analyzer');
    const analyzerid = analyzer === undefined ? undefined : attributeOf(analyzer, 'analyzerid');
    if (analyzer === undefined || (isGiven(analyzerid) && analyzerid !== '')) {
      return false;
    }
    const idents: string[] = [];
    for (const located of find()) {
      const ident = attributeOf(located.element, 'ident');
      if (isGiven(ident) && located.element !== message) {
        idents.push(`${placeOfLocated(located)}=${ident}`);
        removeAttribute(located.element, 'ident');
      }
    }
    if (idents.length > 0) {
      keepAsAdditionalData(message, 'ident-without-analyzerid', '@ident', idents.join('\n'));
    }
    return idents.length > 0;
  },
};
