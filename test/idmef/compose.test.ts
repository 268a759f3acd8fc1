/** Whatever parts an alert is composed of, it is valid and says what they say. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { composeAlert, type PartyParts } from '../../src/idmef/compose.ts';
import { createSubject } from '../../src/idmef/criteria/create-subject.ts';
import { validateElement } from '../../src/idmef/read-document.ts';

/** Controls, halves of characters and whatever else comes from a network. */
const text = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff })), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes));
const party: fc.Arbitrary<PartyParts> = fc.record(
  {
    address: fc.oneof(fc.constant(''), fc.ipV4(), fc.ipV6()),
    nodeName: text,
    user: text,
    process: text,
    port: fc.integer({ min: 1, max: 65_535 }),
    protocol: text,
    serviceName: text,
    url: fc.oneof(fc.constant(''), fc.constant('https://example.org/?a=1&b=<2>')),
  },
  { requiredKeys: [] },
);

test('every combination of parts is valid', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(party, { maxLength: 2 }),
      text.filter((one) => one.trim() !== ''),
      text,
      async (sources, classification, impact) => {
        const body = await composeAlert({
          messageid: 'm1',
          analyzer: { analyzerid: 'a1', name: 'a' },
          createTime: Date.UTC(2026, 0, 2),
          classification,
          impact,
          sources,
          data: [{ meaning: 'detail', type: 'string', value: impact }],
        });
        const verdict = validateElement(body);
        assert.ok(verdict.readable && verdict.valid, `${body.toString()}\n${JSON.stringify(verdict)}`);
        const ports = sources.flatMap(({ port }) => (port === undefined ? [] : [String(port)]));
        assert.deepEqual(createSubject(body).values('alert.source.service.port'), ports);
      },
    ),
    { numRuns: 60 },
  );
});
