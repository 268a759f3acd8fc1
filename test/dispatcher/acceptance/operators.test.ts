/**
 * What AlertGateway's menus and pages did wrong towards its operators, through the whole service and its control socket: secrets shown, keys
 * that never change, a test that does nothing, inputs that are gone after a reboot. reference: seed-systems.md A.1.5, A.1.6, G.
 */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';

import { checkConfiguration } from '../../../src/app/dispatcher/check-configuration.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { fakeProvider, type FakeProvider } from '../sinks/fake-provider.ts';
import { https, startService, type Service } from './service.ts';

const TOKEN = '4711:token-of-the-file';
const OTHER_TOKEN = '4712:token-of-the-database';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

async function start(t: TestContext, chat: FakeProvider, dir = tempDir(t)): Promise<Service> {
  const token = join(dir, 'token');
  writeFileSync(token, TOKEN, { mode: 0o600 });
  const syslog = { listen: '127.0.0.1:0', transport: 'udp', allow_from: '127.0.0.0/8' };
  return await startService(t, {
    pki,
    dir,
    config: {
      sources: { https: https(pki), alertgateway: { rate: 6_000 }, syslog: { udp: syslog } },
      endpoints: { bot: { type: 'telegram', token_file: token, api: chat.base } },
      recipients: { soc: { endpoint: 'bot', chat: '7', owner: 'ana' } },
    },
  });
}

async function provider(t: TestContext): Promise<FakeProvider> {
  const chat = await fakeProvider(t);
  chat.say({ body: { ok: true, result: { message_id: 99 } } });
  return chat;
}

async function say(service: Service, key: string, message: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', key };
  const body = new URLSearchParams({ message }).toString();
  const { status, text } = await service.post({ path: '/sender/sendMessage/soc', headers, body });
  return `${status} ${text.trim()}`;
}

const SUCCESS = '200 {"message":"Success"}';
const UNKNOWN = '400 {"message":"The provided API key is not valid"}';

test('G-AG: keys, password hashes and tokens of providers are shown by no command', async (t) => {
  const service = await start(t, await provider(t));
  const { control } = service;
  const key = await service.key('ana');
  const password = 'correct horse';
  await control.call('users.add', { name: 'bob', password });
  await control.call('endpoints.add', { name: 'mine', value: { type: 'telegram', token: OTHER_TOKEN } });
  await control.call('recipients.add', {
    name: 'mine',
    value: { endpoint: 'mine', chat: '8', owner: 'bob' },
  });
  const shown = JSON.stringify([
    await control.call('users.list', {}),
    await control.call('keys.list', {}),
    await control.call('endpoints.list', {}),
    await control.call('recipients.list', {}),
    await control.call('sources.list', {}),
    await control.call('audit.list', {}),
    await control.call('status', {}),
  ]);
  assert.ok(shown.includes('"bob"') && shown.includes('"mine"'), 'they are listed');
  for (const secret of [key, password, TOKEN, OTHER_TOKEN, 'scrypt$']) {
    assert.ok(!shown.includes(secret), secret);
    assert.ok(!JSON.stringify(service.log.lines).includes(secret), `${secret} in the log`);
  }
});

test('G-AG: keys rotate: the new one opens at once, the old one until its grace ends', async (t) => {
  const service = await start(t, await provider(t));
  const { control } = service;
  const first = await service.key('ana');
  assert.equal(await say(service, first, 'one'), SUCCESS);
  const [record] = await control.call('keys.list', {});
  const second = await control.call('keys.rotate', { id: record?.id ?? 0, graceMs: 3_600_000 });
  assert.equal(await say(service, first, 'two'), SUCCESS);
  assert.equal(await say(service, second.key, 'three'), SUCCESS);
  const third = await control.call('keys.rotate', { id: second.record.id });
  assert.equal(await say(service, second.key, 'four'), UNKNOWN);
  assert.equal(await say(service, third.key, 'five'), SUCCESS);
  await control.call('keys.revoke', { id: third.record.id });
  assert.equal(await say(service, third.key, 'six'), UNKNOWN);
});

test('G-AG: a test message is sent, says that it is one, and tells the provider’s answer', async (t) => {
  const chat = await provider(t);
  const service = await start(t, chat);
  const { control } = service;
  const answer = await control.call('recipients.test', { name: 'soc' });
  assert.deepEqual(answer, { outcome: { kind: 'ok' }, providerRef: '99' });
  assert.match(String(chat.received[0]?.json['text']), /TEST/);
  chat.say({ status: 401, body: { ok: false, error_code: 401, description: 'Unauthorized' } });
  const { outcome } = await control.call('recipients.test', { name: 'soc' });
  assert.equal(outcome.kind, 'broken');
  assert.match('reason' in outcome ? outcome.reason : '', /Unauthorized/);
  const { stats } = await control.call('status', {});
  assert.equal(stats.offered, 0, 'a test is no message');
});

test('G-AG: after a restart all sources listen again, with the keys and channels that were there', async (t) => {
  const chat = await provider(t);
  const one = await start(t, chat);
  const key = await one.key('ana');
  assert.equal(await say(one, key, 'before'), SUCCESS);
  await one.sent('soc', 1);
  await one.close();
  const two = await start(t, chat, one.dir);
  assert.deepEqual(
    two.dispatcher.listeners().map(({ source }) => source),
    ['https', 'syslog.udp'],
  );
  assert.equal(await say(two, key, 'after'), SUCCESS);
  const socket = createSocket('udp4');
  const text = `by syslog|ALERTGW|${JSON.stringify({ token: key, channel: 'soc' })}`;
  await new Promise<void>((resolve) => {
    socket.send(text, two.port('syslog.udp'), '127.0.0.1', () => resolve());
  });
  socket.close();
  await until(() => chat.received.length === 3);
  assert.deepEqual(
    chat.received.map(({ json }) => json['text']),
    ['before', 'after', 'by syslog'],
  );
});

test('check says that a channel which is on a route too has no digests', async (t) => {
  const configFile = join(tempDir(t), 'dispatcher.yml');
  const config = (verbatim: boolean) => ({
    endpoints: { bot: { type: 'telegram', token_file: '/etc/idmef-relay/bot' } },
    recipients: { soc: { endpoint: 'bot', chat: '7', owner: 'ana', verbatim } },
    route: { to: ['soc'] },
  });
  for (const verbatim of [true, false]) {
    writeFileSync(configFile, JSON.stringify(config(verbatim)), { mode: 0o640 });
    const { problems, notes } = await checkConfiguration({ configFile }, true);
    assert.deepEqual(problems, []);
    assert.equal(/soc: is a channel of ana and on a route/.test(notes.join('\n')), verbatim);
  }
});
