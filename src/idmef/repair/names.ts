/**
 * Leniencies about names: elements, attributes and keywords that a producer spells its own way.
 *
 * Only spellings whose meaning is beyond doubt are listed; any other unknown name stays an error.
 */

import { lazy } from '../lazy.ts';
import { elements, keywordsOf } from '../schema.ts';
import { attributeOf, removeAttribute, renameElement, setAttribute, trimXml } from '../tree-edit.ts';
import { idmefChildren } from './leniency.ts';
import type { Leniency } from './leniency.ts';

export const correlatedAlert: Leniency = {
  name: 'correlated-alert',
  section: '4.2.2.2',
  accepts: 'CorrelatedAlert',
  writes: 'CorrelationAlert',
  repair(message) {
    const found = idmefChildren(message, 'CorrelatedAlert');
    found.forEach((element) => renameElement(element, 'CorrelationAlert'));
    return found.length > 0;
  },
};

/** Parent → wrong → right. The first two are Prelude's, `AlertIdent` is XML::IDMEF's. */
const misspelt: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Inode: { 'c-minor-devide': 'c-minor-device' },
  SNMPService: { contextEngineId: 'contextEngineID' },
  ToolAlert: { AlertIdent: 'alertident' },
  CorrelationAlert: { AlertIdent: 'alertident' },
};

export const misspeltName: Leniency = {
  name: 'misspelt-name',
  section: '8',
  accepts: 'c-minor-devide, contextEngineId, AlertIdent',
  writes: 'c-minor-device, contextEngineID, alertident',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find(...Object.keys(misspelt))) {
      for (const [wrong, right] of Object.entries(misspelt[element.local] ?? {})) {
        for (const child of idmefChildren(element, wrong)) {
          renameElement(child, right);
          changed = true;
        }
      }
    }
    return changed;
  },
};

export const messageIdent: Leniency = {
  name: 'message-ident',
  section: '4.2.2',
  accepts: 'the drafts’ ident on Alert or Heartbeat, alone or equal to messageid',
  writes: 'messageid',
  repair(message) {
    const ident = attributeOf(message, 'ident');
    const messageid = attributeOf(message, 'messageid');
    if (ident === undefined || (messageid !== undefined && messageid !== ident)) {
      return false;
    }
    removeAttribute(message, 'ident');
    setAttribute(message, 'messageid', ident);
    return true;
  },
};

interface Enumeration {
  readonly element: string;
  readonly attribute: string;
  readonly keywords: readonly string[];
}

const enumerations = lazy((): readonly Enumeration[] =>
  Object.entries(elements).flatMap(([element, { attributes = {} }]) =>
    Object.entries(attributes).flatMap(([attribute, spec]) => {
      const keywords = keywordsOf(spec);
      return keywords === undefined ? [] : [{ element, attribute, keywords }];
    }),
  ),
);

export const enumCase: Leniency = {
  name: 'enum-case',
  section: '3.2.5',
  accepts: 'a keyword in other capitals or with blanks around it, as `High`',
  writes: 'the keyword',
  repair(_message, find) {
    let changed = false;
    for (const { element: name, attribute, keywords } of enumerations()) {
      for (const { element } of find(name)) {
        const value = attributeOf(element, attribute);
        if (value === undefined || keywords.includes(value)) {
          continue;
        }
        const wanted = trimXml(value).toLowerCase();
        const keyword = keywords.find((each) => each.toLowerCase() === wanted);
        if (keyword !== undefined) {
          setAttribute(element, attribute, keyword);
          changed = true;
        }
      }
    }
    return changed;
  },
};

export const emptyKeyword: Leniency = {
  name: 'empty-keyword',
  section: '3.2.5',
  accepts: 'an empty keyword, which nobody has set (Prelude)',
  writes: 'no attribute',
  repair(_message, find) {
    let changed = false;
    for (const { element: name, attribute } of enumerations()) {
      for (const { element } of find(name)) {
        if (attributeOf(element, attribute) === '') {
          removeAttribute(element, attribute);
          changed = true;
        }
      }
    }
    return changed;
  },
};
