/**
 * What an operator sees when a run of http-proxy fails: for each fault its exit code and one line that names
 * cause and remedy (ARCHITECTURE.md: Poller). The ten faults every installation will meet, then what else may answer on a
 * sensor's port. Settings files and certificates that cannot be used are in start-faults.test.ts.
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { freePort } from '../support/free-port.ts';
import { makePki } from '../support/pki.ts';
import { runProgram, startProgram, type Program } from '../support/program.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { assertNoStack, ended, expectFault, literal, textsOf, type ExpectedFault } from './expect-fault.ts';
import { answer, startStub, type Behaviour } from './stub-peer.ts';

const DAY = 86_400_000;

/** In every line: the profile's name, derived from the URL, and the sensor. */
const SENSOR = 'localhost-\\d+: sensor https:\\/\\/localhost:\\d+\\/';

function sensorFault(exit: number, rest: string): ExpectedFault {
  return { exit, error: new RegExp(`${SENSOR}${rest}`) };
}

describe('the ten faults', () => {
  test('sensor down: 69, and how long it has lasted', async (t) => {
    const world = await makeWorld(tempDir(t));
    const line = ' refused the connection \\(ECONNREFUSED\\)';
    const remedy = '; is the service running, and is the port right';
    await expectFault(world.startPoller(), sensorFault(69, `${line}${remedy}`));
    const since = ', since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d, run 2';
    await expectFault(world.startPoller(), sensorFault(69, `${line}${since}${remedy}`));
  });

  test('certificate of the sensor expired: 76', async (t) => {
    const world = await makeWorld(tempDir(t));
    const notAfter = new Date(Date.now() - DAY);
    const leaf = await world.pki.issue({
      name: 'expired',
      cn: 'localhost',
      san: ['DNS:localhost'],
      notBefore: new Date(Date.now() - 2 * DAY),
      notAfter,
    });
    const stub = await startStub({ kind: 'silent' }, { port: world.sensorPort, pki: world.pki, leaf });
    t.after(() => stub.close());
    const day = notAfter.toISOString().slice(0, 10);
    await expectFault(
      world.startPoller(),
      sensorFault(76, ` shows a certificate that ended ${day}; renew it on that host`),
    );
  });

  test('certificate of the poller expired: 76, and said on the sensor too', async (t) => {
    const world = await makeWorld(tempDir(t));
    const mine = await world.pki.issue({
      name: 'old-client',
      cn: 'manager1',
      san: ['DNS:manager1'],
      notBefore: new Date(Date.now() - 2 * DAY),
      notAfter: new Date(Date.now() - DAY),
    });
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const poller = world.startPoller(['--cert', mine.certFile, '--key', mine.keyFile]);
    await expectFault(poller, sensorFault(76, `.* our certificate ${literal(mine.certFile)}\\b.*`));
    const [warning = ''] = textsOf(poller.stderr(), 'warning');
    assert.match(warning, new RegExp(`--cert ${literal(mine.certFile)} (?:expired|ended)`));
    await sensor.line(/warning: 127\.0\.0\.1:\d+: TLS handshake refused: .*expired/);
  });

  test('wrong CA: 76', async (t) => {
    const dir = tempDir(t);
    const world = await makeWorld(dir);
    const foreign = await makePki(join(dir, 'foreign'));
    const { port, pki, leaf } = { port: world.sensorPort, pki: world.pki, leaf: foreign.server };
    const stub = await startStub({ kind: 'silent' }, { port, pki, leaf });
    t.after(() => stub.close());
    await expectFault(
      world.startPoller(),
      sensorFault(
        76,
        ` shows a certificate whose issuer \\(Test CA [0-9a-f]+\\) is not in ${literal(pki.caFile)}; name its authority as --cacert; .*`,
      ),
    );
  });

  test('destination down: 75, the alerts are kept and go out when it is back', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    await takenIn(world, ['down-1', 'down-2']);
    const port = await freePort();
    const gone = `https://localhost:${port}/`;
    await expectFault(world.startPoller([], [gone]), {
      exit: 75,
      error: new RegExp(
        `localhost-\\d+: gateway ${literal(gone)} refused the connection \\(ECONNREFUSED\\); ` +
          '2 alerts kept \\(\\d+\\.\\d MiB, oldest \\d+ s\\), next attempt in [1-9]\\d* s or with the next run; ' +
          'is the service running, and is the port right',
      ),
    });
  });

  test('destination directory missing: 75, with the command that makes it', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    await takenIn(world, ['dir-1']);
    const missing = join(world.dir, 'missing');
    await expectFault(world.startPoller([], [`file://${missing}`]), {
      exit: 75,
      error: new RegExp(
        `localhost-\\d+: directory ${literal(missing)} does not exist; ` +
          `1 alert kept \\(.*\\), next attempt in [1-9]\\d* s or with the next run; mkdir -p ${literal(missing)}`,
      ),
    });
    mkdirSync(missing);
    assert.equal(
      await ended(world.startPoller([], [`file://${missing}`])),
      0,
      'the first run after the repair',
    );
    assert.equal(readdirSync(missing).length, 1);
  });

  test('disk reserve reached on the manager: 74, nothing is pulled, then it goes on by itself', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    await takenIn(world, ['full-1']);
    await expectFault(world.startPoller(['--min-free', '900T']), {
      exit: 74,
      error:
        /localhost-\d+: filesystem of \S+ has [\d.]+ [KMGT]iB \([\d.]+ %\) free, reserve is 900\.0 TiB: not pulling; alerts wait on the sensor; free some space there, or change --min-free; .*/,
    });
    assert.deepEqual(world.delivered(), []);
    assert.equal(await ended(world.startPoller()), 0);
    assert.deepEqual(world.delivered().flatMap(messageIds), ['full-1']);
  });

  test('disk reserve reached on the sensor: said once with the remedy, files stay in the spool', async (t) => {
    const world = await makeWorld(tempDir(t));
    putInSpool(world.spool, 'a', alertDocument('reserve-1'));
    const flags = ['--delete', '--allow-poller', 'DNS:manager1'];
    const full = await world.startSensor([...flags, '--min-free', '900T']);
    t.after(() => full.kill('SIGKILL'));
    await full.line(
      /warning: spool intake paused: filesystem of \S+ has [\d.]+ \w+ \([\d.]+ %\) free, reserve is 900\.0 TiB.*--min-free/,
    );
    assert.equal(await ended(world.startPoller()), 0);
    const reports = world.delivered();
    assert.equal(reports.length, 1, 'the manager hears of it');
    assert.match(String(reports[0]), /text="a sensor takes nothing from its spool"/);
    assert.equal((await full.kill('SIGTERM')).code, 0);
    assert.equal(textsOf(full.stderr(), 'warning').length, 1, full.stderr());
    assert.deepEqual(messageIds(readFileSync(join(world.spool, 'a.xml'))), ['reserve-1']);
    const sensor = await world.startSensor(flags);
    t.after(() => sensor.kill('SIGKILL'));
    await pollUntil(world, [...reports.flatMap(messageIds), 'reserve-1']);
  });

  test('invalid alert: 65, with rule, path and where to look', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const invalid = alertDocument('invalid-1').replace(/<idmef:Classification[^>]*>/, '');
    putInSpool(world.spool, 'invalid', invalid);
    await pending(world, 1);
    await expectFault(world.startPoller(), {
      exit: 65,
      error:
        /localhost-\d+: 1 message quarantined: missing-child \(first: \/Alert: Alert needs Classification\); see idmef quarantine list --profile localhost-\d+/,
    });
  });

  test('previous run active: 0, nothing said unless asked', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    const first = world.startPoller(['--follow']);
    t.after(() => Promise.all([sensor, first].map((program) => program.kill('SIGKILL'))));
    await takenIn(world, ['active-1']);
    await until(() => world.delivered().length > 0, { what: 'the first run at work' });
    const second = world.startPoller();
    assert.equal(await ended(second), 0);
    assert.equal(second.stderr(), '');
    const asked = world.startPoller(['-v']);
    assert.equal(await ended(asked), 0);
    assert.match(asked.stderr(), new RegExp(`another run is active: .*in use by process ${first.pid}\\b`));
    assertNoStack(asked.stderr());
  });

  test('wrong path: 76, so that "empty" and "wrong URL" differ', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    assert.equal(await ended(world.startPoller()), 0, 'empty');
    const origin = `https://localhost:${world.sensorPort}`;
    await expectFault(world.startPoller(['--sensor', `${origin}/nope`]), {
      exit: 76,
      error: new RegExp(
        `localhost-\\d+: sensor ${literal(origin)}/nope has no alerts at the path /nope; --sensor is ${literal(origin)}/ without a path`,
      ),
    });
  });

  test('a certificate that may not poll: 76, with what the sensor must be told', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:another']);
    t.after(() => sensor.kill('SIGKILL'));
    await expectFault(
      world.startPoller(),
      sensorFault(
        76,
        ' answers 403: .*manager1 may not poll[^;]*[^;.]; its --allow-poller must name our certificate',
      ),
    );
  });

  test('several faults in one process: each profile says its own, the worst exit code counts', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const config = join(world.dir, 'config');
    mkdirSync(config);
    const { certFile, keyFile } = world.pki.client;
    const common = `CERT=${certFile}\nKEY=${keyFile}\nCACERT=${world.pki.caFile}\nMANAGER=file://${world.outbox}\nMIN_FREE=1M\n`;
    writeFileSync(join(config, 'http-proxy'), common, { mode: 0o644 });
    writeFileSync(join(config, 'http-proxy@up'), `SENSOR=${world.sensorUrl}\n`, { mode: 0o644 });
    const down = `https://localhost:${await freePort()}/`;
    writeFileSync(join(config, 'http-proxy@down'), `SENSOR=${down}\n`, { mode: 0o644 });
    await takenIn(world, ['up-1']);
    const flags = [
      '--profile',
      'up',
      '--profile',
      'down',
      '--config-dir',
      config,
      '--state',
      world.pollerState,
    ];
    const both = await runProgram('http-proxy', flags);
    assert.equal(both.code, 69, both.stderr);
    assert.match(both.stderr, /http-proxy: up: 1 fetched, 1 forwarded/);
    assert.deepEqual(
      textsOf(both.stderr, 'error').map((text) => text.split(':')[0]),
      ['down'],
    );
    assert.deepEqual(world.delivered().flatMap(messageIds), ['up-1']);
  });
});

/** How a sensor of ours hands over a batch. */
const LEASED = {
  'Content-Type': 'text/xml; charset=UTF-8',
  'IDMEF-Relay': '1',
  'Preference-Applied': 'lease=15',
  'IDMEF-Lease': 't1; expires=15',
  'IDMEF-Sequence': `${'a'.repeat(32)}; 1-3`,
  'Content-Digest': `sha-256=:${'A'.repeat(43)}=:`,
};

/** Name, what answers on the sensor's port, exit code, the rest of the line. */
const answers: readonly (readonly [string, Behaviour, number, string])[] = [
  [
    'HTML instead of IDMEF',
    answer('200 OK', { 'Content-Type': 'text/html; charset=utf-8' }, '<html>Please log in</html>'),
    76,
    ' answers with HTML instead of IDMEF; a portal, a proxy or another service answers there; check --sensor',
  ],
  [
    'a redirect, which is not followed',
    answer('302 Found', { Location: 'http://127.0.0.1:1/' }),
    76,
    ' redirects \\(302\\) to http:\\/\\/127\\.0\\.0\\.1:1\\/, which is never followed; check --sensor: a sensor does not redirect',
  ],
  [
    'garbage instead of HTTP',
    { kind: 'say', text: '\u0000\u0001\u0002 garbage\r\n\r\n' },
    76,
    ' does not answer in HTTP \\(HPE_[A-Z_]+\\); check that the URL names the right service',
  ],
  [
    'a closed connection instead of an answer',
    { kind: 'hang-up' },
    76,
    ' closed the connection without an answer; it probably does not accept our certificate .*; its log says why',
  ],
  ['nothing at all', { kind: 'silent' }, 69, ' was silent for \\d s; .*--timeout.*'],
  [
    'half an answer',
    answer('200 OK', { ...LEASED, 'Content-Length': '5000' }, '<idmef:IDMEF-Message'),
    69,
    ' broke off in the middle of an answer, after 20 of 5000 bytes.*',
  ],
  [
    'half an answer of an old server, which is gone there',
    answer('200 OK', { 'Content-Type': 'text/xml', 'Content-Length': '5000' }, '<idmef:IDMEF-Message'),
    69,
    ' broke off in the middle of an answer, after 20 of 5000 bytes; 0 messages of it came whole, what else came is in quarantine; an old server forgets what it has sent: .*--movedir.*idmef quarantine list',
  ],
  [
    'a fault of its own',
    answer('500 Internal Server Error', {}),
    76,
    " answers 500; the sensor's own log says why",
  ],
  [
    'that it is busy',
    answer('503 Service Unavailable', {}),
    69,
    ' answers 503; it passes; the alerts wait there',
  ],
  [
    'an endless header',
    { kind: 'say', text: `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}` },
    76,
    ' does not answer in HTTP \\(HPE_HEADER_OVERFLOW\\); .*',
  ],
];

describe('a sensor that answers with', { concurrency: 2 }, () => {
  for (const [name, behaviour, exit, rest] of answers) {
    test(name, async (t) => {
      const world = await makeWorld(tempDir(t));
      const stub = await startStub(behaviour, { port: world.sensorPort, pki: world.pki });
      t.after(() => stub.close());
      // Who says something must be heard, however busy the machine is.
      const patience = behaviour.kind === 'silent' ? ['--timeout', '3'] : [];
      await expectFault(world.startPoller(patience), sensorFault(exit, rest));
      const ownReport = /analyzerid="idmef-relay@.*text="an answer of a sensor broke off"/;
      assert.deepEqual(
        world.delivered().filter((document) => !ownReport.test(document)),
        [],
      );
    });
  }

  test('plain HTTP on its port', async (t) => {
    const world = await makeWorld(tempDir(t));
    const says = answer('400 Bad Request', {});
    const stub = await startStub(says, { port: world.sensorPort, pki: world.pki, plain: true });
    t.after(() => stub.close());
    await expectFault(
      world.startPoller(),
      sensorFault(
        76,
        ' does not speak TLS on this port; something else, perhaps plain HTTP, listens there; check the port',
      ),
    );
  });

  test('HTML that calls itself text/xml: kept in quarantine, forwarded nowhere', async (t) => {
    const world = await makeWorld(tempDir(t));
    const portal = '<html><body>Please log in</body></html>';
    const says = answer('200 OK', { 'Content-Type': 'text/xml' }, portal);
    const stub = await startStub(says, { port: world.sensorPort, pki: world.pki });
    t.after(() => stub.close());
    await expectFault(world.startPoller(), {
      exit: 65,
      error:
        /localhost-\d+: 1 message quarantined: root \(first: \/: the document element is html, not an IDMEF-Message\); see idmef quarantine list --profile localhost-\d+/,
    });
    for (const document of world.delivered()) assert.doesNotMatch(document, /log in/);
  });
});

describe('a bad line in a settings file: 78, with file and line', { concurrency: 2 }, () => {
  const dir = tempDir({ after });
  let world: World;
  before(async () => {
    world = await makeWorld(dir);
  });

  /** Line 5 of the profile's file is the one given. */
  const lines: readonly (readonly [string, string, RegExp, RegExp?])[] = [
    ['unknown key', 'SENSR=https://x:3128/', /F:5: unknown key SENSR/, /did you mean SENSOR\?/],
    ['not a setting', 'just words', /F:5: not a setting: 'just words'/, /write KEY=value, or # .*/],
    ['bad value', 'TIMEOUT=soon', /F:5: TIMEOUT must be .*not 'soon'/],
    ['twice', 'CERT=/other', /F:5: CERT is already set in line 1/, /keep one of the two lines/],
    [
      'read differently by systemd and dotenv',
      'SENSOR_NAME=a#b',
      /F:5: SENSOR_NAME can be read in two ways \(systemd and dotenv differ\)/,
      /write SENSOR_NAME='a#b'/,
    ],
    ['open quote', 'SENSOR_NAME="abc', /F:5: a quote " that is never closed/],
    ['plain http', 'PROXY=ftp://x/', /F:5: PROXY must start with http:\/\/ or https:\/\/, not .*/],
    [
      'not for files',
      'FOLLOW=yes',
      /F:5: FOLLOW cannot be set in a file/,
      /give --follow on the command line/,
    ],
    [
      'wrong flag in OPTIONS',
      'OPTIONS="--tiemout 3"',
      /F:5: OPTIONS: unknown flag --tiemout/,
      /did you mean --timeout\?.*/,
    ],
  ];

  for (const [index, [name, line, error, hint]] of lines.entries()) {
    test(name, async () => {
      const { program, path } = withProfile(`bad${index}`, line, 0o640);
      const pattern = new RegExp(error.source.replace('F', literal(path)));
      await expectFault(program, { exit: 78, error: pattern, ...(hint === undefined ? {} : { hint }) });
    });
  }

  test('a file others may write', async () => {
    const { program, path } = withProfile('loose', '', 0o666);
    await expectFault(program, {
      exit: 78,
      error: new RegExp(`${literal(path)} can be written by others than its owner`),
      hint: new RegExp(`chmod go-w ${literal(path)}`),
    });
  });

  test('no file of that name', async () => {
    const flags = ['--profile', 'nobody', '--config-dir', dir, '--state', world.pollerState];
    await expectFault(startProgram('http-proxy', flags), {
      exit: 78,
      error: new RegExp(`no settings file http-proxy@nobody in ${literal(dir)}`),
      hint: /copy config\/http-proxy@profile there as http-proxy@nobody and edit it/,
    });
  });

  test('something missing', async () => {
    const path = join(dir, 'http-proxy@little');
    writeFileSync(path, 'TIMEOUT=3\n', { mode: 0o640 });
    const flags = ['--profile', 'little', '--config-dir', dir, '--state', world.pollerState];
    await expectFault(startProgram('http-proxy', flags), {
      exit: 78,
      error: new RegExp(`${literal(path)}: missing CERT, KEY, CACERT, SENSOR, MANAGER`),
      hint: /.+/,
    });
  });

  function withProfile(name: string, line: string, mode: number): { program: Program; path: string } {
    const path = join(dir, `http-proxy@${name}`);
    const { certFile, keyFile } = world.pki.client;
    const good = [
      `CERT=${certFile}`,
      `KEY=${keyFile}`,
      `CACERT=${world.pki.caFile}`,
      'SENSOR=https://localhost:1/',
    ];
    writeFileSync(path, `${[...good, line, `MANAGER=file://${world.outbox}`].join('\n')}\n`);
    chmodSync(path, mode);
    const flags = ['--profile', name, '--config-dir', dir, '--state', world.pollerState];
    return { program: startProgram('http-proxy', flags), path };
  }
});

/** Puts the alerts into the spool and waits until the sensor has taken them all. */
async function takenIn(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) putInSpool(world.spool, id, alertDocument(id));
  await pending(world, ids.length);
}

/** The sensor has (at least) so many messages. */
async function pending(world: World, count: number): Promise<void> {
  await until(
    async () => Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending'] ?? 0) >= count,
    {
      everyMs: 40,
      what: `${count} messages at the sensor`,
    },
  );
}

/** Polls until these alerts have arrived. */
async function pollUntil(world: World, ids: readonly string[]): Promise<void> {
  await until(
    async () => {
      assert.equal(await ended(world.startPoller()), 0);
      return world.delivered().flatMap(messageIds).length >= ids.length;
    },
    { what: `arrival of ${ids.join(', ')}` },
  );
  assert.deepEqual(world.delivered().flatMap(messageIds).toSorted(), [...ids].toSorted());
}
