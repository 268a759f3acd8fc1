/** The machine formats: ECS with its types, the JSON of webhooks, ntopng's alerts. Golden documents and what may not be in them. */

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { isObject } from '../../../src/core/json-object.ts';
import { ecsDocument } from '../../../src/dispatcher/sinks/format/ecs.ts';
import { jsonDigest, jsonMessage } from '../../../src/dispatcher/sinks/format/json.ts';
import { ntopngAlert } from '../../../src/dispatcher/sinks/format/ntopng-alert.ts';
import { cefOf } from '../../../src/dispatcher/sinks/own/format/cef.ts';
import { dig } from './dig.ts';
import { hostileText } from '../../support/any-text.ts';
import { alertView, messageView, sendMessage, START } from './make.ts';

describe('ecs', () => {
  test('an alert', () => {
    assert.deepEqual(ecsDocument(sendMessage(1)), {
      '@timestamp': '2026-01-02T03:04:00.000Z',
      ecs: { version: '8.17.0' },
      message: 'Brute force attack: 198.51.100.7 -> 192.0.2.10',
      event: {
        kind: 'alert',
        category: ['intrusion_detection'],
        type: ['info'],
        dataset: 'idmef.alert',
        module: 'idmef',
        provider: 'ids-7',
        id: 'abc-1',
        severity: 4,
        outcome: 'unknown',
        created: '2026-01-02T03:04:00.000Z',
        ingested: '2026-01-02T03:04:05.000Z',
        reason: 'many logins',
      },
      rule: { name: 'Brute force attack', reference: 'https://cve.example/1' },
      vulnerability: { id: ['CVE-2026-0001'] },
      observer: {
        name: 'snort',
        type: 'ids',
        hostname: 'sensor7',
        ip: ['10.0.0.7'],
        vendor: 'Example',
        product: 'Snort',
        version: '3.1',
        serial_number: 'ids-7',
      },
      source: { address: '198.51.100.7', ip: '198.51.100.7', port: 4711 },
      destination: {
        address: '192.0.2.10',
        ip: '192.0.2.10',
        domain: 'www',
        port: 22,
        user: { name: 'root' },
      },
      related: { ip: ['198.51.100.7', '192.0.2.10'], hosts: ['www'], user: ['root'] },
      idmef: {
        messageid: 'abc-1',
        severity: 'high',
        impact: 'many logins',
        impact_type: 'user',
        additional_data: [{ meaning: 'count', type: 'integer', value: '12' }],
        origin: { source: 'idmef', peer: 'DNS:poller' },
      },
    });
  });

  test('a heartbeat', () => {
    const message = sendMessage(1);
    const view = alertView({ title: '', sources: [], targets: [], references: [], heartbeat: true });
    const document = ecsDocument({ ...message, facts: { ...message.facts, kind: 'heartbeat' }, view });
    assert.equal(dig(document, 'event', 'dataset'), 'idmef.heartbeat');
    assert.equal(dig(document, 'event', 'kind'), 'event');
    assert.equal(dig(document, 'message'), 'heartbeat of ids-7');
  });

  test('whatever attackers write, typed fields have their type or are not there, and nothing is empty', () => {
    const almost = fc.constantFrom('22', '65536', '198.51.100.7', '256.1.1.1', '::1', '::g', 'CVE-2026-1');
    const text = fc.oneof(hostileText(), almost);
    const party = fc.record({ address: text, name: text, port: text, user: text, process: text, file: text });
    fc.assert(
      fc.property(fc.array(party), fc.array(party), text, (sources, targets, title) => {
        const document = ecsDocument(sendMessage(1, { view: alertView({ sources, targets, title }) }));
        for (const side of ['source', 'destination']) {
          const ip = dig(document, side, 'ip');
          assert.ok(ip === undefined || (typeof ip === 'string' && isIP(ip) !== 0));
          const port = dig(document, side, 'port');
          assert.ok(port === undefined || (typeof port === 'number' && port >= 0 && port <= 65_535));
        }
        const walk = (value: unknown): void => {
          assert.ok(value !== undefined && value !== null && value !== '');
          if (Array.isArray(value)) assert.ok(value.length > 0);
          if (isObject(value)) Object.values(value).forEach(walk);
        };
        walk(document);
        JSON.parse(JSON.stringify(document));
      }),
    );
  });

  test('a time of creation in no year of four digits is left out', () => {
    const createTime = { iso: '+010000-01-01T11:59:59Z', text: '', ntpstamp: '' };
    const document = ecsDocument(
      sendMessage(1, { view: alertView({ message: messageView({ createTime }) }) }),
    );
    assert.equal(dig(document, 'event', 'created'), undefined);
  });

  test('additional data of one name has one type, whatever the sensors say', () => {
    const additionalData = [
      { meaning: 'x', type: 'integer', value: 1 },
      { meaning: 'x', type: 'string', value: 'one' },
      { meaning: 'x', type: 'boolean', value: true },
    ];
    const document = ecsDocument(
      sendMessage(1, { view: alertView({ message: messageView({ additionalData }) }) }),
    );
    const values = [0, 1, 2].map((at) => dig(document, 'idmef', 'additional_data', at, 'value'));
    assert.deepEqual(values, ['1', 'one', 'true']);
  });
});

describe('json', () => {
  test('the fields receivers may rely on', () => {
    const document = jsonMessage(sendMessage(1, { incident: { id: 4, count: 2, state: 'open' } }), 'the-id');
    assert.deepEqual(Object.keys(document), [
      'id',
      'seq',
      'received',
      'kind',
      'severity',
      'text',
      'urgency',
      'messageid',
      'title',
      'when',
      'analyzer',
      'node',
      'sources',
      'targets',
      'references',
      'details',
      'incident',
      'origin',
      'message',
    ]);
    assert.equal(dig(document, 'received'), '2026-01-02T03:04:05.000Z');
    assert.equal(dig(document, 'message', 'analyzers', 0, 'analyzerid'), 'ids-7');
  });

  test('of one that is not rated it says so', () => {
    const document = jsonMessage(sendMessage(1, { view: alertView({ severity: 0 }) }), 'x');
    assert.equal(dig(document, 'severity'), 'unrated');
  });

  test('a digest', () => {
    const digest = jsonDigest({
      count: 3,
      firstAt: START,
      lastAt: START + 1000,
      severities: { 0: 1, 4: 2 },
      classifications: [{ value: 'scan', count: 3 }],
      sources: [],
      targets: [],
      distinct: { classifications: 1, sources: 0, targets: 0 },
    });
    assert.deepEqual(dig(digest, 'severities'), { unrated: 1, high: 2 });
    assert.equal(dig(digest, 'last'), '2026-01-02T03:04:06.000Z');
  });
});

describe('cef', () => {
  const long = 'a|b\\='.repeat(2_000);

  test('a long title hides neither severity nor addresses, and no escape is cut in two', () => {
    for (const maxBytes of [600, 1_000, 2_048, 8_192]) {
      const line = cefOf(sendMessage(1, { view: alertView({ title: long }), verbatim: long }), maxBytes);
      assert.ok(Buffer.byteLength(line) <= maxBytes, `${Buffer.byteLength(line)} > ${maxBytes}`);
      const head = /^CEF:0(?:\|(?:[^|\\]|\\[|\\])*){5}\|(\d+)\|/.exec(line);
      assert.equal(head?.[1], '9', line);
      assert.match(line, / src=198\.51\.100\.7 .* dst=192\.0\.2\.10 /);
      assert.match(line, /msg=(?:[^\\=]|\\[\\=])*…$/);
    }
  });

  test('a record too short for anything is cut all the same', () => {
    assert.ok(Buffer.byteLength(cefOf(sendMessage(1, { verbatim: long }), 100)) <= 100);
  });
});

describe('ntopng', () => {
  test('severities are its numbers', () => {
    const of = (severity: 0 | 1 | 2 | 3 | 4): unknown => {
      const message = sendMessage(1);
      return ntopngAlert({ ...message, facts: { ...message.facts, severity } }, 'x')['alert_severity'];
    };
    assert.deepEqual(([0, 1, 2, 3, 4] as const).map(of), [4, 2, 3, 4, 5]);
  });

  test('what came from ntopng gets all of its own fields back, and nothing else', () => {
    const additionalData = [
      { meaning: 'ntopng.ifid', type: 'integer', value: 3 },
      { meaning: 'ntopng.alert_type', type: 'string', value: 'flow_flood' },
      { meaning: 'ntopng.__proto__', type: 'string', value: 'x' },
      { meaning: 'ntopng.score', type: 'integer', value: 150 },
      { meaning: 'other', type: 'string', value: 'x' },
    ];
    const alert = ntopngAlert(
      sendMessage(1, { view: alertView({ message: messageView({ additionalData }) }) }),
      'x',
    );
    assert.equal(alert['ifid'], 3);
    assert.equal(alert['alert_type'], 'flow_flood');
    assert.equal(alert['score'], 150);
    assert.equal('other' in alert, false);
    assert.equal(Object.getPrototypeOf(alert), Object.prototype);
  });

  test('a closed incident is a release', () => {
    const alert = ntopngAlert(sendMessage(1, { incident: { id: 1, count: 1, state: 'closed' } }), 'x');
    assert.equal(alert['action'], 'release');
  });
});
