/** ntopng's alerts of both generations: its documented example, webhook, names, severities, parties, lifecycle. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { ntopngAlert } from '../../../src/dispatcher/sources/http/ntopng-alert.ts';
import { ntopngNames, ntopngNamesFaults } from '../../../src/dispatcher/sources/http/ntopng-names.ts';
import type { Inbound } from '../../../src/dispatcher/model/message.ts';
import { wrapText } from '../../../src/dispatcher/sources/wrap-text.ts';
import { sharedWorld } from './shared-world.ts';
import { KEYS, startSources, viewOf, type Answered } from './sources-world.ts';

const shared = sharedWorld();

/** Of the 4.x era. */
const engaged = {
  ifid: 1,
  action: 'engage',
  alert_tstamp: 1_606_730_400,
  alert_tstamp_end: 1_606_730_460,
  alert_type: 46,
  alert_subtype: 'syn_flood_attacker',
  alert_severity: 5,
  alert_entity: 1,
  alert_entity_val: '198.51.100.7@0',
  alert_granularity: 60,
  alert_json: '{"value":256,"threshold":128}',
};

/** Since 5.0. */
const flow = {
  ifid: 2,
  action: 'store',
  tstamp: 1_764_496_800,
  alert_id: 40,
  entity_id: 4,
  entity_val: 'flow',
  score: 150,
  cli_ip: '192.0.2.10',
  cli_port: 50_432,
  srv_ip: '2001:db8::5',
  srv_port: 80,
  srv_name: 'www',
  is_cli_attacker: 1,
  json: '{"info":"GET /?id=1%27"}',
};

async function post(
  value: unknown,
  headers: Readonly<Record<string, string>> = { key: KEYS.ana },
): Promise<Answered> {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return await shared().ask({ path: '/ntopng', body, headers });
}

async function only(): Promise<Inbound> {
  await Promise.resolve();
  const { messages } = shared().door;
  assert.equal(messages.length, 1);
  const [message] = messages;
  assert.ok(message);
  return message;
}

const names = ntopngNames();
const origin = { source: 'ntopng', key: 1, owner: 'ana' };

describe('an alert', () => {
  test('of 4.x: names, severity, source, all fields, life', async () => {
    assert.equal((await post(engaged)).status, 200);
    const message = await only();
    const view = await viewOf(message);
    assert.equal(view.classification, 'TCP SYN flood');
    assert.equal(view.severity, 'high');
    assert.equal(view.sources[0]?.node?.addresses[0]?.address, '198.51.100.7');
    assert.equal(view.createTime.iso, '2020-11-30T10:00:00Z');
    const data = Object.fromEntries(view.additionalData.map(({ meaning, value }) => [meaning, value]));
    for (const [field, value] of Object.entries(engaged)) assert.equal(data[`ntopng.${field}`], value);
    assert.equal(data['entity'], 'Host 198.51.100.7@0');
    assert.equal(message.lifecycle?.action, 'engage');
    assert.deepEqual(message.origin, { source: 'ntopng', address: '127.0.0.1', key: 1, owner: 'ana' });
  });

  test('of 5.0 and later: flow types, score, both ends', async () => {
    await post(flow);
    const view = await viewOf(await only());
    assert.equal(view.classification, 'URL possible SQL injection');
    assert.equal(view.severity, 'high');
    assert.equal(view.sources[0]?.node?.addresses[0]?.address, '192.0.2.10');
    assert.equal(view.sources[0]?.service?.port, '50432');
    assert.equal(view.targets[0]?.node?.addresses[0]?.address, '2001:db8::5');
    assert.equal(view.targets[0]?.node?.name, 'www');
    assert.equal(shared().door.messages[0]?.lifecycle, undefined, 'store has no life');
  });

  test('where the server attacks, it is the source', () => {
    const parts = ntopngAlert({ ...flow, is_cli_attacker: 0, is_srv_attacker: 1 }, names, origin);
    assert.equal(parts.sources?.[0]?.address, '2001:db8::5');
    assert.equal(parts.targets?.[0]?.address, '192.0.2.10');
  });

  test('a victim is a target, a MAC address is one', () => {
    const victim = ntopngAlert({ ...engaged, is_victim: true }, names, origin);
    assert.deepEqual([victim.sources, victim.targets?.[0]?.address], [undefined, '198.51.100.7']);
    const mac = ntopngAlert(
      { ...engaged, alert_entity: 5, alert_entity_val: '00:11:22:33:44:55' },
      names,
      origin,
    );
    assert.equal(mac.sources?.[0]?.addressCategory, 'mac');
  });

  test('engage and release of one thing have one key, of another another', () => {
    const key = (changes: object, owner = 'ana'): string | undefined =>
      ntopngAlert({ ...engaged, ...changes }, names, { ...origin, owner }).lifecycle?.key;
    const opened = key({});
    assert.equal(key({ action: 'release', alert_tstamp: 5, alert_severity: 3, alert_json: '{}' }), opened);
    for (const changes of [
      { ifid: 9 },
      { alert_type: 47 },
      { alert_entity: 2 },
      { alert_entity_val: '198.51.100.8@0' },
      { alert_subtype: 'x' },
    ]) {
      assert.notEqual(key(changes), opened, JSON.stringify(changes));
    }
    assert.notEqual(key({}, 'bob'), opened, 'another sender cannot close it');
  });

  test('sent again it has the same bytes; without a time of its own it is a new one', async () => {
    await post(engaged);
    shared().clock.ms += 5_000;
    await post(engaged);
    const [first, second] = shared().door.messages;
    assert.ok(first && second && first.body.equals(second.body));
    const timeless = ntopngAlert({ ...engaged, alert_tstamp: undefined }, names, origin);
    assert.equal(timeless.messageid, undefined);
  });

  for (const [severity, score, expected] of [
    [0, undefined, 'info'],
    [1, undefined, 'info'],
    [2, undefined, 'info'],
    [3, undefined, 'low'],
    [4, undefined, 'medium'],
    [5, undefined, 'high'],
    [6, undefined, 'high'],
    [8, undefined, 'high'],
    ['4', undefined, 'medium'],
    [99, undefined, undefined],
    [undefined, 5, 'info'],
    [undefined, 10, 'low'],
    [undefined, 50, 'medium'],
    [undefined, 100, 'high'],
    [undefined, undefined, undefined],
  ] as const) {
    test(`severity ${severity ?? '-'}, score ${score ?? '-'}: ${expected ?? 'unrated'}`, () => {
      const parts = ntopngAlert({ ...engaged, alert_severity: severity, score }, names, origin);
      assert.equal(parts.severity, expected);
    });
  }

  test('numbers nobody knows stay numbers; a site’s names come first', () => {
    assert.equal(ntopngAlert({ alert_type: 999, alert_entity: 77 }, names, origin).title, 'ntopng alert 999');
    const site = ntopngNames({
      types: { '999': 'reactor_leak', '46': 'our_flood' },
      severities: { '9': 'high' },
    });
    assert.equal(ntopngAlert({ alert_type: 999 }, site, origin).title, 'Reactor leak');
    assert.equal(ntopngAlert({ alert_type: 46, alert_severity: 9 }, site, origin).severity, 'high');
    assert.equal(
      ntopngAlert({ alert_id: 4 + 4096, entity_id: 1 }, names, origin).title,
      'Gateway unreachable',
    );
    assert.equal(ntopngAlert({ alert_id: 26, entity_id: 1 }, names, origin).title, 'Traffic volume');
    assert.equal(ntopngAlert({}, names, origin).title, 'ntopng alert');
  });

  test('a table of names that is none is a fault of the configuration', () => {
    const faults = ntopngNamesFaults({ colours: { '1': 'red' }, types: { one: 'red', '2': 'blue' } });
    assert.deepEqual(
      faults.map(({ path, text }) => [path.slice(3).join('.'), text]),
      [
        ['colours', 'is no table: there are types, flows, hosts, entities, severities'],
        ['types.one', 'must be a number of ntopng'],
      ],
    );
  });

  test('more fields than facts, or longer ones, are whole in the body', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, n]));
    await post({ ...engaged, ...many });
    const view = await viewOf(await only());
    const body = view.additionalData.find(({ meaning }) => meaning === 'body')?.value;
    assert.deepEqual(JSON.parse(String(body)), { ...engaged, ...many });
  });

  test('whatever it holds, the result is valid', async () => {
    const wrap = {
      clock: { now: () => 0 },
      random: { bytes: (count: number) => new Uint8Array(count) },
      hostname: 'h',
    };
    const field = fc.constantFrom(
      ...Object.keys({ ...engaged, ...flow, is_srv_attacker: 1, ifname: 1, name: 1, ip: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, fc.jsonValue(), { maxKeys: 12 }), async (alert) => {
        const inbound = await wrapText(ntopngAlert(alert, names, origin), wrap);
        await viewOf(inbound);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the webhook', () => {
  // Can be read; writing it again would exceed the stack.
  const endless = '['.repeat(100_000) + ']'.repeat(100_000);
  const hook = (alerts: unknown, secret?: string) => ({
    version: '0.2',
    ...(secret === undefined ? {} : { sharedsecret: secret }),
    alerts,
  });

  test('alerts are stored whole, in order', async () => {
    assert.equal((await post(hook([engaged, JSON.stringify(flow)]))).status, 200);
    const [batch] = shared().door.accepted;
    assert.equal(batch?.length, 2);
  });

  test('the shared secret is the key, and is not stored', async () => {
    assert.equal((await post(hook([{ ...engaged, sharedsecret: KEYS.bob }], KEYS.bob), {})).status, 200);
    const message = await only();
    assert.equal(message.origin.owner, 'bob');
    assert.ok(!message.body.includes(KEYS.bob));
    assert.ok(!JSON.stringify(shared().logger.lines).includes(KEYS.bob));
  });

  test('its test has no alerts: 200 and nothing stored', async () => {
    assert.equal((await post(hook([]))).status, 200);
    assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], []]);
  });

  for (const [what, value, headers, status, reason] of [
    ['a wrong secret', hook([engaged], 'wrong'), {}, 401, 'unknown-key'],
    ['no secret', hook([engaged]), {}, 401, 'no-key'],
    ['no JSON', '{', {}, 400, 'malformed'],
    ['a number for an alert', hook([engaged, 7]), { key: KEYS.ana }, 422, 'invalid'],
    ['an empty alert', hook([engaged, {}]), { key: KEYS.ana }, 422, 'invalid'],
    ['text that is no object', hook(['x']), { key: KEYS.ana }, 422, 'invalid'],
    ['nesting without end', `{"x":${endless}}`, { key: KEYS.ana }, 400, 'malformed'],
    ['nesting without end in a text', hook([`{"x":${endless}}`]), { key: KEYS.ana }, 422, 'invalid'],
    ['too many', hook(Array.from({ length: 1001 }, () => engaged)), { key: KEYS.ana }, 422, 'invalid'],
  ] as const) {
    test(`${what}: ${status}, nothing stored`, async () => {
      assert.equal((await post(value, headers)).status, status);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], [reason]]);
    });
  }

  test('G-NT: what cannot be stored is no 200, so that ntopng keeps it', async () => {
    shared().door.before = async () => await Promise.reject(new Error('no'));
    assert.equal((await post(hook([engaged]))).status, 500);
  });

  test('switched off it is 404', async (t) => {
    const off = await startSources(t, { without: 'ntopng', site: shared() });
    assert.equal((await off.ask({ path: '/ntopng', body: '{}', headers: { key: KEYS.ana } })).status, 404);
  });
});
