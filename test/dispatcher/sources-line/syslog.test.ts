/**
 * Syslog as a source over real sockets: UDP, TCP, TLS; AlertGateway's posts by key (reference: A.1.3, G); what is malformed, too much,
 * or from strangers; stored only after commit, in batches, with senders held back while the store fails.
 */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { after, before, describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { syslogLimits } from '../../../src/core/limits.ts';
import { Pace } from '../../../src/dispatcher/keys/pace.ts';
import { allowFrom } from '../../../src/dispatcher/sources/line/allow-from.ts';
import type { JudgingLineSource } from '../../../src/dispatcher/sources/line/deps.ts';
import { Sayings } from '../../../src/dispatcher/sources/line/sayings.ts';
import { Intake, type IntakeBounds } from '../../../src/dispatcher/sources/line/syslog/intake.ts';
import {
  createSyslogSource,
  type SyslogConfig,
} from '../../../src/dispatcher/sources/line/syslog/syslog-source.ts';
import { createStreamListener } from '../../../src/dispatcher/sources/line/syslog/stream-listener.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import { type Credentials, loadCredentials } from '../../../src/tls/credentials.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { ANA_KEY, everything, type LineWorld, lineWorld, NARROW_KEY } from './line-world.ts';

const CONFIG: SyslogConfig = {
  name: 'syslog-test',
  address: '127.0.0.1',
  port: 0,
  transport: 'udp',
  allowFrom: ['127.0.0.0/8'],
  keyedOnly: false,
};

let pki: Pki;

interface Running {
  readonly world: LineWorld;
  readonly source: JudgingLineSource;
  readonly port: number;
  /** Datagrams, each handed to the kernel before the next. */
  readonly send: (...datagrams: readonly (string | Buffer)[]) => Promise<void>;
  readonly tcp: () => Promise<Socket>;
  readonly tls: (options?: ConnectionOptions) => Promise<Socket>;
}

async function start(
  t: TestContext,
  config: Partial<SyslogConfig> = {},
  credentials?: Credentials,
  world = lineWorld(),
): Promise<Running> {
  const secure = credentials === undefined ? {} : { credentials };
  const source = createSyslogSource({ ...CONFIG, ...config }, { ...world, ...secure });
  const { port } = await source.listen();
  const client = createSocket('udp4');
  const sockets: Socket[] = [];
  t.after(async () => {
    client.close();
    for (const socket of sockets) socket.destroy();
    await source.close();
  });
  const opened = async (socket: Socket, event: string): Promise<Socket> => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    await Promise.race([once(socket, event), once(socket, 'close')]);
    return socket;
  };
  return {
    world,
    source,
    port,
    send: async (...datagrams) => {
      for (const datagram of datagrams) {
        await new Promise<void>((resolve, reject) => {
          client.send(datagram, port, '127.0.0.1', (error) => {
            if (error === null) resolve();
            else reject(error);
          });
        });
      }
    },
    tcp: async () => opened(connect({ port, host: '127.0.0.1' }), 'connect'),
    tls: async (options) =>
      opened(connectTls({ port, host: '127.0.0.1', ca: pki.caPem, ...options }), 'secureConnect'),
  };
}

function credentialsOf({ server, caFile }: Pki, crlFile?: string): Credentials {
  const crl = crlFile === undefined ? {} : { crlFile };
  return loadCredentials({
    certFile: server.certFile,
    keyFile: server.keyFile,
    caFile,
    policy: 'anssi',
    ...crl,
  });
}

function keyed(text: string, token: string, channel: string): string {
  return `${text}|ALERTGW|${JSON.stringify({ token, channel })}`;
}

describe('syslog over UDP', () => {
  test('a message becomes an alert: what it says of itself is shown, who brought it is recorded', async (t) => {
    const { world, send } = await start(t);
    await send(
      '<34>1 2026-11-30T09:59:00Z web1 sshd 4711 ID47 [o@1 ip="192.0.2.7"] Failed password for root',
    );
    await world.door.until(1);
    const [stored] = world.door.stored;
    assert.ok(stored);
    assert.deepEqual(stored.origin, { source: 'syslog-test', address: '127.0.0.1' });
    assert.deepEqual([stored.forced, stored.verbatim], [undefined, undefined]);
    const view = await viewMessage(stored.body);
    assert.equal(view.classification, 'Failed password for root');
    assert.equal(view.severity, 'high');
    assert.equal(view.detectTime?.iso, '2026-11-30T09:59:00Z');
    const [analyzer] = view.analyzers;
    assert.deepEqual(
      [analyzer?.analyzerid, analyzer?.name, analyzer?.node?.name],
      ['syslog-test@manager.example', 'sshd', 'web1'],
    );
    assert.deepEqual(
      view.additionalData.map(({ meaning, value }) => `${meaning}=${value}`),
      [
        'syslog facility=auth',
        'syslog severity=crit',
        'syslog pid=4711',
        'syslog msgid=ID47',
        'o@1 ip=192.0.2.7',
        'body=Failed password for root',
      ],
    );
  });

  test('severities are those of the table (E.8)', async (t) => {
    const { world, send } = await start(t);
    await send(...Array.from({ length: 8 }, (_, severity) => `<${8 + severity}>x${severity}`));
    await world.door.until(8);
    const views = await Promise.all(world.door.stored.map(async ({ body }) => viewMessage(body)));
    assert.deepEqual(
      views.map(({ severity }) => severity),
      ['high', 'high', 'high', 'medium', 'medium', 'low', 'info', 'info'],
    );
  });

  test('A.1.3: a post by key goes to its channel, the text before the marker as it is', async (t) => {
    const { world, send } = await start(t);
    await send(keyed('<13>Nov 30 10:00:00 db1 cron: disk full', ANA_KEY, 'ops'));
    await world.door.until(1);
    const [stored] = world.door.stored;
    assert.deepEqual(stored?.forced, ['ops']);
    assert.equal(stored.verbatim, '<13>Nov 30 10:00:00 db1 cron: disk full');
    assert.deepEqual(stored.origin, { source: 'syslog-test', address: '127.0.0.1', key: 1, owner: 'ana' });
    assert.equal((await viewMessage(stored.body)).classification, 'disk full');
  });

  test('A.1.3: * is all channels of the user', async (t) => {
    const { world, send } = await start(t);
    await send(keyed('x', ANA_KEY, '*'), keyed('x', NARROW_KEY, '*'));
    await world.door.until(2);
    assert.deepEqual(
      world.door.stored.map(({ forced }) => forced),
      [['ops', 'night'], ['shared']],
    );
  });

  test('G-AG: key in clear on UDP: no listener without allow_from', () => {
    for (const transport of ['udp', 'tcp'] as const) {
      assert.throws(
        () => createSyslogSource({ ...CONFIG, transport, allowFrom: [] }, lineWorld()),
        (error) => error instanceof RelayError && error.code === 'CONFIG' && /allow_from/.test(error.message),
      );
    }
  });

  test('G-AG: key in clear on UDP: the key is neither stored nor said', async (t) => {
    const { world, send } = await start(t);
    await send(
      keyed(`<13>my token is ${ANA_KEY}`, ANA_KEY, 'ops'),
      `<13>broken|ALERTGW|{"token":"${ANA_KEY}"`,
      keyed('x', ANA_KEY, 'none'),
    );
    await world.door.untilRefused('unknown-channel');
    await world.door.until(1);
    assert.ok(!everything(world).includes(ANA_KEY));
    assert.equal(world.door.stored[0]?.verbatim, '<13>my token is [key]');
  });

  for (const [what, datagram, reason] of [
    ['G-AG: malformed syslog datagram throws: broken JSON', 'x|ALERTGW|{', 'malformed'],
    ['G-AG: malformed syslog datagram throws: no token', 'x|ALERTGW|{"channel":"ops"}', 'malformed'],
    ['G-AG: malformed syslog datagram throws: no object', 'x|ALERTGW|7', 'malformed'],
    ['an empty datagram', '', 'malformed'],
    ['a priority alone', '<13>\n', 'malformed'],
    ['zeros', Buffer.alloc(8), 'malformed'],
    ['an unknown key', keyed('x', 'f'.repeat(32), 'ops'), 'unknown-key'],
    ['an unknown channel', keyed('x', ANA_KEY, 'none'), 'unknown-channel'],
    ['a channel of another', keyed('x', ANA_KEY, 'bobs'), 'forbidden'],
    ['a disabled channel', keyed('x', ANA_KEY, 'off'), 'disabled-channel'],
  ] as const) {
    test(`${what}: counted, nothing stored, the next one is`, async (t) => {
      const { world, send } = await start(t);
      await send(datagram, '<13>good');
      await world.door.until(1);
      assert.deepEqual([...world.door.refusals], [[reason, 1]]);
      assert.equal(world.door.stored.length, 1);
    });
  }

  test('bytes that are no UTF-8 are Latin-1, and any bytes are stored or counted', async (t) => {
    const { world, send } = await start(t);
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await send(Buffer.from('<13>caf\xe9', 'latin1'), Buffer.concat([Buffer.from('<13>'), all]), all);
    await world.door.until(3);
    const view = await viewMessage(world.door.stored[0]?.body ?? Buffer.alloc(0));
    assert.equal(view.classification, 'café');
  });

  test('with keyed_only nothing else is taken', async (t) => {
    const { world, send } = await start(t, { keyedOnly: true });
    await send('<13>anybody', keyed('x', ANA_KEY, 'ops'));
    await world.door.until(1);
    assert.deepEqual([...world.door.refusals], [['no-key', 1]]);
  });

  test('our own delivery coming back is refused and counted, another dispatcher’s is taken', async (t) => {
    const { world, send } = await start(t);
    const of = (mark: string, text = 'scan'): string =>
      `<36>1 2026-11-30T09:59:00Z manager idmef-relay - alert [idmef@32473 severity="high" idmef-relay-delivery="${mark}"] ${text}`;
    // What an attacker can write stands in the text, and is no mark.
    await send(of('STORE1'), keyed(of('STORE1'), ANA_KEY, 'ops'), of('STORE2'), of('STORE2', of('STORE1')));
    await world.door.until(2);
    assert.deepEqual([...world.door.refusals], [['loop', 2]]);
  });

  test('datagrams from other networks are counted, and said once', async (t) => {
    const { world, send } = await start(t, { allowFrom: ['192.0.2.0/24'] });
    await send('<13>a', '<13>b', '<13>c');
    await world.door.untilRefused('not-allowed', 3);
    assert.equal(world.door.stored.length, 0);
    assert.equal(world.log.lines.length, 1);
  });

  test('many datagrams go into one transaction', async (t) => {
    const { world, send } = await start(t);
    let open: () => void = () => undefined;
    world.door.gate = new Promise((resolve) => {
      open = resolve;
    });
    await send(...Array.from({ length: 60 }, (_, n) => `<13>${n}`));
    open();
    await world.door.until(60);
    assert.ok(world.door.batches.length <= 3, world.door.batches.join());
    const titles = await Promise.all(
      world.door.stored.map(async ({ body }) => (await viewMessage(body)).classification),
    );
    assert.deepEqual(
      titles,
      Array.from({ length: 60 }, (_, n) => String(n)),
    );
  });

  test('a store that fails is asked again; nothing that waits is lost', async (t) => {
    const { world, send } = await start(t);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    await send('<13>a');
    await timerSet(world);
    await send('<13>b');
    world.door.fail = undefined;
    world.timers.advance(syslogLimits.retryMs);
    await world.door.until(2);
    assert.deepEqual([...world.door.refusals], []);
    assert.equal(world.log.lines.length, 1);
  });

  test('a message that alone breaks the door is dropped and counted, the others are not', async (t) => {
    const { world, send } = await start(t);
    const accept = world.door.accept.bind(world.door);
    world.door.accept = async (batch) => {
      if (batch.some(({ body }) => body.includes('poison'))) throw new TypeError('a mistake');
      return accept(batch);
    };
    await send('<13>a', '<13>poison', '<13>b');
    await world.door.until(2);
    await world.door.untilRefused('invalid');
    assert.equal(world.door.stored.length, 2);
  });

  test('beyond the queue messages are dropped, and every one is counted', async () => {
    const world = lineWorld();
    const { intake, offer } = intakeOf(world);
    world.door.fail = new RelayError('JOURNAL_IO', 'away');
    assert.ok(offer('<13>first'));
    await timerSet(world);
    for (let n = 0; n < syslogLimits.queuedMessages; n += 1) assert.ok(offer('<13>x'));
    for (let n = 0; n < 5; n += 1) assert.ok(!offer('<13>lost'));
    assert.equal(intake.hasRoom, false);
    world.timers.advance(syslogLimits.retryMs);
    await world.door.untilRefused('busy', 5);
    await timerSet(world);
    await intake.close();
    assert.equal(world.door.refusals.get('busy'), 5 + syslogLimits.queuedMessages + 1);
    assert.equal(world.log.events('syslog-dropped').length, 1);
  });

  test('the queue is bounded in bytes too', async () => {
    const world = lineWorld();
    const { intake, offer } = intakeOf(world);
    world.door.fail = new RelayError('JOURNAL_IO', 'away');
    const large = 'x'.repeat(syslogLimits.frameBytes);
    let taken = 0;
    while (offer(large)) taken += 1;
    assert.equal(taken, syslogLimits.queuedBytes / syslogLimits.frameBytes);
    await intake.close();
  });

  test('closing stores what waits, when the store works', async (t) => {
    const { world, send, source } = await start(t);
    await send('<13>a', '<13>b');
    await world.door.until(1);
    await source.close();
    assert.equal(world.door.stored.length, 2);
  });
});

describe('syslog over TCP', () => {
  test('both framings on one connection, a last line without its end', async (t) => {
    const { world, tcp } = await start(t, { transport: 'tcp' });
    const socket = await tcp();
    socket.write('5 <13>a<13>line\n11 <13>two\nfor');
    socket.end(`<13>last`);
    await world.door.until(4);
    const bodies = await Promise.all(world.door.stored.map(async ({ body }) => bodyOf(body)));
    assert.deepEqual(bodies, ['a', 'line', 'two\nfor', 'last']);
  });

  test('A.1.3: a post by key', async (t) => {
    const { world, tcp } = await start(t, { transport: 'tcp' });
    (await tcp()).end(`${keyed('<13>disk full', ANA_KEY, 'ops')}\n`);
    await world.door.until(1);
    assert.deepEqual(world.door.stored[0]?.forced, ['ops']);
  });

  test('what is too long or cut off is counted, the connection goes on', async (t) => {
    const { world, tcp } = await start(t, { transport: 'tcp' });
    (await tcp()).end(`${'x'.repeat(syslogLimits.frameBytes + 1)}\n<13>after\n100 <13>cut`);
    await world.door.until(1);
    await world.door.untilRefused('malformed');
    assert.deepEqual(Object.fromEntries(world.door.refusals), { 'too-large': 1, malformed: 1 });
  });

  test('a sender is held back while the store fails, and loses nothing', async (t) => {
    const world = lineWorld();
    const { intake } = intakeOf(world, { ...syslogLimits, queuedMessages: 20, resumeMessages: 10 });
    const { port } = await listenerOf(t, world, intake);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    // More than the queue holds: what was dropped would be counted, and missing in the end.
    const lines = Array.from({ length: 300 }, (_, n) => `<13>${n}\n`);
    for (const line of lines) socket.write(line);
    await timerSet(world);
    socket.end();
    world.door.fail = undefined;
    world.timers.advance(syslogLimits.retryMs);
    await world.door.until(300);
    assert.deepEqual([...world.door.refusals], []);
    const bodies = await Promise.all(world.door.stored.map(async ({ body }) => bodyOf(body)));
    assert.deepEqual(
      bodies,
      lines.map((_, n) => String(n)),
    );
  });

  test('what was read and cannot be stored any more is counted when the source ends', async (t) => {
    const world = lineWorld();
    const { intake } = intakeOf(world, { ...syslogLimits, queuedMessages: 5, resumeMessages: 2 });
    const { listener, port } = await listenerOf(t, world, intake);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write(Array.from({ length: 30 }, (_, n) => `<13>${n}\n`).join(''));
    await timerSet(world);
    await listener.close();
    await intake.close();
    assert.deepEqual([...world.door.refusals], [['busy', 30]]);
    assert.equal(world.door.stored.length, 0);
  });

  test('remains of broken connections are bounded while the store fails', async (t) => {
    const world = lineWorld();
    const { intake } = intakeOf(world, { ...syslogLimits, queuedMessages: 1, resumeMessages: 0 });
    const { port } = await listenerOf(t, world, intake);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    for (let n = 0; n < syslogLimits.waiting; n += 1) intake.onRoom(() => undefined);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(Array.from({ length: 10 }, (_, n) => `<13>${n}\n`).join(''));
    await once(socket, 'close');
    await timerSet(world);
    world.door.fail = undefined;
    world.timers.advance(syslogLimits.retryMs);
    await world.door.until(1);
    await intake.idle();
    assert.deepEqual([world.door.stored.length, world.door.refusals.get('busy')], [1, 9]);
  });

  test('a dual-stack listener names IPv4 senders by IPv4', async (t) => {
    for (const transport of ['udp', 'tcp'] as const) {
      const { world, send, tcp } = await start(t, { transport, address: '::' });
      if (transport === 'udp') await send('<13>a');
      else (await tcp()).end('<13>a');
      await world.door.until(1);
      assert.equal(world.door.stored[0]?.origin.address, '127.0.0.1');
    }
  });

  test('connections from other networks, and too many of one address, are ended and counted', async (t) => {
    const strange = await start(t, { transport: 'tcp', allowFrom: ['192.0.2.0/24'] });
    (await strange.tcp()).end('<13>x\n');
    await strange.world.door.untilRefused('not-allowed');
    const { world, tcp } = await start(t, { transport: 'tcp' });
    const sockets = await Promise.all(Array.from({ length: syslogLimits.perAddress + 1 }, tcp));
    await world.door.untilRefused('busy');
    for (const socket of sockets) socket.end('<13>x\n');
    await world.door.until(syslogLimits.perAddress);
    assert.equal(strange.world.door.stored.length, 0);
  });
});

describe('syslog over TLS', () => {
  const dir = tempDir({ after });
  before(async () => {
    pki = await makePki(dir);
  });

  test('a certificate of ours is required; its name is recorded', async (t) => {
    const { world, tls } = await start(t, { transport: 'tls', allowFrom: [] }, credentialsOf(pki));
    const without = await tls();
    await Promise.race([once(without, 'close'), world.door.untilRefused('not-allowed')]);
    const { certPem: cert, keyPem: key } = pki.client;
    (await tls({ cert, key })).end('5 <13>a');
    await world.door.until(1);
    assert.deepEqual(world.door.stored[0]?.origin, {
      source: 'syslog-test',
      address: '127.0.0.1',
      peer: 'manager1',
    });
    assert.equal(world.door.refusals.get('not-allowed'), 1);
  });

  test('with allow_from one may come without a certificate, but not with a foreign one', async (t) => {
    const { world, tls } = await start(t, { transport: 'tls' }, credentialsOf(pki));
    (await tls()).end('5 <13>a');
    await world.door.until(1);
    assert.equal(world.door.stored[0]?.origin.peer, undefined);
    const foreign = await makePki(tempDir(t));
    await tls({ cert: foreign.client.certPem, key: foreign.client.keyPem });
    await world.door.untilRefused('not-allowed');
  });

  test('a revoked certificate is refused, from the moment the list is in force', async (t) => {
    const { world, source, tls } = await start(t, { transport: 'tls', allowFrom: [] }, credentialsOf(pki));
    const { certPem: cert, keyPem: key, serial } = pki.client;
    (await tls({ cert, key })).end('5 <13>a');
    await world.door.until(1);
    source.adopt(credentialsOf(pki, await pki.crl({ revoked: [serial] })));
    await tls({ cert, key });
    await world.door.untilRefused('not-allowed');
    assert.equal(world.door.stored.length, 1);
  });

  test('an open connection is cut once its certificate is revoked; others stay', async (t) => {
    const { world, source, tls } = await start(t, { transport: 'tls', allowFrom: [] }, credentialsOf(pki));
    const other = await pki.issue({ name: 'other', san: ['DNS:other1'], eku: ['client'] });
    const { certPem: cert, keyPem: key, serial } = pki.client;
    const revoked = await tls({ cert, key });
    const kept = await tls({ cert: other.certPem, key: other.keyPem });
    revoked.write('5 <13>a');
    await world.door.until(1);
    source.adopt(credentialsOf(pki, await pki.crl({ revoked: [serial] })));
    await once(revoked, 'close');
    assert.match(world.log.events('peer-cut')[0]?.text ?? '', /^syslog-test: manager1: .*revoked/);
    kept.write('5 <13>b');
    await world.door.until(2);
    assert.equal(world.door.stored[1]?.origin.peer, 'other1');
  });

  test('a connection is cut once its authority is not ours any more', async (t) => {
    const { world, source, tls } = await start(t, { transport: 'tls', allowFrom: [] }, credentialsOf(pki));
    const { certPem: cert, keyPem: key } = pki.client;
    const open = await tls({ cert, key });
    open.write('5 <13>a');
    await world.door.until(1);
    source.adopt(credentialsOf(await makePki(tempDir(t))));
    await once(open, 'close');
  });

  test('a strict list past its end lets nobody in, and cuts who is there', async (t) => {
    const world = lineWorld();
    const nextUpdate = new Date(Math.max(Date.now(), world.clock.now()) + 24 * 3_600_000);
    const crlFile = await pki.crl({ revoked: [], nextUpdate });
    const strict: Credentials = loadCredentials({
      certFile: pki.server.certFile,
      keyFile: pki.server.keyFile,
      caFile: pki.caFile,
      crlFile,
      crlStrict: true,
      policy: 'anssi',
    });
    const { source, tls } = await start(t, { transport: 'tls', allowFrom: [] }, strict, world);
    const { certPem: cert, keyPem: key } = pki.client;
    const open = await tls({ cert, key });
    open.write('5 <13>a');
    await world.door.until(1);
    world.timers.advance(10 * 365 * 24 * 3_600_000);
    source.refresh();
    await once(open, 'close');
    await tls({ cert, key });
    await world.door.untilRefused('not-allowed');
  });

  test('who only looks whether somebody listens is nobody that was refused', async (t) => {
    const { world, tcp, tls } = await start(t, { transport: 'tls' }, credentialsOf(pki));
    (await tcp()).destroy();
    (await tls()).end('5 <13>a');
    await world.door.until(1);
    assert.deepEqual([...world.door.refusals], []);
  });

  test('what does not speak TLS is counted', async (t) => {
    const { world, tcp } = await start(t, { transport: 'tls' }, credentialsOf(pki));
    (await tcp()).end('<13>in clear\n');
    await world.door.untilRefused('malformed');
    assert.equal(world.door.stored.length, 0);
  });
});

interface Offering {
  readonly intake: Intake;
  readonly offer: (text: string) => boolean;
}

function intakeOf(world: LineWorld, bounds: IntakeBounds = syslogLimits): Offering {
  const deps = {
    ...world,
    source: 'test',
    keyedOnly: false,
    pace: new Pace(world.clock),
    sayings: new Sayings(world.log, world.clock),
  };
  const intake = new Intake(deps, bounds);
  const origin = { source: 'test' };
  return { intake, offer: (text) => intake.offer({ bytes: Buffer.from(text), origin }) };
}

async function listenerOf(
  t: TestContext,
  world: LineWorld,
  intake: Intake,
): Promise<{ readonly listener: JudgingLineSource; readonly port: number }> {
  const listener = createStreamListener({
    ...world,
    source: 'test',
    address: '127.0.0.1',
    port: 0,
    allowed: allowFrom('test', []),
    sayings: new Sayings(world.log, world.clock),
    intake,
  });
  const { port } = await listener.listen();
  t.after(async () => {
    await listener.close();
    await intake.close();
  });
  return { listener, port };
}

async function bodyOf(body: Buffer): Promise<unknown> {
  const { additionalData } = await viewMessage(body);
  return additionalData.find(({ meaning }) => meaning === 'body')?.value;
}

/** The intake waits for a second try. */
async function timerSet({ timers }: LineWorld): Promise<void> {
  while (timers.pending === 0) await new Promise((resolve) => setImmediate(resolve));
}
