/** What is found out about a message before it is sent: afterwards nobody would tell. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { outgoing } from '../../../src/destinations/prelude/outgoing.ts';
import { ownAnalyzer } from '../../../src/destinations/prelude/own-analyzer.ts';
import { decodeMessage } from '../../../src/idmef/prelude/decode.ts';
import { alertElement } from '../../support/tiny-alerts.ts';

const own = ownAnalyzer('17', { hostname: 'h', ostype: 'Linux', osversion: '6', pid: 1 });
const alert = Buffer.from(alertElement('a', 2000));

describe('a message for a prelude-manager', () => {
  test('is refused for certain when it would reach the limit, and not a byte before', () => {
    const fits = outgoing(alert, own, undefined);
    assert.ok(fits.kind === 'outgoing');
    const { length } = fits.payload;
    assert.equal(outgoing(alert, own, undefined, length + 1).kind, 'outgoing');
    const refused = outgoing(alert, own, undefined, length);
    assert.ok(refused.kind === 'refused' && refused.certain === true);
    assert.match(
      refused.reason,
      new RegExp(`takes ${length} bytes there, and a message must stay below ${length} `),
    );
  });

  test('goes through the queue of its severity', () => {
    const severities = ['info', 'low', 'medium', 'high', undefined].map((severity) => {
      const assessment =
        severity === undefined
          ? ''
          : `<idmef:Assessment><idmef:Impact severity="${severity}"/></idmef:Assessment>`;
      const text = alertElement('a').replace('</idmef:Alert>', `${assessment}</idmef:Alert>`);
      const out = outgoing(Buffer.from(text), own, undefined);
      return out.kind === 'outgoing' ? out.priority : out.reason;
    });
    assert.deepEqual(severities, [1, 1, 2, 3, 0]);
  });

  test('can be read back with our analyzer in front', () => {
    const out = outgoing(alert, own, 'j1:5');
    assert.ok(out.kind === 'outgoing');
    const { analyzer, messageid } = decodeMessage(out.payload)?.fields ?? {};
    assert.equal(messageid, 'a');
    assert.ok(Array.isArray(analyzer));
    assert.deepEqual(
      analyzer.map((one) => (typeof one === 'string' ? one : one.fields['analyzerid'])),
      ['17', 'sensor-1'],
    );
  });
});
