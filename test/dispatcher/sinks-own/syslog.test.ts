/** The syslog sink against receivers on loopback, its formats by example, and what no record may hold. */

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import type { SendMessage, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { createRecorder, type RecordOptions } from '../../../src/dispatcher/sinks/own/syslog/record.ts';
import { syslogType } from '../../../src/dispatcher/sinks/own/syslog/syslog.ts';
import { anyText } from '../../support/any-text.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { counted, startDatagramServer, startStreamServer } from './log-server.ts';
import { endpoint, message, never, notification, recipient, world } from './sink-world.ts';

let pki: Pki;
let other: Pki;
const hooks: (() => void)[] = [];
before(async () => {
  const dir = tempDir({ after: (hook) => hooks.push(hook) });
  pki = await makePki(`${dir}/a`);
  other = await makePki(`${dir}/b`);
});
after(() => {
  for (const hook of hooks) hook();
});

const three = [message(1), message(2), message(3)];

async function send(
  t: TestContext,
  params: Record<string, unknown>,
  messages: readonly SendMessage[] = three,
  signal: AbortSignal = never,
): Promise<SinkAnswer> {
  const host = params['transport'] === 'local' ? {} : { host: '127.0.0.1' };
  const sink = await syslogType.create(endpoint('syslog', { ...host, ...params }), world());
  t.after(() => sink.close());
  return await sink.send(notification(messages, recipient()), signal);
}

function words({ outcome, each }: SinkAnswer): string {
  const kinds = [...(each ?? new Map()).values()].map(({ kind }: { kind: string }) => kind).join(' ');
  return `${kinds}${'reason' in outcome ? ` (${outcome.reason})` : ''}`;
}

const options: RecordOptions = {
  format: 'rfc5424',
  header: undefined,
  facility: 'local0',
  appname: 'idmef',
  maxBytes: 8192,
  hostname: 'soc',
};

const record = (
  parts: Parameters<typeof message>[1],
  more: Partial<RecordOptions> = {},
  zone = 'UTC',
): string =>
  createRecorder({ ...options, ...more })
    .alert(message(1, parts), zone)
    .toString();

describe('formats', () => {
  test('RFC 5424', () => {
    assert.equal(
      record({ origin: { source: 'idmef', sensor: 'dmz1.example', profile: 'dmz1' } }),
      '<130>1 2026-01-02T03:04:05.000Z dmz1.example idmef - alert [idmef@32473 messageid="id-1" severity="high" ' +
        'classification="Brute force attack" analyzer="nids" node="dmz1" source="198.51.100.7" target="192.0.2.5" port="22" profile="dmz1"] ' +
        '[high] Brute force attack: 198.51.100.7 -> 192.0.2.5:22 (analyzer nids at dmz1, id id-1)',
    );
  });

  test('RFC 3164, in the recipient’s time', () => {
    assert.equal(
      record({ severity: 'low' }, { format: 'rfc3164', facility: 'auth' }, 'Europe/Madrid'),
      '<37>Jan  2 04:04:05 soc idmef: [low] Brute force attack: 198.51.100.7 -> 192.0.2.5:22 (analyzer nids at dmz1, id id-1)',
    );
  });

  test('ntopng’s names', () => {
    assert.match(record({}, { format: 'plaintext' }), /^<130>Jan {2}2 03:04:05 soc idmef: \[high\] /);
    assert.match(
      record({}, { format: 'plaintextrfc' }),
      /^<130>1 2026-01-02T03:04:05.000Z soc idmef - alert - \[high\] /,
    );
  });

  test('CEF', () => {
    assert.equal(
      record({ title: 'a|b\\c=d\n' }, { format: 'cef' }),
      '<130>Jan  2 03:04:05 soc idmef: CEF:0|idmef-relay|nids|1.0|a\\|b\\\\c=d\\\\n|a\\|b\\\\c=d\\\\n|9|rt=1767323045000 externalId=id-1 ' +
        'src=198.51.100.7 dst=192.0.2.5 dpt=22 dvchost=dmz1 deviceExternalId=nids ' +
        'msg=[high] a|b\\\\c\\=d\\\\n: 198.51.100.7 -> 192.0.2.5:22 (analyzer nids at dmz1, id id-1)',
    );
  });

  for (const format of ['json', 'ecs'] as const) {
    test(`${format} is JSON after the header, however short it must be`, () => {
      for (const maxBytes of [480, 700, 1000, 2048, 65_507]) {
        const details = [{ name: 'payload', value: '"\u0085\u2028\\'.repeat(2000) }];
        const text = record({ details, title: '\u202e'.repeat(300) }, { format, maxBytes });
        assert.ok(Buffer.byteLength(text) <= maxBytes, `${Buffer.byteLength(text)} > ${maxBytes}`);
        const body: unknown = JSON.parse(text.slice(text.indexOf('{')));
        assert.ok(typeof body === 'object' && body !== null);
      }
    });
  }

  test('severities', () => {
    const of = (severity: string): string | undefined => /^<(\d+)>/.exec(record({ severity }))?.[1];
    assert.deepEqual(['high', 'medium', 'low', 'info', ''].map(of), ['130', '132', '133', '134', '132']);
  });

  test('no record holds a control character or is too long, whatever the alert says', () => {
    const text = anyText(300);
    const formats = fc.constantFrom('rfc3164', 'rfc5424', 'cef', 'ecs', 'json', 'plaintext', 'plaintextrfc');
    const parts = fc.record({
      title: text,
      analyzer: text,
      node: text,
      messageid: text,
      completion: text,
      source: fc.record({ address: text, port: text, user: text }),
      target: fc.record({ address: text, name: text, file: text, process: text }),
      origin: fc.record({ source: fc.constant('idmef'), sensor: text }),
      verbatim: text,
    });
    fc.assert(
      fc.property(formats, parts, fc.integer({ min: 480, max: 4000 }), (format, alert, maxBytes) => {
        const line = record(alert, { format, maxBytes });
        // oxlint-disable-next-line no-control-regex -- they are what it is about
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        assert.ok(Buffer.byteLength(line) <= maxBytes);
        assert.match(line, /^<\d{1,3}>/);
      }),
      { numRuns: 150 },
    );
  });

  test('structured data never crowd out the text, however long the fields are', () => {
    const long = '\u202e"]\\'.repeat(100);
    for (const maxBytes of [480, 2048, 8192]) {
      const line = record(
        {
          title: long,
          analyzer: long,
          node: long,
          messageid: long,
          completion: long,
          source: { address: long },
        },
        { maxBytes, mark: () => 'STORE1' },
      );
      assert.ok(Buffer.byteLength(line) <= maxBytes, `${Buffer.byteLength(line)} > ${maxBytes}`);
      const text = line.slice(line.indexOf('idmef-relay-delivery="STORE1"] ') + 31);
      assert.ok(
        text.startsWith('[high] ') && text.length > maxBytes / 3,
        `only ${text.length} characters of text`,
      );
    }
  });

  test('what is cut says how much', () => {
    const line = record({ title: 'é'.repeat(2000) }, { maxBytes: 600, format: 'rfc3164' });
    const note = /… \[(\d+) bytes cut\]$/.exec(line);
    const whole = record({ title: 'é'.repeat(2000) }, { maxBytes: 60_000, format: 'rfc3164' });
    const kept = Buffer.byteLength(line) - Buffer.byteLength(note?.[0] ?? '');
    assert.equal(Number(note?.[1]), Buffer.byteLength(whole) - kept);
  });
});

describe('TCP', { concurrency: 4 }, () => {
  test('a call is one connection, counted, and sent when the receiver has closed after us', async (t) => {
    const server = await startStreamServer(t);
    assert.equal(words(await send(t, { transport: 'tcp', port: server.port })), 'ok ok ok');
    assert.equal(server.streams.length, 1);
    assert.deepEqual(
      counted(server.streams[0] ?? '').map((line) => /messageid="([^"]+)"/.exec(line)?.[1]),
      ['id-1', 'id-2', 'id-3'],
    );
  });

  test('with line ends', async (t) => {
    const server = await startStreamServer(t);
    await send(t, { transport: 'tcp', port: server.port, framing: 'lf' });
    const lines = (server.streams[0] ?? '').split('\n');
    assert.equal(lines.length, 4);
    assert.equal(lines[3], '');
  });

  const faults = [
    ['reset', /^again again again \(syslog server 127\.0\.0\.1:\d+ \(tcp\) broke the connection off/],
    [
      'early',
      /^again again again \(syslog server 127\.0\.0\.1:\d+ \(tcp\) closed the connection before it had read everything/,
    ],
  ] as const;
  for (const [fault, expected] of faults) {
    test(`G-NT: a receiver that fails is no success: ${fault}`, async (t) => {
      const server = await startStreamServer(t);
      server.fault = fault;
      // More than the system takes on its own.
      const big = Array.from({ length: 200 }, (_, n) => message(n, { verbatim: 'x'.repeat(60_000) }));
      const result = await send(t, { transport: 'tcp', port: server.port, max_bytes: 65_000 }, big);
      assert.match(words(result).replace(/^(again ){197}/, ''), expected);
      assert.equal(result.outcome.kind, 'again');
    });
  }

  test('a receiver that closes of itself has confirmed nothing, however orderly', async (t) => {
    const server = await startStreamServer(t);
    server.fault = 'slam';
    for (let n = 0; n < 20; n++) {
      const { outcome } = await send(t, { transport: 'tcp', port: server.port });
      assert.equal(outcome.kind, 'again');
    }
  });

  test('G-NT: nobody there is no success, and the reason names the server', async (t) => {
    assert.match(
      words(await send(t, { transport: 'tcp', port: 1 })),
      /^again again again \(syslog server 127\.0\.0\.1:1 \(tcp\) refused the connection/,
    );
  });

  test('over IPv6 the receiver’s end is proof as well', { skip: noIpv6() }, async (t) => {
    const server = await startStreamServer(t, undefined, '::1');
    assert.equal(words(await send(t, { transport: 'tcp', host: '::1', port: server.port })), 'ok ok ok');
    server.fault = 'slam';
    assert.match(
      words(await send(t, { transport: 'tcp', host: '::1', port: server.port })),
      /^again again again \(syslog server \[::1\]:\d+ \(tcp\) /,
    );
  });

  test('receipt: flush is content with the system’s word, and does not wait for the receiver', async (t) => {
    const server = await startStreamServer(t);
    server.fault = 'open';
    assert.equal(words(await send(t, { transport: 'tcp', port: server.port, receipt: 'flush' })), 'ok ok ok');
  });

  test('receipt: flush: a receiver that says something does not cost what is still on its way', async (t) => {
    const server = await startStreamServer(t);
    server.fault = 'talk';
    const big = Array.from({ length: 10 }, (_, n) => message(n, { verbatim: 'x'.repeat(60_000) }));
    const params = { transport: 'tcp', port: server.port, receipt: 'flush', max_bytes: 65_000 };
    assert.match(words(await send(t, params, big)), /^(ok ?){10}$/);
    await until(() => server.streams.length === 1);
    await server.talk('what was that?');
    await until(() => counted(server.streams[0] ?? '').length === 10, { what: 'all ten records' });
  });

  test('receipt: flush keeps what the system has not taken', async (t) => {
    const server = await startStreamServer(t);
    server.fault = 'deaf';
    const big = Array.from({ length: 200 }, (_, n) => message(n, { verbatim: 'x'.repeat(60_000) }));
    const stop = new AbortController();
    const sending = send(
      t,
      { transport: 'tcp', port: server.port, receipt: 'flush', max_bytes: 65_000 },
      big,
      stop.signal,
    );
    await until(() => server.streams.length === 1);
    stop.abort(new Error('time is up'));
    await assert.rejects(sending, /time is up/);
  });

  test('a test says so in one line', async (t) => {
    const server = await startStreamServer(t);
    const sink = await syslogType.create(
      endpoint('syslog', { host: '127.0.0.1', transport: 'tcp', port: server.port }),
      world(),
    );
    const rendered = { subject: '', body: '', plain: 'This is a test\nof ana' };
    const result = await sink.send(notification([], recipient(), { form: 'test', rendered }), never);
    assert.equal(result.outcome.kind, 'ok');
    assert.match(counted(server.streams[0] ?? '')[0] ?? '', / test - This is a test of ana \(#k3f9\)$/);
  });
});

describe('TLS', () => {
  const leafOf = ({ server }: Pki) => ({ cert: server.certPem, key: server.keyPem });

  test('RFC 5425', async (t) => {
    const server = await startStreamServer(t, leafOf(pki));
    const result = await send(t, {
      transport: 'tls',
      host: 'localhost',
      port: server.port,
      ca_file: pki.caFile,
    });
    assert.equal(words(result), 'ok ok ok');
    assert.equal(counted(server.streams[0] ?? '').length, 3);
  });

  test('with our certificate', async (t) => {
    const server = await startStreamServer(t, { ...leafOf(pki), ca: pki.caPem, requestCert: true });
    const client = { client_cert: pki.client.certFile, client_key: pki.client.keyFile };
    const params = { transport: 'tls', host: 'localhost', port: server.port, ca_file: pki.caFile };
    assert.equal(words(await send(t, { ...params, ...client })), 'ok ok ok');
    assert.match(words(await send(t, params)), /^(again|broken) /);
    assert.equal(server.streams.length, 1);
  });

  test('a foreign authority gets nothing', async (t) => {
    const server = await startStreamServer(t, leafOf(pki));
    const result = await send(t, {
      transport: 'tls',
      host: 'localhost',
      port: server.port,
      ca_file: other.caFile,
    });
    assert.match(
      words(result),
      /^broken broken broken \(syslog server localhost:\d+ \(tls\) shows a certificate whose issuer/,
    );
    assert.deepEqual(server.streams.join(''), '');
  });
});

describe('UDP', () => {
  test('one datagram a record, cut to the length', async (t) => {
    const server = await startDatagramServer(t);
    const long = message(2, { title: 'x'.repeat(9000) });
    const result = await send(t, { transport: 'udp', port: server.port, format: 'rfc3164' }, [
      message(1),
      long,
    ]);
    assert.equal(words(result), 'ok ok');
    await until(() => server.records.length === 2);
    assert.ok(Buffer.byteLength(server.records[1] ?? '') <= 2048);
    assert.match(server.records[1] ?? '', /bytes cut\]$/);
  });

  test('a hundred in a row are not too many', async (t) => {
    const server = await startDatagramServer(t);
    const many = Array.from({ length: 100 }, (_, n) => message(n));
    await send(t, { transport: 'udp', port: server.port }, many);
    await until(() => server.records.length === 100);
  });

  test('G-NT: a port nobody listens on is no success for any of the call, where the network says so', async (t) => {
    const many = Array.from({ length: 40 }, (_, n) => message(n));
    assert.match(
      words(await send(t, { transport: 'udp', port: 1 }, many)),
      /^(again ){40}\(syslog server 127\.0\.0\.1:1 \(udp\) refused the connection/,
    );
  });

  test('an address that cannot be sent to is named with the system’s reason', async (t) => {
    assert.match(
      words(await send(t, { transport: 'udp', host: '255.255.255.255', port: 514 })),
      /^again again again \(syslog server 255\.255\.255\.255:514 \(udp\) cannot be talked to \(EACCES\)/,
    );
  });

  test('it is said that nobody confirms it', async () => {
    const deps = world();
    await syslogType.create(endpoint('syslog', { transport: 'udp', host: '127.0.0.1' }), deps);
    assert.match(deps.log.lines[0]?.text ?? '', /unacknowledged/);
    assert.match(syslogType.summary, /udp \(unacknowledged\)/);
  });
});

describe('settings', () => {
  const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['no host', { transport: 'tcp' }, /host is for udp, tcp and tls, and needed there/],
    ['a host for local', { transport: 'local', host: 'x' }, /host is for/],
    ['a host that is none', { transport: 'tcp', host: 'a:b' }, /host name or an address/],
    ['a tag that could forge a header', { transport: 'tcp', host: 'x', appname: 'a b\n' }, /appname/],
    ['half a certificate', { transport: 'tls', host: 'x', client_cert: '/x' }, /go together/],
  ];
  for (const [name, params, expected] of refused) {
    test(
      name,
      async () => await assert.rejects(syslogType.create(endpoint('syslog', params), world()), expected),
    );
  }

  test('the local syslog is not for endpoints of the database', async () => {
    const local = endpoint('syslog', { transport: 'local' }, { provenance: 'database' });
    await assert.rejects(syslogType.create(local, world()), /configuration file only/);
  });

  test('a local socket that is not there', async (t) => {
    assert.match(
      words(await send(t, { transport: 'local', socket: '/nonexistent/log' })),
      /^again again again \(/,
    );
  });
});

function noIpv6(): string | false {
  const has = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  return has ? false : 'this host has no ::1';
}
