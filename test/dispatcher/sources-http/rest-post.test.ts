/** REST with API keys: the JSON alert field by field, IDMEF by key, scopes, channels; refusals name the field and store nothing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { jsonObject } from '../../../src/core/json-object.ts';
import { httpsLimits } from '../../../src/core/limits.ts';
import { alertElement, document, invalidElement } from '../../support/tiny-alerts.ts';
import { sharedWorld } from './shared-world.ts';
import { KEYS, RATE, viewOf, type Answered } from './sources-world.ts';

const shared = sharedWorld();
const ALERTS = '/api/v1/alerts';

async function post(value: unknown, key: string = KEYS.ana, path: string = ALERTS): Promise<Answered> {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return await shared().ask({ path, body, headers });
}

const whole = {
  title: 'Backup failed',
  severity: 'medium',
  completion: 'failed',
  id: 'backup-17',
  time: '2026-11-30T09:59:00+01:00',
  source: { address: '198.51.100.7', user: 'root', process: 'rsync' },
  target: [
    { name: 'db1', port: 5432, protocol: 'tcp' },
    { address: '2001:db8::5', url: 'https://db1/?a=1&b=2' },
  ],
  detail: 'line 1\nline 2 <&>',
  analyzer: 'nightly',
  references: [{ name: 'runbook', url: 'https://wiki/backup' }],
  data: { job: 'nightly', tries: 3, ratio: 0.5, urgent: true },
};

describe('an alert', () => {
  test('of a title alone is stored, 201 with its number', async () => {
    // What proxies say of an address anybody can say: the origin is the connection's.
    const answer = await shared().ask({
      path: ALERTS,
      body: '{"title":"Backup failed"}',
      headers: { key: KEYS.ana, 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' },
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(answer.text), {
      messages: [{ id: '1'.padStart(32, '0'), seq: 1, status: 'stored' }],
    });
    const [message] = shared().door.messages;
    assert.ok(message);
    assert.deepEqual(message.origin, { source: 'rest', address: '127.0.0.1', key: 1, owner: 'ana' });
    assert.equal(message.forced, undefined, 'it goes by the routes');
    assert.equal((await viewOf(message)).classification, 'Backup failed');
  });

  test('with everything stands in IDMEF’s classes', async () => {
    assert.equal((await post(whole)).status, 201);
    const [message] = shared().door.messages;
    assert.ok(message);
    const view = await viewOf(message);
    assert.equal(view.messageid, 'backup-17');
    assert.equal(view.severity, 'medium');
    assert.equal(view.completion, 'failed');
    assert.equal(view.createTime.iso, '2026-11-30T08:59:00Z');
    assert.equal(view.analyzers[0]?.name, 'nightly');
    assert.equal(view.sources[0]?.node?.addresses[0]?.address, '198.51.100.7');
    assert.equal(view.sources[0]?.users[0]?.name, 'root');
    assert.equal(view.sources[0]?.process?.name, 'rsync');
    assert.equal(view.targets[0]?.node?.name, 'db1');
    assert.equal(view.targets[0]?.service?.port, '5432');
    assert.equal(view.targets[1]?.service?.url, 'https://db1/?a=1&b=2');
    assert.equal(view.references[0]?.url, 'https://wiki/backup');
    const data = Object.fromEntries(view.additionalData.map(({ meaning, value }) => [meaning, value]));
    assert.deepEqual(data, { job: 'nightly', tries: 3, ratio: 0.5, urgent: true, body: whole.detail });
  });

  test('posted again with id and time has the same bytes: a duplicate for the store', async () => {
    await post(whole);
    shared().clock.ms += 5_000;
    await post(whole);
    const [first, second] = shared().door.messages;
    assert.ok(first && second && first.body.equals(second.body));
  });

  test('several are one transaction', async () => {
    assert.equal((await post([{ title: 'a' }, { title: 'b' }])).status, 201);
    assert.deepEqual(
      shared().door.accepted.map((batch) => batch.length),
      [2],
    );
  });

  test('hostile text stays text', async () => {
    const title = '</idmef:Alert>&amp;\u0000\u202e]]>';
    await post({ title, detail: '\u0001<!ENTITY x>\ud800', source: { name: 'a"b<c\u0000', user: '&#0;' } });
    const [message] = shared().door.messages;
    assert.ok(message);
    assert.equal((await viewOf(message)).classification, '</idmef:Alert>&amp; ]]>');
  });
});

/** The whole detail about one alert: our words, none of a library's. */
function sentence(words: string): RegExp {
  return new RegExp(`^Alert 1 of 1: ${words.replace(/[.?[\]]/g, '\\$&')}\\.$`);
}

describe('what is no alert is refused and names the field', () => {
  for (const [value, status, detail, reason] of [
    ['{', 400, /not JSON/, 'malformed'],
    ['', 400, /not JSON/, 'malformed'],
    [[], 422, /1 to 1000 alerts/, 'invalid'],
    ...(
      [
        ['"text"', 'the alert must be an object'],
        ['null', 'the alert must be an object'],
        [{}, 'title: is missing'],
        [{ title: 7 }, 'title: must be a text'],
        [{ title: ' ' }, 'title: must not be empty'],
        [{ title: 'x'.repeat(1_001) }, 'title: must have at most 1000 characters'],
        [{ title: 'a', severity: 'urgent' }, 'severity: must be info, low, medium or high'],
        [{ title: 'a', severety: 'high' }, 'severety: there is no such field; did you mean severity?'],
        [{ title: 'a', source: 'db1' }, 'source: must be an object or a list'],
        [
          { title: 'a', source: { address: 'example.org' } },
          'source.address: is no IP address; a name goes into name',
        ],
        [{ title: 'a', source: [{ name: 'b' }, { host: 'c' }] }, 'source[1].host: there is no such field'],
        [{ title: 'a', target: { port: 70_000 } }, 'target.port: must be at most 65535'],
        [{ title: 'a', target: { port: 1.5 } }, 'target.port: must be a whole number'],
        [{ title: 'a', id: 'x' }, 'id: id needs time, or a repeat would not be the same'],
        [
          { title: 'a', time: 'yesterday' },
          'time: must be a time with its zone, such as 2026-03-04T05:06:07Z',
        ],
        [{ title: 'a', data: { x: { y: 1 } } }, 'data.x: must be a text, a number or true or false'],
        [{ title: 'a', data: { x: 'y'.repeat(4_097) } }, 'data.x: must have at most 4096 characters'],
        [{ title: 'a', data: { '': 1 } }, 'data.: must not be empty'],
        [{ title: 'a', channels: [] }, 'channels: must not be empty'],
        [{ title: 'a', references: [{ name: 'b' }] }, 'references[0].url: is missing'],
        [{ title: 'a', constructor: 1 }, 'constructor: there is no such field'],
      ] as const
    ).map(([posted, words]) => [posted, 422, sentence(words), 'invalid'] as const),
    [
      [{ title: 'a' }, { title: 'b', severity: 'urgent' }],
      422,
      /^Alert 2 of 2: severity: must be info, low, medium or high\.$/,
      'invalid',
    ],
    [
      '{"title":"a","__proto__":{"severity":"high"}}',
      422,
      sentence('__proto__: there is no such field'),
      'invalid',
    ],
    [JSON.stringify({ title: 'x'.repeat(httpsLimits.postBytes) }), 413, /bytes/, 'too-large'],
  ] as const) {
    test(`${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 60)}: ${status}`, async () => {
      const answer = await post(value);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.match(String(jsonObject(answer.text)?.['detail']), detail);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], [reason]]);
    });
  }

  test('what unpacks to more than the limit is 413, though little was sent', async () => {
    const body = gzipSync(Buffer.alloc(16 * httpsLimits.postBytes, 0x20));
    const headers = { key: KEYS.ana, 'content-encoding': 'gzip' };
    assert.equal((await shared().ask({ path: ALERTS, headers, body })).status, 413);
    assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['too-large']]);
  });

  test('bytes that are no UTF-8', async () => {
    const headers = { key: KEYS.ana };
    const answer = await shared().ask({
      path: ALERTS,
      headers,
      body: Buffer.from('{"title":"\xff"}', 'latin1'),
    });
    assert.equal(answer.status, 400);
  });
});

describe('keys', () => {
  test('none, wrong or without the scope are 401 with a challenge', async () => {
    for (const key of ['', 'wrong', KEYS.reader]) {
      const answer = await post({ title: 'a' }, key);
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/);
    }
    assert.deepEqual(
      [shared().door.accepted, shared().door.refusals],
      [[], ['no-key', 'unknown-key', 'unknown-key']],
    );
  });

  test('as the password of Basic', async () => {
    const authorization = `Basic ${Buffer.from(`any:${KEYS.ana}`).toString('base64')}`;
    const answer = await shared().ask({ path: ALERTS, body: '{"title":"a"}', headers: { authorization } });
    assert.equal(answer.status, 201);
  });

  test('beyond its rate 429', async () => {
    for (let n = 0; n < RATE; n += 1) await post({ title: 'a' });
    const answer = await post({ title: 'a' });
    assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '3']);
    assert.equal(shared().door.messages.length, RATE);
  });
});

describe('channels', () => {
  for (const [what, key, wanted, forced] of [
    ['named ones', KEYS.ana, ['soc', 'chat', 'soc'], ['soc', 'chat']],
    ['* for all that are enabled', KEYS.ana, ['*'], ['soc', 'chat']],
    ['a key with a list goes to the whole list', KEYS.limited, undefined, ['soc']],
    ['and to what it names of it', KEYS.limited, ['soc'], ['soc']],
  ] as const) {
    test(what, async () => {
      assert.equal(
        (await post({ title: 'a', ...(wanted === undefined ? {} : { channels: wanted }) }, key)).status,
        201,
      );
      assert.deepEqual(shared().door.messages[0]?.forced, forced);
      assert.equal(shared().door.messages[0]?.verbatim, undefined);
    });
  }

  for (const [what, key, wanted, reason] of [
    ['of another user', KEYS.ana, 'mail', 'unknown-channel'],
    ['that does not exist', KEYS.ana, 'none', 'unknown-channel'],
    ['that is disabled', KEYS.ana, 'old', 'disabled-channel'],
    ['past the key’s list', KEYS.limited, 'chat', 'unknown-channel'],
  ] as const) {
    test(`one ${what} refuses the whole post`, async () => {
      const answer = await post([{ title: 'a' }, { title: 'b', channels: [wanted] }], key);
      assert.equal(answer.status, 403);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], [reason]]);
    });
  }
});

describe('IDMEF by key', () => {
  const path = '/api/v1/idmef';
  const headers = { 'content-type': 'text/xml', key: KEYS.ana };

  test('is stored in its bytes', async () => {
    const answer = await shared().ask({
      path,
      headers,
      body: document(alertElement('a'), alertElement('b')),
    });
    assert.equal(answer.status, 201);
    assert.deepEqual(
      shared().door.messages.map(({ body, origin }) => [body.toString(), origin.owner]),
      ['a', 'b'].map((id) => [alertElement(id), 'ana']),
    );
  });

  test('its origin headers are nobody’s word', async () => {
    const said = { ...headers, 'idmef-origin': 'profile=dmz1', 'idmef-sequence': 'J; 1' };
    await shared().ask({ path, headers: said, body: document(alertElement('a')) });
    assert.deepEqual(shared().door.messages[0]?.origin, {
      source: 'rest',
      address: '127.0.0.1',
      key: 1,
      owner: 'ana',
    });
  });

  test('faulty is 400, JSON 415, without a key 401 before the body is read', async () => {
    const body = document(alertElement('a'), invalidElement('b'));
    assert.equal((await shared().ask({ path, headers, body })).status, 400);
    assert.equal((await post('{}', KEYS.ana, path)).status, 415);
    assert.equal((await shared().ask({ path, headers: { 'content-type': 'text/xml' }, body })).status, 401);
    assert.deepEqual(shared().door.accepted, []);
  });
});

test('status is for keys with scope read', async () => {
  const { ask } = shared();
  const answer = await ask({ path: '/api/v1/status', headers: { key: KEYS.reader } });
  assert.deepEqual([answer.status, answer.text], [200, '{"stored":3}\n']);
  assert.equal((await ask({ path: '/api/v1/status', headers: { key: KEYS.ana } })).status, 401);
});
