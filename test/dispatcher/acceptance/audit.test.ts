/**
 * operations.md §10 no. 10: who was told what, when, by whose post, under which configuration and whose silence, and proof that the log is uncut.
 * The whole service, its own store, its control socket.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openConnection } from '../../../src/journal/driver.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { fakeProvider } from '../sinks/fake-provider.ts';
import { https, startService } from './service.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

function hashOf(config: { readonly hash: string } | { readonly problem: string }): string {
  return 'hash' in config ? config.hash : assert.fail(config.problem);
}

test('who was told what, under which configuration; and the log is whole, or says where it is not', async (t) => {
  const chat = await fakeProvider(t);
  chat.say({ body: { ok: true, result: { message_id: 815 } } });
  const dir = tempDir(t);
  const token = join(dir, 'token');
  writeFileSync(token, '1:abc\n', { mode: 0o600 });
  const config = (recipients: readonly string[]): Record<string, unknown> => ({
    sources: { https: https(pki) },
    endpoints: { bot: { type: 'telegram', token_file: token, api: chat.base } },
    recipients: Object.fromEntries(
      recipients.map((name, n) => [name, { endpoint: 'bot', chat: String(n + 1) }]),
    ),
    route: { to: recipients },
  });
  const service = await startService(t, { pki, config: config(['soc']) });
  const { control } = service;
  const key = await service.key('ana');
  const post = async (title: string): Promise<void> => {
    const body = JSON.stringify({ title, severity: 'high', source: { address: '198.51.100.7' } });
    const headers = { 'content-type': 'application/json', key };
    const { status, text } = await service.post({ path: '/api/v1/alerts', headers, body });
    assert.equal(status, 201, text);
  };

  const firstHash = hashOf((await control.call('status', {})).config);
  await post('under the first');
  await service.sent('soc', 1);
  writeFileSync(join(service.dir, 'dispatcher.yml'), JSON.stringify(config(['soc', 'duty'])));
  assert.deepEqual(await control.call('config.reload', {}), { problems: [] });
  const secondHash = hashOf((await control.call('status', {})).config);
  assert.notEqual(secondHash, firstHash);
  await control.call('silences.add', {
    criteria: "alert.classification.text == 'under silence'",
    reason: 'known, ticket 12',
    until: Date.now() + 3_600_000,
    recipient: 'duty',
  });
  await post('under silence');
  await service.sent('soc', 2);

  const whyOf = async (text: string) => {
    const { messages } = await control.call('messages.search', { text });
    assert.equal(messages.length, 1);
    return await control.call('why', { id: messages[0]?.id ?? '' });
  };
  const one = await whyOf('under the first');
  assert.deepEqual(
    [one.message?.origin.owner, one.message?.origin.source, one.message?.config],
    ['ana', 'rest', firstHash],
  );
  assert.deepEqual(
    one.pairs.map(({ recipient, route, state, notifications }) => [
      recipient,
      route,
      state,
      notifications.map(({ outcome, providerRef, pairs }) => [outcome, providerRef, pairs]),
    ]),
    [['soc', 'route', 'sent', [['ok', '815', 1]]]],
  );
  const two = await whyOf('under silence');
  assert.equal(two.message?.config, secondHash);
  assert.ok((two.message.configAt ?? 0) > (one.message?.configAt ?? Infinity));
  const [duty] = (await control.call('why', { id: two.message.id, recipient: 'duty' })).pairs;
  assert.equal(duty?.state, 'suppressed');
  assert.match(duty.reason, /^silence: .*cli:test.*known, ticket 12/);

  const entries = await control.call('audit.list', {});
  const said = entries.map(({ by, what, detail }) => `${by} ${what} ${detail}`).join('\n');
  for (const pattern of [
    new RegExp(`^system config.load ${firstHash}$`, 'm'),
    new RegExp(`^system config.load ${secondHash}$`, 'm'),
    /^cli:test user.add ana/m,
    /^cli:test key.add 1 \(ana\): ingest$/m,
    /^cli:test config.reload taken$/m,
    /^cli:test silence.add .*/m,
  ]) {
    assert.match(said, pattern);
  }
  assert.ok(!said.includes(key));
  assert.deepEqual(await control.call('audit.verify', {}), { whole: true });

  // Somebody with the file in hand takes his silence out of the log.
  await service.close();
  const silence = entries.find(({ what }) => what === 'silence.add');
  assert.ok(silence);
  const db = openConnection(join(service.dir, 'state', 'dispatcher.db'), {});
  db.exec(`UPDATE audit SET detail = 'nothing' WHERE id = ${silence.id}`);
  db.close();
  const again = await startService(t, { pki, config: config(['soc', 'duty']), dir: service.dir });
  assert.deepEqual(await again.control.call('audit.verify', {}), { whole: false, broken: silence.id });
});
