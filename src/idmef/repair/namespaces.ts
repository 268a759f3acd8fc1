/**
 * Leniencies about namespaces: the 2004 draft's URI, none at all, and schema-location attributes.
 *
 * RFC 4765 §8 fixes `http://iana.org/idmef`. Run first: every later repair looks only at elements in that
 * namespace. Markup inside an extension keeps the namespace it has, also the empty one.
 */

import { DRAFT_2004_NAMESPACE, RFC_NAMESPACE } from '../envelope.ts';
import { attributeOf, childElements, removeAttribute, setAttribute } from '../tree-edit.ts';
import { escapeAttribute } from '../tree.ts';
import type { TreeElement } from '../tree.ts';
import { isExtension, keepAsAdditionalData, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

const XSI_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';

/** What 2004 messages put straight into AdditionalData is an extension too. */
function isTyped(element: TreeElement): boolean {
  return (
    isExtension(element) ||
    /^(?:boolean|byte|character|date-time|integer|ntpstamp|portlist|real|string|byte-string)$/.test(
      element.local,
    )
  );
}

function holdsExtension(element: TreeElement): boolean {
  return (
    isExtension(element) || (element.local === 'AdditionalData' && attributeOf(element, 'type') === 'xml')
  );
}

export const ns2004: Leniency = {
  name: 'ns-2004',
  section: '8',
  accepts: `the namespace of the July 2004 draft, ${DRAFT_2004_NAMESPACE}`,
  writes: RFC_NAMESPACE,
  repair(message) {
    let changed = false;
    const visit = (element: TreeElement): void => {
      for (const { name, value } of element.attributes) {
        if (value === DRAFT_2004_NAMESPACE && (name === 'xmlns' || name.startsWith('xmlns:'))) {
          setAttribute(element, name, RFC_NAMESPACE);
          changed = true;
        }
      }
      if (element.namespace === DRAFT_2004_NAMESPACE) {
        element.namespace = RFC_NAMESPACE;
      }
      childElements(element).forEach(visit);
    };
    visit(message);
    return changed;
  },
};

/** Keeps what is in no namespace inside an extension there, although the default one now is IDMEF's. */
export function shield(element: TreeElement): void {
  if (attributeOf(element, 'xmlns') !== undefined) {
    return;
  }
  if (element.prefix === '' && element.namespace === '') {
    setAttribute(element, 'xmlns', '');
    return;
  }
  childElements(element).forEach(shield);
}

export const nsNone: Leniency = {
  name: 'ns-none',
  section: '8',
  accepts: 'elements in no namespace',
  writes: `xmlns="${RFC_NAMESPACE}" on the message`,
  repair(message) {
    let changed = false;
    const adopt = (element: TreeElement): void => {
      if (element.namespace === '' && element.prefix === '') {
        if (attributeOf(element, 'xmlns') !== undefined) {
          setAttribute(element, 'xmlns', RFC_NAMESPACE);
        }
        element.namespace = RFC_NAMESPACE;
        changed = true;
      }
      if (element.namespace !== RFC_NAMESPACE) {
        return;
      }
      for (const child of childElements(element)) {
        if (isExtension(element) || (holdsExtension(element) && !isTyped(child))) {
          shield(child);
        } else {
          adopt(child);
        }
      }
    };
    adopt(message);
    if (changed) {
      setAttribute(message, 'xmlns', RFC_NAMESPACE);
    }
    return changed;
  },
};

/** `xsi:schemaLocation`, `xsi:type`, …: attributes whose prefix is bound to the schema-instance namespace. */
export const schemaLocation: Leniency = {
  name: 'schema-location',
  section: '5.2',
  accepts: 'xsi:schemaLocation and other xsi attributes on IDMEF elements',
  writes: 'nothing; the attribute is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find()) {
      const { element, ancestors } = located;
      for (const { name, value } of element.attributes) {
        const colon = name.indexOf(':');
        if (colon <= 0 || name.startsWith('xmlns:') || name.startsWith('xml:')) {
          continue;
        }
        const declaration = `xmlns:${name.slice(0, colon)}`;
        const scope = [...ancestors, element].findLast(
          (each) => attributeOf(each, declaration) !== undefined,
        );
        if (scope !== undefined && attributeOf(scope, declaration) === XSI_NAMESPACE) {
          const place = [placeOfLocated(located), `@${name}`].filter((step) => step !== '').join('/');
          removeAttribute(element, name);
          keepAsAdditionalData(message, 'schema-location', place, `${name}="${escapeAttribute(value)}"`);
          changed = true;
        }
      }
    }
    return changed;
  },
};
