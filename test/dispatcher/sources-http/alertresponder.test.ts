/** AlertResponder's alerts: attributes by context, the incident's key, times; what is none is refused. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';

import { alertParts } from '../../../src/dispatcher/sources/http/alertresponder.ts';
import { sharedWorld } from './shared-world.ts';
import { KEYS, viewOf, type Answered } from './sources-world.ts';

const shared = sharedWorld();

const alert = {
  name: 'SSH brute force',
  rule: 'ssh-bf',
  key: '198.51.100.7',
  description: '12 failures in 60 s',
  timestamp: { init: 1_764_496_800.5, last: 1_764_496_860 },
  attrs: [
    { type: 'ipaddr', value: '198.51.100.7', key: 'src', context: ['remote', 'subject'] },
    { type: 'ipaddr', value: '10.0.0.5', key: 'dst', context: ['local'] },
    { type: 'username', value: 'root', key: 'user', context: ['object'] },
    { type: 'domain', value: 'evil.example', context: ['remote'] },
    { type: 'url', value: 'http://evil.example/?a=1&b=2', context: ['remote'] },
    { type: 'filehashvalue', value: 'd41d8cd98f', key: 'md5', context: ['file'] },
    { type: 'json', value: { a: 1 }, context: ['additional'] },
  ],
};

async function post(value: unknown): Promise<Answered> {
  return await shared().ask({
    path: '/alertresponder',
    body: JSON.stringify(value),
    headers: { key: KEYS.ana },
  });
}

describe('an alert', () => {
  test('becomes sources, targets and facts', async () => {
    const answer = await post(alert);
    assert.equal(answer.status, 200);
    const [message] = shared().door.messages;
    assert.ok(message);
    const view = await viewOf(message);
    assert.equal(view.classification, 'SSH brute force');
    assert.deepEqual(
      view.sources.map(({ node, service }) => node?.addresses[0]?.address ?? node?.name ?? service?.url),
      ['198.51.100.7', 'evil.example', 'http://evil.example/?a=1&b=2'],
    );
    assert.equal(view.targets[0]?.node?.addresses[0]?.address, '10.0.0.5');
    assert.equal(view.targets[1]?.users[0]?.name, 'root');
    assert.equal(view.createTime.iso, '2025-11-30T10:01:00Z');
    assert.equal(view.detectTime?.iso, '2025-11-30T10:00:00.500000Z');
    const data = Object.fromEntries(view.additionalData.map(({ meaning, value }) => [meaning, value]));
    assert.equal(data['alertresponder.rule'], 'ssh-bf');
    assert.equal(data['alertresponder.filehashvalue md5 (file)'], 'd41d8cd98f');
    assert.equal(data['alertresponder.json (additional)'], '{"a":1}');
    assert.equal(data['body'], '12 failures in 60 s');
  });

  test('one incident for a rule and key, by its own hash', async () => {
    await post([
      alert,
      { ...alert, timestamp: { init: 5, last: 6 }, attrs: [] },
      { ...alert, rule: 'other' },
    ]);
    const keys = shared().door.messages.map(({ lifecycle }) => lifecycle?.key);
    const id = createHash('sha256').update('ana\n198.51.100.7=====ssh-bf').digest('hex').slice(0, 32);
    assert.equal(keys[0], `alertresponder ${id}`);
    assert.equal(keys[1], keys[0]);
    assert.notEqual(keys[2], keys[0]);
  });

  for (const [value, sentence] of [
    [7, 'it is no object'],
    [{}, 'it has neither name nor rule'],
    [{ name: 'a', attrs: {} }, 'attrs is no list'],
    [{ name: 'a', attrs: [1] }, 'one of attrs is no object'],
    [{ name: 'a', attrs: Array.from({ length: 201 }, () => ({})) }, 'it has more than 200 attrs'],
  ] as const) {
    test(`refused: ${sentence}`, async () => {
      assert.equal(alertParts(value, { source: 'alertresponder' }), sentence);
      const answer = await post([alert, value]);
      assert.equal(answer.status, 422);
      assert.ok(answer.text.includes(`Alert 2 of 2: ${sentence}`), answer.text);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['invalid']]);
    });
  }

  test('values of any type are no trouble', async () => {
    const odd = {
      name: 5,
      rule: null,
      key: [],
      timestamp: 'x',
      attrs: [{ type: 7, value: null, context: 'remote' }, { value: undefined }],
    };
    assert.equal((await post(odd)).status, 200);
    const [message] = shared().door.messages;
    assert.ok(message);
    assert.equal((await viewOf(message)).classification, '5');
  });
});
