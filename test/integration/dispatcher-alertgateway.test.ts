/**
 * AlertGateway's drop-in: a real-shaped database imported into the built service, and its clients (curl, swaks, logger, a bare datagram)
 * unchanged, with their old keys. Every text arrives verbatim at every type of channel; every status and body is the documented one; what
 * is refused stores nothing; `Success` survives a kill -9. reference: seed-systems.md A.1, operations.md §10 no. 8.
 *
 * Without a tool the tests fail where CI is set (it installs them), and are skipped with a reason elsewhere.
 */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import PostalMime from 'postal-mime';

import { isObject } from '../../src/core/json-object.ts';
import type { Medium } from '../../src/dispatcher/model/sink.ts';
import { alike, readBack } from '../dispatcher/render/read-back.ts';
import type { Received } from '../dispatcher/sinks/fake-provider.ts';
import { until } from '../support/until.ts';
import { ANAS, BOT, KEYS, makeSite, ownAddress, type Site } from './alertgateway-site.ts';

const TEXT = "Disk full on db1: 99 % & rising <b>!</b> it's *not* _fine_ {x}|~ ñ 😀\nsecond line";
const LONG_MS = 60_000;

/** Why the tests cannot run, or false; in CI they run and fail. */
function missing(): string | false {
  if (process.env['CI'] !== undefined) return false;
  for (const tool of ['curl', 'swaks', 'logger']) {
    if (spawnSync(tool, ['--version']).status !== 0) return `${tool} --version does not work here`;
  }
  return ownAddress() === undefined ? 'this host has no address but loopback' : false;
}

interface Result {
  readonly code: number;
  readonly output: string;
}

async function run(command: string, args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' } };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, output: `${stdout}${stderr}` });
    }).stdin?.end();
  });
}

describe('AlertGateway, taken over', { skip: missing() }, () => {
  let site: Site;
  const said: Record<'dryRun' | 'again' | 'applied', string> = { dryRun: '', again: '', applied: '' };

  /** As its documentation has it: header `key`, form field `message`. The answer's body, then its status. */
  const curl = async (path: string, key: string | undefined, message = TEXT): Promise<string> => {
    const { pki } = site;
    const header = key === undefined ? [] : ['-H', `key: ${key}`];
    const options = ['-sS', '--cacert', pki.caFile, '-w', '%{http_code}'];
    const field = ['--data-urlencode', `message=${message}`];
    const url = `https://localhost:${await site.port('https')}${path}`;
    const { output } = await run('curl', options.concat(field, header, url));
    return output;
  };
  const swaks = async (key: string, to: string, ...more: readonly string[]): Promise<Result> =>
    await run(
      'swaks',
      ['--server', '127.0.0.1', '--port', String(await site.port('smtp')), '--timeout', '20'].concat(
        ['--from', `${key}@alertgw`, '--to', to, '--h-Subject', 'Backup', '--body', 'failed: no space'],
        more,
      ),
    );
  const datagram = async (text: string): Promise<void> => {
    const socket = createSocket('udp4');
    const port = await site.port('syslog.udp');
    await new Promise<void>((resolve) => {
      socket.send(text, port, '127.0.0.1', () => resolve());
    });
    socket.close();
  };
  const keyed = (text: string, token: string, channel: string): string =>
    `${text}|ALERTGW|${JSON.stringify({ token, channel })}`;
  /** Resolves with everything a channel has delivered, when it is so many. */
  const delivered = async (channel: string, count: number): Promise<readonly string[]> => {
    await until(async () => (await textsOf(site, channel)).length >= count, {
      timeoutMs: LONG_MS,
      what: `${count} deliveries to ${channel}`,
    });
    const texts = await textsOf(site, channel);
    assert.equal(texts.length, count, `${channel}: ${JSON.stringify(texts)}`);
    return texts;
  };

  // A hook that another hook adds would run at the end of that.
  const endings: (() => Promise<void> | void)[] = [];
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });
  before(async () => {
    const ending = { after: (end: () => Promise<void> | void) => void endings.push(end) };
    site = await makeSite(ending, ownAddress() ?? assert.fail('this host has no address but loopback'));
    await site.start();
    said.dryRun = await site.run('import', 'alertgateway', site.database);
    // What commands may not make (`file`), and what needs the site's authority (`mail`), goes into the file.
    const [, yaml = ''] = said.dryRun.split('# for a file in dispatcher.d, owned by root:\n');
    site.configure('file.yml', yaml.replace('nothing changed: --apply does it\n', ''));
    const server = ['server: localhost', `port: ${site.mailServer.port}`, 'from: gw@example.org'];
    site.configure(
      'mail.yml',
      `endpoints: { mail: { type: smtp, ${server.join(', ')}, ca_file: ${site.pki.caFile} } }\n` +
        'recipients: { mail: { endpoint: mail, owner: ana, to: "ana@example.org,duty@example.org", one_per_address: true } }\n',
    );
    await site.run('reload');
    said.again = await site.run('import', 'alertgateway', site.database);
    said.applied = await site.run('import', 'alertgateway', site.database, '--apply');
    await site.run('endpoints', 'set', 'soc', `api=${site.providers.soc.base}`);
    const base = site.providers.ops.base;
    const conf = (section: string, name: string): string =>
      `[channel]\nname = ${name}\nuser = ana\ntype = slack\n\n[${section}]\nwebhook = ${base}/services/${name}\n`;
    for (const [name, section] of [
      ['bytype', 'slack'],
      ['byname', 'byname'],
    ] as const) {
      const file = join(site.dir, `${name}.conf`);
      writeFileSync(file, conf(section, name));
      await site.run('import', 'alertgateway', file, '--apply');
    }
  });

  test('the dry run says all and changes nothing; applied, it is there', () => {
    for (const made of ['user ana', 'key of ana', 'endpoint soc', 'recipient chat', 'recipient off1']) {
      assert.ok(said.dryRun.includes(`+ ${made}\n`), made);
      assert.ok(said.again.includes(`+ ${made}\n`), `${made}: nothing was changed`);
      assert.ok(said.applied.includes(`+ ${made}\n`), made);
    }
    assert.match(said.dryRun, /^nothing changed: --apply does it$/m);
    assert.match(said.applied, /^= recipient mail \(is there already\)$/m);
    assert.match(said.dryRun, /^note: input SMTP was on 0\.0\.0\.0 port 25: /m);
    for (const secret of [...Object.values(KEYS), BOT]) assert.ok(!said.dryRun.includes(secret));
  });

  test('curl, one channel after the other: Success, and the text arrives verbatim', async () => {
    for (const channel of [...ANAS, 'bytype', 'byname']) {
      assert.equal(await curl(`/sender/sendMessage/${channel}`, KEYS.ana), '{"message":"Success"}\n200');
    }
    assert.equal(await curl('/sender/sendMessage/bobs', KEYS.bob), '{"message":"Success"}\n200');
    for (const channel of [...ANAS, 'bytype', 'byname', 'bobs']) {
      const texts = await delivered(channel, receivers(channel));
      assert.deepEqual(new Set(texts), new Set([alike(TEXT)]), channel);
    }
  });

  test('each in its own wire format', () => {
    const { soc, sms, push, bobs } = site.providers;
    assert.deepEqual(
      soc.received.map(({ path, json }) => [path, json['chat_id']]),
      [-100_200, 300].map((chat) => [`/bot${BOT}/sendMessage`, chat]),
    );
    const query = sms.received.map(({ path }) => new URL(path, 'http://x').searchParams);
    assert.deepEqual(
      query.map((params) => [params.get('to'), params.get('apikey'), params.get('text')]),
      ['600100', '600200'].map((to) => [to, "it's", TEXT]),
    );
    assert.deepEqual(
      push.received.map(({ method, path, body }) => [method, path, JSON.parse(body) as unknown]),
      ['one', 'two'].map((topic) => ['POST', `/topics/${topic}`, { body: TEXT }]),
    );
    assert.equal(bobs.received[0]?.path, "/o'neil");
    assert.deepEqual(
      site.mailServer.received.map(({ from, to, secure }) => [from, to, secure]),
      ['ana', 'duty'].map((to) => ['gw@example.org', [`${to}@example.org`], true]),
    );
  });

  test('sendMessage2all: all enabled channels of the user, once', async () => {
    assert.equal(await curl('/sender/sendMessage2all/', KEYS.ana, 'to all'), '{"message":"Success"}\n200');
    for (const channel of [...ANAS, 'bytype', 'byname']) {
      const texts = await delivered(channel, 2 * receivers(channel));
      assert.deepEqual(new Set(texts.slice(receivers(channel))), new Set(['to all']), channel);
    }
    assert.equal((await textsOf(site, 'bobs')).length, 1);
  });

  test('swaks: the key as sender, channels as recipients', async () => {
    const { code, output } = await swaks(KEYS.ana, 'chat@alertgw,push@alertgw');
    assert.equal(code, 0, output);
    for (const channel of ['chat', 'push']) {
      const texts = await delivered(channel, 3 * receivers(channel));
      assert.equal(texts.at(-1), 'Backup\n\nfailed: no space');
    }
  });

  test('logger and a bare datagram: the text before the mark, its priority included', async () => {
    const args = [
      '-n',
      '127.0.0.1',
      '-P',
      String(await site.port('syslog.udp')),
      '-d',
      '--rfc3164',
      '-t',
      'cron',
    ];
    assert.equal((await run('logger', [...args, keyed('disk full', KEYS.ana, 'log')])).code, 0);
    const afterLogger = await delivered('log', 3);
    assert.match(afterLogger.at(-1) ?? '', /^<13>[A-Z][a-z]{2} .* cron: disk full$/);
    await datagram(keyed('<134>fan failed', KEYS.bob, '*'));
    assert.equal((await delivered('bobs', 2)).at(-1), '<134>fan failed');
  });

  test('what is refused says so in its words, stores nothing, and is counted', async () => {
    const one = '/sender/sendMessage/soc';
    const rows: readonly (readonly [
      path: string,
      key: string | undefined,
      answer: string,
      reason: string,
    ])[] = [
      [one, undefined, '{"message":"Please provide an API key"}\n400', 'no-key'],
      [one, 'wrong', '{"message":"The provided API key is not valid"}\n400', 'unknown-key'],
      ['/sender/sendMessage/none', KEYS.ana, '{"message":"Not found"}\n400', 'unknown-channel'],
      ['/sender/sendMessage/bobs', KEYS.ana, '{"message":"Forbidden."}\n400', 'forbidden'],
      ['/sender/sendMessage/old', KEYS.ana, '{"message":"Channel disabled."}\n400', 'disabled-channel'],
      ['/sender/sendMessage2all/', KEYS.carla, '{"message":"Forbidden"}\n200', 'unknown-channel'],
      [
        '/sender/sendMessage2all/',
        KEYS.dora,
        '{"message":"Message not sended to 0 receivers, 2 channels disabled."}\n200',
        'disabled-channel',
      ],
    ];
    for (const [path, key, answer, reason] of rows) {
      await refusing(site, reason, async () => assert.equal(await curl(path, key), answer));
    }
    for (const [key, to, code, reason] of [
      ['wrong', 'soc@alertgw', 23, 'unknown-key'],
      [KEYS.ana, 'bobs@alertgw', 24, 'forbidden'],
      [KEYS.ana, 'none@alertgw', 24, 'unknown-channel'],
      [KEYS.ana, 'old@alertgw', 24, 'disabled-channel'],
    ] as const) {
      await refusing(site, reason, async () => assert.equal((await swaks(key, to)).code, code));
    }
    for (const [text, reason] of [
      [keyed('x', 'wrong', 'soc'), 'unknown-key'],
      [keyed('x', KEYS.ana, 'bobs'), 'forbidden'],
      [keyed('x', KEYS.ana, 'old'), 'disabled-channel'],
      ['x|ALERTGW|{"token":', 'malformed'],
    ] as const) {
      await refusing(site, reason, async () => await datagram(text));
    }
  });

  test('Success means stored: killed right after the answer, the message is delivered after the restart', async () => {
    const { bobs } = site.providers;
    bobs.say({ status: 503 });
    const already = bobs.received.length;
    assert.equal(
      await curl('/sender/sendMessage/bobs', KEYS.bob, 'said before the end'),
      '{"message":"Success"}\n200',
    );
    await site.kill();
    bobs.say({ body: 'ok' });
    await site.start();
    await until(() => bobs.received.length > already, { timeoutMs: LONG_MS });
    await until(async () => pendingOf(await site.status(), 'bobs') === 0, { timeoutMs: LONG_MS });
    for (const { json } of bobs.received.slice(already)) {
      assert.equal(textIn('slack-mrkdwn', json['text']), 'said before the end');
    }
    // Keys, channels and owners are as they were.
    assert.equal(await curl('/sender/sendMessage/ops', KEYS.ana, 'after'), '{"message":"Success"}\n200');
  });

  test('no key is in clear, in no file of the service and in no line it said', () => {
    const files = readdirSync(site.stateDir).filter((name) => !name.endsWith('.sock'));
    assert.ok(files.includes('dispatcher.db'));
    for (const [name, key] of Object.entries(KEYS)) {
      for (const file of files) {
        assert.ok(!readFileSync(join(site.stateDir, file)).includes(key), `the key of ${name} is in ${file}`);
      }
      assert.ok(!site.stderr().includes(key));
    }
  });
});

/** Of a channel. */
function receivers(channel: string): number {
  return ['soc', 'ops', 'sms', 'push', 'mail'].includes(channel) ? 2 : 1;
}

function textIn(medium: Medium, written: unknown): string {
  assert.ok(typeof written === 'string');
  return alike(readBack(medium, written).text);
}

/** What a channel's receivers have got, as they see it, in order. */
async function textsOf(site: Site, channel: string): Promise<readonly string[]> {
  const { providers } = site;
  const jsonOf = (received: readonly Received[], medium: Medium, field: string): string[] =>
    received.map(({ json }) => textIn(medium, json[field]));
  const slackAt = (path: RegExp): string[] =>
    jsonOf(
      providers.ops.received.filter((one) => path.test(one.path)),
      'slack-mrkdwn',
      'text',
    );
  switch (channel) {
    case 'soc':
      return jsonOf(providers.soc.received, 'telegram-html', 'text');
    case 'chat':
      return jsonOf(providers.chat.received, 'discord', 'content');
    case 'ops':
      return slackAt(/^\/services\/T[12]$/);
    case 'bytype':
    case 'byname':
      return slackAt(new RegExp(`^/services/${channel}$`));
    case 'bobs':
      return jsonOf(providers.bobs.received, 'slack-mrkdwn', 'text');
    case 'rocket':
      return jsonOf(providers.rocket.received, 'markdown', 'text');
    case 'sms':
      return providers.sms.received.map(({ path }) =>
        alike(new URL(path, 'http://x').searchParams.get('text') ?? ''),
      );
    case 'push':
      return jsonOf(providers.push.received, 'plain', 'body');
    case 'mail':
      return await Promise.all(
        site.mailServer.received.map(async ({ raw }) =>
          alike(((await PostalMime.parse(raw)).text ?? '').replaceAll('\r\n', '\n').trimEnd()),
        ),
      );
    case 'log':
      return existsSync(site.logFile) ? linesOf(readFileSync(site.logFile, 'utf8')) : [];
    default:
      return assert.fail(`no channel ${channel}`);
  }
}

/** A text of several lines is several lines of the file, as AlertGateway wrote it. */
function linesOf(text: string): string[] {
  return text
    .replaceAll(TEXT, TEXT.replaceAll('\n', '\0'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => alike(line.replaceAll('\0', '\n')));
}

function stats(status: Record<string, unknown>): Record<string, unknown> {
  const { stats: found } = status;
  assert.ok(isObject(found));
  return found;
}

function pendingOf(status: Record<string, unknown>, recipient: string): number {
  const { queues } = stats(status);
  assert.ok(Array.isArray(queues));
  const queue: unknown = queues.find((one) => isObject(one) && one['recipient'] === recipient);
  return isObject(queue) ? Number(queue['pending']) + Number(queue['leased']) : 0;
}

/** Whatever happens in `work`: one refusal of that reason more, and nothing stored. */
async function refusing(site: Site, reason: string, work: () => Promise<void>): Promise<void> {
  const count = async (): Promise<{ readonly refused: number; readonly offered: number }> => {
    const { refused, offered } = stats(await site.status());
    return { refused: isObject(refused) ? Number(refused[reason] ?? 0) : 0, offered: Number(offered) };
  };
  const first = await count();
  await work();
  await until(async () => (await count()).refused === first.refused + 1, {
    timeoutMs: LONG_MS,
    what: `one more ${reason}`,
  });
  assert.equal((await count()).offered, first.offered);
}
