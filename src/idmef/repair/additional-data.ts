/**
 * Leniencies about AdditionalData (RFC 4765 §4.2.4.6, §5.2): the older name of xmltext, the 2004 draft's bare
 * content, several values in one element, a type that was left to its default.
 */

import {
  attributeOf,
  childElements,
  isBlank,
  newElement,
  ownText,
  renameElement,
  replaceChild,
  setAttribute,
} from '../tree-edit.ts';
import { enumerations } from '../schema/enumerations.ts';
import type { TreeElement, TreeNode } from '../tree.ts';
import { idmefChildren, isIdmef, parentOf } from './leniency.ts';
import type { Leniency } from './leniency.ts';

const types: readonly string[] = enumerations.adtype;

function typedChildren(data: TreeElement): TreeElement[] {
  return idmefChildren(data, ...types);
}

function typeOf(data: TreeElement): string {
  return attributeOf(data, 'type') ?? 'string';
}

export const adddataXmlAlias: Leniency = {
  name: 'adddata-xml-alias',
  section: '5.2',
  accepts: 'type `xml` and element `xml` (the RFC’s own examples, Prelude, the 2004 draft)',
  writes: '`xmltext`',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('AdditionalData')) {
      if (attributeOf(element, 'type') === 'xml') {
        setAttribute(element, 'type', 'xmltext');
        changed = true;
      }
      for (const child of idmefChildren(element, 'xml')) {
        renameElement(child, 'xmltext');
        changed = true;
      }
    }
    return changed;
  },
};

export const adddataText: Leniency = {
  name: 'adddata-text',
  section: '4.2.4.6',
  accepts: 'AdditionalData with its value as bare text, or with foreign markup and type xmltext (2004 draft)',
  writes: 'the same content inside the typed element that its type names',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('AdditionalData')) {
      const type = typeOf(element);
      const children = childElements(element);
      const foreign = children.every((child) => !isIdmef(child));
      if (!types.includes(type) || (children.length > 0 && (type !== 'xmltext' || !foreign))) {
        continue;
      }
      const typed = newElement(element, type, {}, element.children);
      element.children = [typed];
      changed = true;
    }
    return changed;
  },
};

/** Misplaced values keep their comments and blanks; a text beside typed children is not understood. */
function hasOnlyTyped(data: TreeElement): boolean {
  return isBlank(ownText(data)) && childElements(data).length === typedChildren(data).length;
}

export const adddataSeveral: Leniency = {
  name: 'adddata-several',
  section: '4.2.4.6',
  accepts: 'several typed elements in one AdditionalData',
  writes: 'one AdditionalData each, with the same attributes',
  repair(_message, find) {
    let changed = false;
    for (const located of find('AdditionalData')) {
      const { element } = located;
      const values = typedChildren(element);
      const parent = parentOf(located);
      if (values.length < 2 || parent === undefined || !hasOnlyTyped(element)) {
        continue;
      }
      const lead = parent.children[parent.children.indexOf(element) - 1];
      const between: TreeNode[] = lead?.kind === 'text' && isBlank(lead.value) ? [lead] : [];
      const misc = element.children.filter((child) => child.kind === 'misc');
      const parts = values.flatMap((value, index): TreeNode[] => {
        const attributes = Object.fromEntries(
          element.attributes.map(({ name, value: text }) => [name, text]),
        );
        const own = newElement(element, 'AdditionalData', { ...attributes, type: value.local }, [
          ...(index === 0 ? misc : []),
          value,
        ]);
        return index === 0 ? [own] : [...between, own];
      });
      replaceChild(parent, element, ...parts);
      changed = true;
    }
    return changed;
  },
};

export const adddataType: Leniency = {
  name: 'adddata-type',
  section: '4.2.4.6',
  accepts:
    'no type attribute beside a typed element other than string; a `string` element beside another type',
  writes: 'the type of the element; the element of the type',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('AdditionalData')) {
      const [value, ...more] = typedChildren(element);
      if (value === undefined || more.length > 0) {
        continue;
      }
      const declared = attributeOf(element, 'type');
      if (declared === undefined && value.local !== 'string') {
        setAttribute(element, 'type', value.local);
        changed = true;
      } else if (
        declared !== undefined &&
        types.includes(declared) &&
        value.local === 'string' &&
        declared !== 'string'
      ) {
        renameElement(value, declared);
        changed = true;
      }
    }
    return changed;
  },
};
