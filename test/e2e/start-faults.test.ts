/**
 * What keeps either program from starting: each fault names the file, flag or port and the reason, in one error
 * line and at most one hint, before anything has been fetched, taken or listened on.
 */

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { portOf } from '../support/https-host.ts';
import { makePki } from '../support/pki.ts';
import {
  otherUser,
  startProgram,
  type Program,
  type ProgramName,
  type ProgramOptions,
} from '../support/program.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { assertNoStack, ended, expectFault, literal } from './expect-fault.ts';

const programs: readonly ProgramName[] = ['reverse-server', 'http-proxy'];

/** The other flags are in order; those given come last, and the last counts. */
function startWith(
  world: World,
  name: ProgramName,
  flags: readonly string[],
  options: ProgramOptions = {},
): Program {
  if (name === 'http-proxy') return world.startPoller(flags, undefined, options);
  const { certFile, keyFile } = world.pki.server;
  const tls = ['--cert', certFile, '--key', keyFile, '--cacert', world.pki.caFile];
  const rest = ['--port', '0', '--spooldir', world.spool, '--state', world.sensorState, '--min-free', '1M'];
  return startProgram(name, ['--allow-poller', 'DNS:manager1', ...tls, ...rest, ...flags], options);
}

describe('certificates and keys that cannot be used: 78, option, file and reason', { concurrency: 2 }, () => {
  const dir = tempDir({ after });
  let world: World;
  before(async () => {
    world = await makeWorld(dir);
    const { server } = world.pki;
    const foreign = await makePki(join(dir, 'foreign'));
    const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    const files: Readonly<Record<string, string | Buffer>> = {
      empty: '',
      text: 'not a certificate\n',
      'damaged-key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      key: server.keyPem,
      encrypted: createPrivateKey(server.keyPem).export(encrypted),
      'other-key': foreign.server.keyPem,
    };
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(dir, name), content, { mode: 0o600 });
  });

  /** F stands for the file. All there is to say of one is in test/tls/credentials.test.ts. */
  const cases: readonly (readonly [flag: string, file: string, error: RegExp, hint?: RegExp])[] = [
    ['--cert', 'missing', /--cert F does not exist/],
    ['--cert', 'text', /--cert F is not PEM/, /if it is DER: openssl x509 .*/],
    ['--cert', 'key', /--cert F holds no certificate/, /it must be a PEM file with a CERTIFICATE block/],
    ['--key', 'damaged-key', /--key F is damaged: .+/],
    [
      '--key',
      'encrypted',
      /--key F is encrypted, and nobody is there to type the passphrase/,
      /decrypt it: openssl pkey -in KEY -out NEW/,
    ],
    [
      '--key',
      'other-key',
      /--key F does not match the certificate in \S+\.crt/,
      /key and certificate must come from the same request/,
    ],
    [
      '--cacert',
      'empty',
      /--cacert F holds no certificate/,
      /it must be a PEM file with the CERTIFICATE of your authority/,
    ],
    [
      '--crl',
      'text',
      /--crl F is not a certificate revocation list/,
      /PEM \(X509 CRL blocks\) or DER is wanted/,
    ],
  ];

  for (const [flag, file, error, hint] of cases) {
    for (const name of programs) {
      test(`${name} ${flag} ${file}`, async () => {
        const path = join(dir, file);
        // http-proxy says for which sensor; its errors come from a run.
        const prefix = name === 'http-proxy' ? '(?:localhost-\\d+: )?' : '';
        const named = error.source.replace('F', literal(path));
        const program = startWith(world, name, [flag, path]);
        if (name === 'reverse-server') {
          await expectFault(program, { exit: 78, error: new RegExp(named), ...(hint && { hint }) });
          return;
        }
        // A run says cause and remedy in one line.
        const remedy = hint === undefined ? '' : `; ${hint.source}`;
        await expectFault(program, { exit: 78, error: new RegExp(`${prefix}${named}${remedy}`) });
      });
    }
  }

  test('a key this user may not read', async (t) => {
    const user = otherUser();
    if (typeof user === 'string') {
      t.skip(user);
      return;
    }
    const path = join(dir, 'unreadable');
    copyFileSync(world.pki.server.keyFile, path);
    chmodSync(path, 0o000);
    chmodSync(dir, 0o755);
    await expectFault(startWith(world, 'reverse-server', ['--key', path], user), {
      exit: 78,
      error: new RegExp(`--key ${literal(path)} may not be read by user id \\d+`),
      hint: /make it readable for the group of the service: .*/,
    });
  });

  test('a key every user may read is said, and works', async () => {
    const path = join(dir, 'loose.key');
    copyFileSync(world.pki.server.keyFile, path);
    chmodSync(path, 0o644);
    const sensor = startWith(world, 'reverse-server', ['--key', path, '--state', join(dir, 'loose-state')]);
    await sensor.line(/^Listening on /);
    assert.equal((await sensor.kill('SIGTERM')).code, 0);
    assert.match(
      sensor.stderr(),
      /warning: --key \S+loose\.key can be read by every user of this host: chmod o-rwx/,
    );
  });
});

describe('flags nobody knows, and values that make no sense: 64', { concurrency: 2 }, () => {
  const dir = tempDir({ after });
  let world: World;
  before(async () => {
    world = await makeWorld(dir);
  });

  const cases: readonly (readonly [ProgramName, readonly string[], RegExp, RegExp?])[] = [
    ['reverse-server', ['--spooldirr', 'x'], /unknown flag --spooldirr/, /did you mean --spooldir\? .*/],
    ['reverse-server', ['-x'], /unknown flag -x/, /.*/],
    ['reverse-server', ['--c', 'x'], /--c could be --cert, --cacert, .*/, /write more of the name/],
    ['reverse-server', ['--cert'], /--cert needs a value \(FILE\)/, /usage: .*/],
    ['reverse-server', ['stray'], /unexpected argument 'stray'/, /usage: .*/],
    ['reverse-server', ['--delete=yes'], /--delete takes no value/, /usage: .*/],
    ['reverse-server', ['--port', '65536'], /--port must be a whole number from 0 to 65535, not '65536'/],
    ['reverse-server', ['-px'], /--port must be a whole number from 0 to 65535, not 'x'/],
    ['reverse-server', ['-m', 'many'], /--maxbatchsize must be a whole number .*, not 'many'/],
    ['reverse-server', ['-m', '0'], /--maxbatchsize must be -1 \(no limit\) or at least 1, not '0'/],
    [
      'reverse-server',
      ['--min-free', 'half'],
      /--min-free must be a size, a percentage or both \(512M,5%\), not 'half'/,
    ],
    [
      'reverse-server',
      ['--tls-policy', 'old'],
      /--tls-policy must be one of anssi, intermediate, modern, not 'old'/,
    ],
    [
      'reverse-server',
      ['--allow-poller', 'DNS:'],
      /--allow-poller must be DNS:….*/,
      /names are compared exactly; .*/,
    ],
    ['http-proxy', ['--tiemout', '3'], /unknown flag --tiemout/, /did you mean --timeout\? .*/],
    ['http-proxy', ['--timeout', '0'], /--timeout must be .* from 1 to 600.*, not '0'/],
    [
      'http-proxy',
      ['--sensor', 'http://localhost/'],
      /--sensor must start with https:\/\/, not .*/,
      /alerts are fetched over mutual TLS only/,
    ],
    [
      'http-proxy',
      ['--sensor', 'localhost:3128'],
      /--sensor must .*, not 'localhost:3128'/,
      /.*https:\/\/.*/,
    ],
    [
      'http-proxy',
      ['--manager', 'http://localhost/'],
      /--manager must not be plain http: .*/,
      /alerts leave over TLS only: https:\/\//,
    ],
    [
      'http-proxy',
      ['--manager', 'file://dir'],
      /--manager must have three slashes, not 'file:\/\/dir'/,
      /.*/,
    ],
    ['http-proxy', ['--follow', '--schedule', '* * * * *'], /--follow and --schedule exclude each other/],
    ['http-proxy', ['--follow', '--drain'], /--drain is for a single run, .*/],
    ['http-proxy', ['--schedule', 'daily'], /.*daily.*/, /.*/],
  ];

  for (const [name, flags, error, hint] of cases) {
    test(`${name} ${flags.join(' ')}`, async () => {
      const program = startWith(world, name, flags);
      const code = await ended(program);
      const lines = program.stderr().trimEnd().split('\n');
      assert.ok(lines.length <= 3, program.stderr());
      assert.match(lines[0] ?? '', new RegExp(`^${name}: error: (?:${error.source})$`));
      if (hint !== undefined) assert.match(lines[1] ?? '', new RegExp(`^${name}: hint: (?:${hint.source})$`));
      assert.equal(program.stdout(), '');
      assertNoStack(program.stderr());
      assert.equal(code, 64);
    });
  }

  test('nothing given: what is mandatory', async () => {
    await expectFault(startProgram('reverse-server', []), {
      exit: 64,
      error: /missing --cert, --key, --cacert/,
      hint: /usage: reverse-server --cert FILE --key FILE --cacert FILE \[options\]/,
    });
    await expectFault(startProgram('http-proxy', []), {
      exit: 64,
      error: /missing --cert, --key, --cacert, --sensor, --manager/,
      hint: /usage: http-proxy .*/,
    });
  });

  test('a settings file of the sensor that does not say who may fetch: 78', async () => {
    const path = join(dir, 'reverse-server');
    const { certFile, keyFile } = world.pki.server;
    writeFileSync(path, `CERT=${certFile}\nKEY=${keyFile}\nCACERT=${world.pki.caFile}\n`, { mode: 0o640 });
    await expectFault(startProgram('reverse-server', ['--config-dir', dir]), {
      exit: 78,
      error: new RegExp(`${literal(path)}: ALLOW_POLLER is not set: nobody has said who may fetch alerts`),
      hint: /ALLOW_POLLER=DNS:manager\.example, .*/,
    });
  });
});

describe('places that cannot be used', { concurrency: 2 }, () => {
  const dir = tempDir({ after });
  let world: World;
  before(async () => {
    world = await makeWorld(dir);
    writeFileSync(join(dir, 'file'), 'a file');
  });

  test('port in use: 78, with the command that shows by whom', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const port = portOf(busy);
    try {
      const flags = ['--address', '127.0.0.1', '--port', String(port), '--state', join(dir, 'busy')];
      await expectFault(startWith(world, 'reverse-server', flags), {
        exit: 78,
        error: new RegExp(`cannot listen on 127\\.0\\.0\\.1, port ${port}: the port is in use`),
        hint: new RegExp(`ss -ltnp 'sport = :${port}' shows by whom; stop it, or choose another --port`),
      });
    } finally {
      await new Promise((resolve) => busy.close(resolve));
    }
  });

  const cases: readonly (readonly [string, ProgramName, readonly string[], number, RegExp, RegExp?])[] = [
    [
      'an address of another host',
      'reverse-server',
      ['--address', '192.0.2.1'],
      78,
      /cannot listen on 192\.0\.2\.1, port 0: 192\.0\.2\.1 is no address of this host/,
      /ip addr shows them; leave --address out to listen on all/,
    ],
    [
      'something that is no address',
      'reverse-server',
      ['--address', '300.1.1.1'],
      78,
      /cannot listen on 300\.1\.1\.1, port 0: 300\.1\.1\.1 has no address/,
      /give an IP address/,
    ],
    [
      'no spool',
      'reverse-server',
      ['--spooldir', 'D/no'],
      78,
      /--spooldir \S+no: no such directory/,
      /mkdir -p \S+no/,
    ],
    [
      'a file as spool',
      'reverse-server',
      ['--spooldir', 'D/file'],
      78,
      /--spooldir \S+file: not a directory/,
    ],
    [
      'no movedir',
      'reverse-server',
      ['--movedir', 'D/no'],
      78,
      /--movedir \S+no: no such directory/,
      /mkdir -p \S+no/,
    ],
    [
      'a file as state of the sensor',
      'reverse-server',
      ['--state', 'D/file'],
      74,
      /.*\bD\/file\b.*not a directory.*/,
      /.*/,
    ],
    [
      'a file as state of the poller',
      'http-proxy',
      ['--state', 'D/file'],
      74,
      /.*\bD\/file\b.*not a directory.*/,
    ],
  ];
  for (const [name, program, flags, exit, error, hint] of cases) {
    test(name, async () => {
      const given = ['--state', join(dir, name.replaceAll(' ', '-')), ...flags].map((flag) =>
        flag.replace(/^D\b/, dir),
      );
      const pattern = new RegExp(error.source.replaceAll('\\bD\\/', literal(`${dir}/`)));
      await expectFault(startWith(world, program, given), { exit, error: pattern, ...(hint && { hint }) });
    });
  }
});

describe('a journal that cannot be used', () => {
  test('that is not a database: set aside and said, a new one starts, on the sensor', async (t) => {
    const world = await makeWorld(tempDir(t));
    const path = join(world.sensorState, 'journal.db');
    writeFileSync(path, 'not a database at all\n'.repeat(1000));
    putInSpool(world.spool, 'a', alertDocument('after-damage'));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    await sensor.line(
      new RegExp(
        `error: journal was damaged \\(.+\\): salvaged 0 messages, .*; the old file is kept as ${literal(path)}\\.corrupt-\\w+$`,
      ),
    );
    assertNoStack(sensor.stderr());
    const kept = readdirSync(world.sensorState).find((name) => name.includes('.corrupt-')) ?? '';
    assert.match(readFileSync(join(world.sensorState, kept), 'utf8'), /^not a database at all/);
    await until(async () => (await ended(world.startPoller())) === 0 && world.delivered().length > 0, {
      what: 'the alert through the new journal',
    });
    assert.deepEqual(world.delivered().flatMap(messageIds), ['after-damage']);
  });

  test('that is not a database: the same on the manager', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const path = pollerJournal(world);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'not a database at all\n'.repeat(1000));
    const poller = world.startPoller();
    assert.equal(await ended(poller), 0, poller.stderr());
    assert.match(
      poller.stderr(),
      new RegExp(
        `error: localhost-\\d+: journal was damaged \\(.+\\): salvaged 0 messages, .*; the old file is kept as ${literal(path)}\\.corrupt-\\w+`,
      ),
    );
    assertNoStack(poller.stderr());
  });

  const newer = /journal \S+journal\.db: format 99 is newer than this program's 2/;
  const remedy = /install the newer idmef-relay again, .*/;

  test('of a newer format: 74, nothing is touched, on the sensor', async (t) => {
    const world = await makeWorld(tempDir(t));
    const first = await world.startSensor();
    assert.equal((await first.kill('SIGTERM')).code, 0);
    const path = join(world.sensorState, 'journal.db');
    makeNewer(path);
    const original = readFileSync(path);
    await expectFault(startWith(world, 'reverse-server', []), { exit: 74, error: newer, hint: remedy });
    assert.ok(readFileSync(path).equals(original), 'the file is as it was');
    assert.deepEqual(
      readdirSync(world.sensorState).filter((name) => name.includes('corrupt')),
      [],
    );
  });

  test('of a newer format: the same on the manager', async (t) => {
    const world = await makeWorld(tempDir(t));
    await ended(world.startPoller());
    const path = pollerJournal(world);
    assert.ok(existsSync(path));
    makeNewer(path);
    const original = readFileSync(path);
    await expectFault(world.startPoller(), {
      exit: 74,
      error: new RegExp(`localhost-\\d+: ${newer.source}; ${remedy.source}`),
    });
    assert.ok(readFileSync(path).equals(original), 'the file is as it was');
  });

  test('in use by another sensor: 74, named by its process', async (t) => {
    const world = await makeWorld(tempDir(t));
    const first = await world.startSensor(['--allow-poller', 'DNS:manager1']);
    t.after(() => first.kill('SIGKILL'));
    await expectFault(startWith(world, 'reverse-server', []), {
      exit: 74,
      error: new RegExp(`journal \\S+journal\\.db: in use by process ${first.pid}`),
      hint: /.+/,
    });
  });
});

/** `PRAGMA user_version` is the four bytes at 60 of the file's header. */
function makeNewer(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(99, 60);
  writeFileSync(path, bytes);
}

function pollerJournal(world: World): string {
  return join(world.pollerState, 'profiles', `localhost-${world.sensorPort}`, 'journal.db');
}
