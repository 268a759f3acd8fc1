/**
 * Schema rows of the core classes: who detected what, from where, against whom, how bad (RFC 4765 §4.2.4;
 * section 6 of the DTD, in its order).
 *
 * The DTD forgets the global attributes on Classification (and on Reference), against §3.1.2.2.
 */

import type { ElementTable } from './spec.ts';

export const coreElements: ElementTable = {
  Analyzer: {
    section: '4.2.4.1',
    content: 'Node?, Process?, Analyzer?',
    attributes: {
      analyzerid: { default: '0' },
      name: {},
      manufacturer: {},
      model: {},
      version: {},
      class: {},
      ostype: {},
      osversion: {},
    },
  },
  Classification: {
    section: '4.2.4.2',
    content: 'Reference*',
    globals: 'none',
    attributes: { ident: { default: '0' }, text: { required: true } },
  },
  Source: {
    section: '4.2.4.3',
    content: 'Node?, User?, Process?, Service?',
    attributes: {
      ident: { default: '0' },
      spoofed: { oneOf: 'yesno', default: 'unknown' },
      interface: {},
    },
  },
  Target: {
    section: '4.2.4.4',
    content: 'Node?, User?, Process?, Service?, File*',
    attributes: {
      ident: { default: '0' },
      decoy: { oneOf: 'yesno', default: 'unknown' },
      interface: {},
    },
  },
  Assessment: { section: '4.2.4.5', content: 'Impact?, Action*, Confidence?' },
};
