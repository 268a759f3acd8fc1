/**
 * The leniency about extensions that Prelude writes as escaped text: `<xml>&lt;a/&gt;</xml>` (RFC 4765 §5.2).
 *
 * libprelude keeps the XML of an AdditionalData as a string and its reports escape it. What is well-formed becomes
 * markup again, in the namespaces it had; what is not is no XML, whatever its type says, and stays the text it is.
 */

import { parseFragment } from '../fragment.ts';
import { attributeOf, childElements, ownText, renameElement, setAttribute } from '../tree-edit.ts';
import { idmefChildren, keepAsAdditionalData, parentOf, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';
import { shield } from './namespaces.ts';

export const adddataXmlText: Leniency = {
  name: 'adddata-xml-text',
  section: '5.2',
  accepts: 'an element `xml` whose markup is escaped (Prelude)',
  writes: 'markup in `xmltext`; in `string` what is not well-formed, and its type as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('xml')) {
      const { element, ancestors } = located;
      const data = parentOf(located);
      const text = ownText(element);
      // Without markup or references it means the same either way: the alias does.
      if (data?.local !== 'AdditionalData' || idmefChildren(data).length !== 1 || !/[<&]/.test(text))
        continue;
      const type = attributeOf(data, 'type') ?? 'xml';
      if (childElements(element).length > 0 || (type !== 'xml' && type !== 'xmltext')) continue;
      const content = parseFragment(text);
      if (content === undefined) {
        renameElement(element, 'string');
        setAttribute(data, 'type', 'string');
        const place = placeOfLocated({ element: data, ancestors: ancestors.slice(0, -1) });
        keepAsAdditionalData(message, 'adddata-xml-text', `${place}/@type`, type);
      } else {
        element.children = content;
        childElements(element).forEach(shield);
        renameElement(element, 'xmltext');
        setAttribute(data, 'type', 'xmltext');
      }
      changed = true;
    }
    return changed;
  },
};
