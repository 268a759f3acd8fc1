/**
 * Schema rows of the message level: the root, the two kinds of message, the three special alerts and
 * AdditionalData (RFC 4765 §4.2.1–4.2.4; sections 3 to 5 of the DTD, in its order).
 */

import type { ElementTable } from './spec.ts';

export const messageElements: ElementTable = {
  'IDMEF-Message': {
    section: '4.2.1',
    content: '(Alert | Heartbeat)*',
    globals: 'first',
    attributes: { version: { fixed: '1.0' } },
  },
  Alert: {
    section: '4.2.2',
    content:
      'Analyzer, CreateTime, DetectTime?, AnalyzerTime?, Source*, Target*, Classification, Assessment?, ' +
      '(ToolAlert | OverflowAlert | CorrelationAlert)?, AdditionalData*',
    attributes: { messageid: { default: '0' } },
  },
  Heartbeat: {
    section: '4.2.3',
    content: 'Analyzer, CreateTime, HeartbeatInterval?, AnalyzerTime?, AdditionalData*',
    attributes: { messageid: { default: '0' } },
  },

  CorrelationAlert: { section: '4.2.2.2', content: 'name, alertident+' },
  OverflowAlert: { section: '4.2.2.3', content: 'program, size?, buffer?' },
  ToolAlert: { section: '4.2.2.1', content: 'name, command?, alertident+' },

  AdditionalData: {
    section: '4.2.4.6',
    content:
      '(boolean | byte | character | date-time | integer | ntpstamp | portlist | real | string | ' +
      'byte-string | xmltext)',
    attributes: { type: { oneOf: 'adtype', default: 'string' }, meaning: {} },
  },
};
