/**
 * Leniencies about services and nodes: a port list beside a name or port, port lists that are not separated by
 * commas alone, the 2004 draft's SNMP community, and addresses outside a Node (RFC 4765 §4.2.7.2, §4.2.7.5).
 */

import {
  appendChild,
  newElement,
  ownText,
  removeChild,
  replaceChild,
  setText,
  trimXml,
} from '../tree-edit.ts';
import { idmefChildren, keepAsAdditionalData, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

const portlist = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

export const portlistSeparator: Leniency = {
  name: 'portlist-separator',
  section: '3.2.8',
  accepts: 'a port list with blanks between ports, with or without commas',
  writes: 'the same list with commas only',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('portlist')) {
      const text = trimXml(ownText(element));
      // Blanks first shrink to one each, so that no pattern meets a long run of them.
      const next = text
        .replace(/[ \t\r\n]+/g, ' ')
        .replace(/ ?([,-]) ?/g, '$1')
        .replaceAll(' ', ',');
      if (next !== text && portlist.test(next)) {
        setText(element, next);
        changed = true;
      }
    }
    return changed;
  },
};

export const serviceNameUnknown: Leniency = {
  name: 'service-name-unknown',
  section: '4.2.7.5',
  accepts:
    'the name `unknown` beside a portlist; Prelude gives it to a Service that has neither name nor port',
  writes: 'the portlist',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('Service')) {
      const [name, ...more] = idmefChildren(element, 'name', 'port');
      if (name?.local !== 'name' || more.length > 0 || idmefChildren(element, 'portlist').length !== 1)
        continue;
      if (trimXml(ownText(name)) === 'unknown') {
        removeChild(element, name);
        changed = true;
      }
    }
    return changed;
  },
};

export const servicePortlist: Leniency = {
  name: 'service-portlist',
  section: '4.2.7.5',
  accepts: 'Service with a portlist beside its name or port',
  writes: 'name and port; the list is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('Service')) {
      const { element } = located;
      if (idmefChildren(element, 'name', 'port').length === 0) {
        continue;
      }
      for (const list of idmefChildren(element, 'portlist')) {
        const place = placeOfLocated({ element: list, ancestors: [...located.ancestors, element] });
        const text = trimXml(ownText(list));
        removeChild(element, list);
        keepAsAdditionalData(
          message,
          'service-portlist',
          place,
          text,
          portlist.test(text) ? 'portlist' : 'string',
        );
        changed = true;
      }
    }
    return changed;
  },
};

export const snmpCommunity: Leniency = {
  name: 'snmp-community',
  section: '4.2.7.5.2',
  accepts: 'the 2004 draft’s community in SNMPService',
  writes: 'nothing there; it is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('SNMPService')) {
      const { element } = located;
      for (const community of idmefChildren(element, 'community')) {
        const place = placeOfLocated({ element: community, ancestors: [...located.ancestors, element] });
        removeChild(element, community);
        keepAsAdditionalData(message, 'snmp-community', place, ownText(community));
        changed = true;
      }
    }
    return changed;
  },
};

export const addressWithoutNode: Leniency = {
  name: 'address-without-node',
  section: '4.2.7.2',
  accepts: 'Address directly in Source, Target or Analyzer',
  writes: 'the same Address inside the Node, which is made if there is none',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('Source', 'Target', 'Analyzer')) {
      const [first, ...others] = idmefChildren(element, 'Address');
      if (first === undefined) {
        continue;
      }
      const [present] = idmefChildren(element, 'Node');
      const node = present ?? newElement(element, 'Node');
      if (present === undefined) {
        replaceChild(element, first, node);
        node.children.push(first);
      } else {
        removeChild(element, first);
        appendChild(node, first);
      }
      for (const address of others) {
        removeChild(element, address);
        appendChild(node, address);
      }
      changed = true;
    }
    return changed;
  },
};
