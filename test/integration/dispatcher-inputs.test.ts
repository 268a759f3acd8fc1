/**
 * The dispatcher's sources with the clients operators have: swaks and curl for mail, logger for syslog, curl for SecARC.
 *
 * Without a tool the tests fail where CI is set (it installs them), and are skipped with a reason elsewhere.
 */

import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../src/core/errors.ts';
import { createSecarcSource } from '../../src/dispatcher/sources/line/secarc/secarc-source.ts';
import { createSmtpSource, type SmtpConfig } from '../../src/dispatcher/sources/line/smtp/smtp-source.ts';
import {
  createSyslogSource,
  type SyslogConfig,
} from '../../src/dispatcher/sources/line/syslog/syslog-source.ts';
import type { MessageView } from '../../src/idmef/message-view.ts';
import { viewMessage } from '../../src/idmef/view.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import { ANA_KEY, everything, type LineWorld, lineWorld } from '../dispatcher/sources-line/line-world.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** Why a test cannot run, or false; in CI it runs and fails. */
function missing(tool: string, args: readonly string[]): string | false {
  if (process.env['CI'] !== undefined || spawnSync(tool, args).status === 0) return false;
  return `${tool} ${args.join(' ')} does not work here`;
}

const noSwaks = missing('swaks', ['--version']);
const noLogger = missing('logger', ['--version']);
const noCurl = missing('curl', ['--version']);
const noRsyslog = missing('rsyslogd', ['-v']);

const TLS_ACTION =
  'protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost" template="RSYSLOG_SyslogProtocol23Format"';

interface Result {
  readonly code: number;
  readonly output: string;
}

async function run(command: string, args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' } };
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, output: `${stdout}${stderr}` });
    });
    // Who wants no input has closed it already.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

async function viewOf(world: LineWorld, index = 0): Promise<MessageView> {
  const stored = world.door.stored[index];
  assert.ok(stored);
  return viewMessage(stored.body);
}

let pki: Pki;
const dir = tempDir({ after });
before(async () => {
  pki = await makePki(dir);
});

interface Started {
  readonly world: LineWorld;
  readonly port: number;
}

async function smtp(t: TestContext, config: Partial<SmtpConfig> = {}): Promise<Started> {
  const world = lineWorld();
  const { server, caFile } = pki;
  const files = { certFile: server.certFile, keyFile: server.keyFile, caFile };
  const secure =
    config.tls === undefined ? {} : { credentials: loadCredentials({ ...files, policy: 'anssi' }) };
  const common = { address: '127.0.0.1', port: 0, requireTls: false, maxBytes: 1024 * 1024 };
  const source = createSmtpSource(
    { ...common, allowFrom: ['127.0.0.1'], ...config },
    { ...world, ...secure },
  );
  t.after(async () => source.close());
  return { world, port: (await source.listen()).port };
}

const TLS: Partial<SmtpConfig> = { tls: { cert: '', key: '', ca: '' }, requireTls: true, allowFrom: [] };

describe('swaks', { skip: noSwaks }, () => {
  const swaks = async (port: number, ...args: readonly string[]): Promise<Result> =>
    run('swaks', ['--server', '127.0.0.1', '--port', String(port), '--timeout', '20', ...args]);

  test("AlertGateway's form: the key as sender, channels as recipients", async (t) => {
    const { world, port } = await smtp(t);
    const letter = ['--h-Subject', 'Disk full', '--body', '/var is at 99 %'];
    const result = await swaks(
      port,
      '--from',
      `${ANA_KEY}@alertgw`,
      '--to',
      'ops@alertgw,night@alertgw',
      ...letter,
    );
    assert.equal(result.code, 0, result.output);
    assert.deepEqual(world.door.stored[0]?.forced, ['ops', 'night']);
    assert.equal(world.door.stored[0]?.verbatim, 'Disk full\n\n/var is at 99 %');
    assert.equal((await viewOf(world)).classification, 'Disk full');
    assert.ok(!everything(world).includes(ANA_KEY));
  });

  for (const method of ['PLAIN', 'LOGIN']) {
    test(`AUTH ${method} after STARTTLS, with an attachment`, async (t) => {
      const { world, port } = await smtp(t, TLS);
      const auth = ['--tls', '--auth', method, '--auth-user', 'ana', '--auth-password', ANA_KEY];
      const attach = ['--attach-type', 'text/csv', '--attach-name', 'list.csv', '--attach', 'a,b'];
      const result = await swaks(port, '--from', 'root@db1', '--to', 'ops@alertgw', ...auth, ...attach);
      assert.equal(result.code, 0, result.output);
      assert.equal(world.door.stored[0]?.origin.owner, 'ana');
      assert.match(
        world.door.stored[0]?.verbatim ?? '',
        /\[attachment: list\.csv \(text\/csv, \d+ bytes\)\]/,
      );
    });
  }

  // Exit codes of swaks: 23 MAIL refused, 24 no recipient accepted, 26 DATA refused, 28 AUTH failed.
  for (const [what, code, args] of [
    ['a wrong key', 23, ['--from', 'guess@alertgw', '--to', 'ops@alertgw']],
    ['a channel of another', 24, ['--from', `${ANA_KEY}@alertgw`, '--to', 'bobs@alertgw']],
    [
      'a wrong password',
      28,
      ['--auth', 'PLAIN', '--auth-user', 'a', '--auth-password', 'b', '--from', 'a@b', '--to', 'ops@x'],
    ],
    [
      'our own mail come back',
      26,
      ['--from', `${ANA_KEY}@x`, '--to', 'ops@x', '--add-header', 'X-Idmef-Relay: 1'],
    ],
  ] as const) {
    test(`${what} is refused`, async (t) => {
      const { world, port } = await smtp(t);
      assert.equal((await swaks(port, ...args)).code, code);
      assert.equal(world.door.stored.length, 0);
    });
  }

  test('a full store is a 452', async (t) => {
    const { world, port } = await smtp(t);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    const result = await swaks(port, '--from', `${ANA_KEY}@x`, '--to', 'ops@x');
    assert.equal(result.code, 26);
    assert.match(result.output, /^<\*\* 452 /m);
  });
});

describe('curl', { skip: noCurl }, () => {
  test('mail over STARTTLS with user and password', async (t) => {
    const { world, port } = await smtp(t, TLS);
    const letter = ['--user', `ana:${ANA_KEY}`, '--mail-from', 'a@b', '--mail-rcpt', 'ops@x', '-T', '-'];
    const result = await run(
      'curl',
      ['-sS', `smtp://localhost:${port}`, '--ipv4', '--ssl-reqd', '--cacert', pki.caFile].concat(letter),
      'Subject: From curl\r\n\r\nhello\r\n',
    );
    assert.equal(result.code, 0, result.output);
    assert.equal(world.door.stored[0]?.verbatim, 'From curl\n\nhello');
  });

  test("SecARC's alert", async (t) => {
    const world = lineWorld();
    const source = createSecarcSource({ address: '127.0.0.1', port: 0, allowFrom: ['127.0.0.1'] }, world);
    const { port } = await source.listen();
    t.after(async () => source.close());
    const data = JSON.stringify({ ip: '198.51.100.7', port: 50022 });
    const alert = { module: 'SSH', alert_type: 'new_connection', severity: 1, ip: '10.0.0.1', data };
    const request = ['-sS', '-w', '%{http_code}', '-A', 'pythonAlertClass', '--json', JSON.stringify(alert)];
    const result = await run('curl', [...request, `http://127.0.0.1:${port}/alert`]);
    assert.equal(result.output, String.raw`"{\"status\": \"OK\"}"` + '\n201');
    assert.equal((await viewOf(world)).classification, 'SSH new connection');
  });
});

async function startSyslog(t: TestContext, transport: SyslogConfig['transport']): Promise<Started> {
  const world = lineWorld();
  const { server, caFile } = pki;
  const files = { certFile: server.certFile, keyFile: server.keyFile, caFile };
  const tls = transport === 'tls';
  const secure = tls ? { credentials: loadCredentials({ ...files, policy: 'anssi' }) } : {};
  const config = { name: 'syslog', address: '127.0.0.1', port: 0, keyedOnly: false };
  const allowed = tls ? [] : ['127.0.0.1'];
  const source = createSyslogSource({ ...config, transport, allowFrom: allowed }, { ...world, ...secure });
  t.after(async () => source.close());
  return { world, port: (await source.listen()).port };
}

describe('logger', { skip: noLogger }, () => {
  const logger = async (port: number, ...args: readonly string[]): Promise<void> => {
    const result = await run('logger', ['-n', '127.0.0.1', '-P', String(port), ...args]);
    assert.equal(result.code, 0, result.output);
  };

  for (const [what, transport, args, format] of [
    ['UDP, RFC 3164', 'udp', ['-d', '--rfc3164'], { msgid: undefined }],
    ['UDP, RFC 5424', 'udp', ['-d', '--rfc5424'], { msgid: undefined }],
    ['TCP, a line each', 'tcp', ['-T', '--rfc3164'], { msgid: undefined }],
    [
      'TCP, octet counting, RFC 5424',
      'tcp',
      ['-T', '--octet-count', '--rfc5424', '--msgid', 'ID1'],
      { msgid: 'ID1' },
    ],
  ] as const) {
    test(what, async (t) => {
      const { world, port } = await startSyslog(t, transport);
      await logger(port, ...args, '-p', 'auth.crit', '-t', 'sshd', '--id=4711', 'Failed password for root');
      await world.door.until(1);
      const view = await viewOf(world);
      assert.equal(view.classification, 'Failed password for root');
      assert.equal(view.severity, 'high');
      assert.equal(view.analyzers[0]?.name, 'sshd');
      const data = new Map(view.additionalData.map(({ meaning, value }) => [meaning, value]));
      assert.deepEqual([data.get('syslog facility'), data.get('syslog pid')], ['auth', '4711']);
      assert.equal(data.get('syslog msgid'), format.msgid);
    });
  }

  test('structured data', async (t) => {
    const { world, port } = await startSyslog(t, 'udp');
    await logger(port, '-d', '--rfc5424', '--sd-id', 'zoo@123', '--sd-param', 'tiger="hungry"', 'text');
    await world.door.until(1);
    const { additionalData } = await viewOf(world);
    assert.equal(additionalData.find(({ meaning }) => meaning === 'zoo@123 tiger')?.value, 'hungry');
  });

  test("AlertGateway's form", async (t) => {
    const { world, port } = await startSyslog(t, 'udp');
    const json = JSON.stringify({ token: ANA_KEY, channel: '*' });
    await logger(port, '-d', '--rfc3164', '-t', 'cron', `disk full|ALERTGW|${json}`);
    await world.door.until(1);
    const [stored] = world.door.stored;
    assert.deepEqual(stored?.forced, ['ops', 'night']);
    assert.match(stored.verbatim ?? '', /^<13>[A-Z][a-z]{2} .* cron: disk full$/);
    assert.equal((await viewOf(world)).classification, 'disk full');
    assert.ok(!everything(world).includes(ANA_KEY));
  });

  test('many messages on one connection', async (t) => {
    const { world, port } = await startSyslog(t, 'tcp');
    const lines = Array.from({ length: 500 }, (_, n) => `line ${n}`);
    const result = await run(
      'logger',
      ['-n', '127.0.0.1', '-P', String(port), '-T', '-t', 'x'],
      `${lines.join('\n')}\n`,
    );
    assert.equal(result.code, 0, result.output);
    await world.door.until(lines.length);
    const views = await Promise.all(world.door.stored.map(async ({ body }) => viewMessage(body)));
    assert.deepEqual(
      views.map(({ classification }) => classification),
      lines,
    );
  });
});

describe('rsyslog', { skip: noRsyslog || noLogger }, () => {
  for (const [what, transport, action] of [
    ['its own format, TCP', 'tcp', 'protocol="tcp" template="RSYSLOG_ForwardFormat"'],
    [
      'RFC 5424, TCP, counted',
      'tcp',
      'protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"',
    ],
    ['RFC 3164, UDP', 'udp', 'protocol="udp" template="RSYSLOG_TraditionalForwardFormat"'],
    ['RFC 5424, TLS with a certificate', 'tls', TLS_ACTION],
  ] as const) {
    test(`forwards to us: ${what}`, async (t) => {
      const { world, port } = await startSyslog(t, transport);
      const place = tempDir(t);
      const { certFile, keyFile } = pki.client;
      const files = `DefaultNetstreamDriverCAFile="${pki.caFile}" DefaultNetstreamDriverCertFile="${certFile}" DefaultNetstreamDriverKeyFile="${keyFile}"`;
      const config = [
        `global(workDirectory="${place}" ${transport === 'tls' ? files : ''})`,
        `module(load="imuxsock" SysSock.Use="off")`,
        `input(type="imuxsock" Socket="${place}/log" CreatePath="off")`,
        `action(type="omfwd" target="localhost" port="${port}" ${action})`,
      ];
      writeFileSync(join(place, 'rsyslog.conf'), `${config.join('\n')}\n`);
      const daemon = spawn('rsyslogd', ['-n', '-f', join(place, 'rsyslog.conf'), '-i', join(place, 'pid')]);
      const ended = once(daemon, 'exit');
      t.after(async () => {
        daemon.kill();
        await ended;
      });
      await until(() => existsSync(join(place, 'log')), { timeoutMs: 20_000 });
      const result = await run('logger', [
        '-u',
        join(place, 'log'),
        '-p',
        'daemon.err',
        '-t',
        'app',
        'it broke',
      ]);
      assert.equal(result.code, 0, result.output);
      await until(() => world.door.stored.length > 0, { timeoutMs: 20_000 });
      const views = await Promise.all(world.door.stored.map(async ({ body }) => viewMessage(body)));
      const view = views.find(({ classification }) => /^it broke$/.test(classification));
      assert.equal(view?.severity, 'medium', views.map(({ classification }) => classification).join());
      assert.equal(view.analyzers[0]?.name, 'app');
      assert.notEqual(view.detectTime, undefined);
      assert.equal(world.door.stored[0]?.origin.peer, transport === 'tls' ? 'manager1' : undefined);
    });
  }
});
