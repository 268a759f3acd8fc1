/** The catalogue as operators see it: every type describes itself, and what it describes is what is checked. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { sinkTypes } from '../../../src/dispatcher/sinks/catalogue.ts';
import { describeType, describeTypeText } from '../../../src/dispatcher/sinks/describe-type.ts';
import { ownSinkTypes } from '../../../src/dispatcher/sinks/own/types.ts';
import { makePki } from '../../support/pki.ts';
import { startHost } from '../../support/https-host.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { typeOf } from './cases.ts';
import { endpointOf, isConfigError, never, notificationTo, recipientOf, sinkFor, testDeps } from './make.ts';

/** Those with code of their own have their suites in sinks-own/. */
const overHttp = [...sinkTypes.values()].filter((type) => !ownSinkTypes.includes(type));

const machines = ['thehive', 'elasticsearch', 'splunk', 'alertmanager', 'webhook', 'ntopng-webhook'];

for (const [name, type] of sinkTypes) {
  describe(name, () => {
    test('describes every parameter, and knows its secrets', () => {
      const about = describeType(type);
      for (const row of [...about.endpoint, ...about.recipient]) {
        assert.notEqual(row.meaning, '', row.name);
        assert.notEqual(row.kind, 'any', row.name);
        assert.match(row.name, /^[a-z_]+$/);
      }
      const known = new Set([...about.endpoint, ...about.recipient].map((row) => row.name));
      assert.deepEqual(
        type.secrets.filter((secret) => !known.has(secret)),
        [],
      );
      const looksSecret = [...known].filter((one) => /token|password|secret|_key$|webhook/.test(one));
      assert.deepEqual(
        looksSecret.filter((one) => !type.secrets.includes(one)),
        [],
      );
      for (const row of [...about.endpoint, ...about.recipient]) {
        assert.ok(describeTypeText(type).includes(row.meaning));
      }
    });

    test('takes no parameter that it does not know', () => {
      for (const schema of [type.endpoint, type.recipient]) {
        assert.equal(schema.safeParse({ surprise: 1 }).success, false);
      }
    });
  });
}

test('audiences, tickets and rhythm are as declared', () => {
  const audiences = overHttp.filter(({ audience }) => audience === 'machine');
  assert.deepEqual(new Set(audiences.map(({ type }) => type)), new Set(machines));
  assert.deepEqual(
    overHttp.filter(({ ticket }) => ticket === true).map(({ type }) => type),
    ['github'],
  );
  assert.equal(typeOf('ntopng-webhook').everyMs, 60_000);
  for (const type of overHttp) {
    assert.equal(type.batch > 1, type.audience === 'machine' && type.type !== 'thehive', type.type);
  }
});

test('the description of a type, as the terminal shows it', () => {
  assert.equal(
    describeTypeText(typeOf('telegram')),
    [
      'telegram: Telegram, by a bot',
      '  audience people, one message a call, text up to 4096 characters, 15 s a call',
      '  endpoint:',
      '    token (or token_file)  text  Token of the bot, from @BotFather (mandatory)',
      '    api                    text  Base of the Bot API, for a local server (default "https://api.telegram.org")',
      '  recipient:',
      '    chat    text or list  Id of a chat, group or channel, or @name of a channel; one or several (mandatory)',
      '    thread  number        Topic of a forum (message_thread_id)',
      '    silent  yes/no        Without a sound (default false)',
      '',
    ].join('\n'),
  );
});

test('check says what endpoint and recipient lack together', () => {
  const slack = typeOf('slack');
  const problem = (endpoint: object, recipient: object): string | undefined =>
    slack.check?.(endpointOf(slack, { ...endpoint }), recipientOf(slack, { ...recipient }));
  assert.match(problem({}, { channel: 'C1' }) ?? '', /needs a token/);
  assert.equal(problem({ token: 'xoxb-1' }, { channel: 'C1' }), undefined);
  assert.equal(problem({ webhook: 'https://hooks.slack.com/x' }, {}), undefined);
});

describe('an endpoint that cannot work is refused when it is made', () => {
  const slack = typeOf('slack');
  test('parameters', async () => {
    for (const params of [{ webhook: 'ftp://x/' }, { webhook: 'not a url' }, { token: 'a\r\nb' }]) {
      await assert.rejects(slack.create(endpointOf(slack, params), testDeps()), isConfigError);
    }
  });

  test('proxy and certificate files', async (t) => {
    const path = join(tempDir(t), 'rubbish.pem');
    writeFileSync(path, '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n');
    const changes = [
      { proxy: 'socks5://p:1080' },
      { caFile: '/nonexistent/ca.pem' },
      { clientCert: path },
      { clientCert: path, clientKey: path },
    ];
    for (const change of changes) {
      await assert.rejects(slack.create(endpointOf(slack, {}, change), testDeps()), (error: unknown) => {
        assert.ok(error instanceof RelayError);
        assert.match(error.message, /^endpoint the-slack: /);
        return ['CONFIG', 'TLS_FILE'].includes(error.code);
      });
    }
  });
});

test('ca_file, client_cert and client_key of an endpoint are used; without them its server is not trusted', async (t) => {
  const pki = await makePki(tempDir(t));
  const host = await startHost(t, { pki, handle: (_request, response) => void response.end('ok') });
  const slack = typeOf('slack');
  const recipient = recipientOf(slack, { webhook: `${host.url.href}services/x` });
  const files = { caFile: pki.caFile, clientCert: pki.client.certFile, clientKey: pki.client.keyFile };
  const good = await sinkFor(t, slack, endpointOf(slack, {}, files), testDeps());
  assert.deepEqual((await good.send(notificationTo(recipient), never())).outcome, { kind: 'ok' });
  const bare = await sinkFor(t, slack, endpointOf(slack, {}), testDeps());
  const { outcome } = await bare.send(notificationTo(recipient), never());
  assert.equal(outcome.kind, 'broken');
  assert.match(JSON.stringify(outcome), /not in the built-in list of authorities.*ca_file of the endpoint/);
});
