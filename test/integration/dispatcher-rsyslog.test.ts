/**
 * The syslog sink against a real rsyslogd: every format over UDP, TCP and TLS and through the local socket arrives byte by byte, hostile texts
 * stay one record, and a receiver that is stopped in the middle loses nothing that counts as sent.
 *
 * Without the Debian packages rsyslog and rsyslog-gnutls the tests fail where CI is set, and are skipped with a reason elsewhere.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';

import type { SendMessage, SinkAnswer } from '../../src/dispatcher/model/sink.ts';
import { syslogType } from '../../src/dispatcher/sinks/own/syslog/syslog.ts';
import {
  endpoint,
  message,
  never,
  notification,
  recipient,
  world,
} from '../dispatcher/sinks-own/sink-world.ts';
import { freePort } from '../support/free-port.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { until } from '../support/until.ts';

const RSYSLOGD = '/usr/sbin/rsyslogd';
const missing =
  process.env['CI'] !== undefined || (spawnSync(RSYSLOGD, ['-v']).status === 0 && existsGtls())
    ? false
    : 'rsyslog and rsyslog-gnutls are not installed';

const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let pki: Pki;
before(async () => {
  pki = await makePki(join(dir, 'pki'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Rsyslog {
  readonly ports: Readonly<Record<'tcp' | 'udp' | 'tls', number>>;
  readonly socket: string;
  /** Lines of a file it writes: `raw` as they came, `fields` as it understood them. */
  lines(name: 'raw' | 'fields'): string[];
  stop(by?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

async function startRsyslog(t: TestContext): Promise<Rsyslog> {
  const home = mkdtempSync(join(dir, 'rsyslog-'));
  const ports = { tcp: await freePort(), udp: await freePort(), tls: await freePort() };
  const socket = join(home, 'log');
  const { certFile, keyFile } = pki.server;
  const conf = join(home, 'rsyslog.conf');
  writeFileSync(
    conf,
    `global(workDirectory="${home}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${pki.caFile}" defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}")
module(load="imtcp")
module(load="imudp")
module(load="imuxsock" sysSock.use="off")
input(type="imtcp" address="127.0.0.1" port="${ports.tcp}")
input(type="imtcp" address="127.0.0.1" port="${ports.tls}" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imudp" address="127.0.0.1" port="${ports.udp}")
input(type="imuxsock" socket="${socket}")
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="fields" type="string" string="%syslogfacility-text%.%syslogseverity-text%|%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n")
action(type="omfile" file="${home}/raw" template="raw")
action(type="omfile" file="${home}/fields" template="fields")
`,
  );
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(RSYSLOGD, ['-n', '-f', conf, '-i', join(home, 'pid')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await until(async () => await listens(ports.tcp), { timeoutMs: 20_000, what: 'rsyslogd' });
  };
  const stop = async (by: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined) return;
    const ended = new Promise((resolve) => {
      ending.once('exit', resolve);
    });
    ending.kill(by);
    await ended;
  };
  t.after(async () => await stop('SIGKILL'));
  await start();
  const lines = (name: string): string[] => {
    const file = join(home, name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  };
  return { ports, socket, lines, stop, start };
}

async function send(params: Record<string, unknown>, messages: readonly SendMessage[]): Promise<SinkAnswer> {
  const sink = await syslogType.create(endpoint('syslog', params), world());
  return await sink.send(notification(messages, recipient()), never);
}

const hostile = message(7, {
  title: 'x\r\n<0>forged\u0000 \u001b[31m é日本 "q" ]',
  source: { user: 'root\n' },
  origin: { source: 'idmef', sensor: 'dmz1.example' },
});

for (const transport of ['tcp', 'udp', 'tls'] as const) {
  test(`${transport}: all formats arrive byte by byte`, { skip: missing }, async (t) => {
    const rsyslog = await startRsyslog(t);
    const formats = ['rfc5424', 'rfc3164', 'cef', 'ecs', 'json', 'plaintext', 'plaintextrfc'];
    for (const format of formats) {
      const host = transport === 'tls' ? 'localhost' : '127.0.0.1';
      const ca = transport === 'tls' ? { ca_file: pki.caFile } : {};
      const params = { transport, host, port: rsyslog.ports[transport], format, ...ca };
      assert.deepEqual((await send(params, [message(1), hostile])).outcome, { kind: 'ok' }, format);
    }
    await until(() => rsyslog.lines('raw').length === 2 * formats.length, { what: 'all records' });
    const raw = rsyslog.lines('raw');
    assert.match(
      raw[0] ?? '',
      /^<130>1 2026-01-02T03:04:05\.000Z soc\.example\.org idmef - alert \[idmef@32473 messageid="id-1"/,
    );
    assert.match(
      raw[1] ?? '',
      /classification="x\\\\r\\\\n<0>forged\\\\u0000 \\\\u001b\[31m é日本 \\"q\\" \\]"/,
    );
    const fields = rsyslog.lines('fields');
    assert.match(
      fields[1] ?? '',
      /^local0\.crit\|dmz1\.example\|idmef\|alert\|\[idmef@32473 .*\]\|\[high\] x\\r\\n<0>forged/,
    );
    assert.match(
      fields[2] ?? '',
      /^local0\.crit\|soc\.example\.org\|idmef\|-\|-\| \[high\] Brute force attack/,
    );
    for (const at of [6, 7, 8, 9]) {
      const line = raw[at] ?? '';
      const document: unknown = JSON.parse(line.slice(line.indexOf('{')));
      assert.ok(typeof document === 'object', line);
    }
  });
}

test('local: through logger to the socket of the host', { skip: missing }, async (t) => {
  const rsyslog = await startRsyslog(t);
  const params = { transport: 'local', socket: rsyslog.socket, format: 'rfc3164' };
  assert.deepEqual((await send(params, [message(1), hostile])).outcome, { kind: 'ok' });
  await until(() => rsyslog.lines('fields').length === 2, { what: 'two records' });
  const [first = '', second = ''] = rsyslog.lines('fields');
  assert.match(
    first,
    /^local0\.crit\|[^|]*\|idmef\|-\|-\| ?\[high\] Brute force attack: 198\.51\.100\.7 -> 192\.0\.2\.5:22/,
  );
  assert.match(second, /\[high\] x\\r\\n<0>forged\\u0000/);
});

test('tcp: what counts as sent while it is stopped and started has arrived', { skip: missing }, async (t) => {
  const rsyslog = await startRsyslog(t);
  const params = { transport: 'tcp', host: '127.0.0.1', port: rsyslog.ports.tcp };
  const sent = new Set<number>();
  let next = 1;
  const stopping = new AbortController();
  const sending = (async () => {
    while (!stopping.signal.aborted) {
      const batch = Array.from({ length: 50 }, () => message(next++));
      const { each } = await send(params, batch);
      for (const [seq, { kind }] of each ?? []) if (kind === 'ok') sent.add(seq);
    }
  })();
  for (let round = 0; round < 4; round++) {
    const reached = sent.size;
    await until(() => sent.size > reached + 200, { timeoutMs: 20_000, what: 'traffic' });
    await rsyslog.stop();
    await rsyslog.start();
  }
  stopping.abort();
  await sending;
  await rsyslog.stop();
  const arrived = new Set(rsyslog.lines('raw').map((line) => /messageid="id-(\d+)"/.exec(line)?.[1]));
  const lost = [...sent].filter((seq) => !arrived.has(String(seq)));
  assert.deepEqual(lost, []);
});

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function existsGtls(): boolean {
  return ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].some((lib) =>
    existsSync(join(lib, 'rsyslog', 'lmnsd_gtls.so')),
  );
}
