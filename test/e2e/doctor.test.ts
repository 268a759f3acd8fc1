/**
 * `idmef doctor` as an operator runs it: settings files and flags, what is printed, exit codes, and whose rights are
 * tried. The diagnoses themselves are tested in test/app/doctor-*.test.ts.
 */

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { diagnoses } from '../../src/app/doctor/diagnoses.ts';
import { readSeen, type Seen } from '../app/doctor-world.ts';
import { otherUser, runProgram, type ProgramOptions } from '../support/program.ts';
import { putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeWorld, type World } from '../support/world.ts';
import { projectRoot, readProject } from '../tools/source-files.ts';

interface Host {
  readonly world: World;
  readonly conf: string;
  /** A settings file: `http-proxy@dmz1`. */
  readonly write: (name: string, lines: Readonly<Record<string, string>>) => string;
  readonly doctor: (args?: readonly string[], options?: ProgramOptions) => ReturnType<typeof runProgram>;
  readonly seen: (args?: readonly string[], options?: ProgramOptions) => Promise<Seen>;
}

async function makeHost(t: TestContext): Promise<Host> {
  const world = await makeWorld(tempDir(t));
  const conf = join(world.dir, 'conf');
  mkdirSync(conf);
  const doctor: Host['doctor'] = (args = [], options = {}) =>
    runProgram('idmef', ['doctor', '--config-dir', conf, ...args], options);
  return {
    world,
    conf,
    doctor,
    write: (name, lines) => {
      const path = join(conf, name);
      const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(path, text.join(''));
      return path;
    },
    seen: async (args = [], options = {}) => {
      const { code, stdout } = await doctor(['--json', ...args], options);
      return readSeen(code ?? -1, stdout);
    },
  };
}

function profile({ pki, sensorUrl, outbox, pollerState }: World): Record<string, string> {
  const { client } = pki;
  return {
    CERT: client.certFile,
    KEY: client.keyFile,
    CACERT: pki.caFile,
    SENSOR: sensorUrl,
    MANAGER: `file://${outbox}`,
    STATE: pollerState,
    MIN_FREE: '1M',
  };
}

function server({ pki, spool, sensorState, sensorPort }: World): Record<string, string> {
  return {
    CERT: pki.server.certFile,
    KEY: pki.server.keyFile,
    CACERT: pki.caFile,
    SPOOLDIR: spool,
    DELETE: 'yes',
    STATE: sensorState,
    PORT: String(sensorPort),
    ALLOW_POLLER: 'DNS:manager1',
    MIN_FREE: '1M',
  };
}

describe('idmef doctor', () => {
  test('a whole installation in order: exit 0, step by step, and nothing is consumed', async (t) => {
    const host = await makeHost(t);
    const { world } = host;
    host.write('http-proxy@dmz1', profile(world));
    host.write('http-proxy@dmz1.rpmsave', { NONSENSE: '1' });
    host.write('reverse-server', server(world));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    putInSpool(world.spool, 'a', '<IDMEF-Message xmlns="http://iana.org/idmef"></IDMEF-Message>');
    const { code, stdout, stderr } = await host.doctor();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^dmz1: sensor https:\/\/localhost:\d+\/\n {2}ok {5}certificate {2}/m);
    assert.match(stdout, /^ {2}ok {5}name {9}localhost is .*127\.0\.0\.1/m);
    assert.match(stdout, /^ {2}ok {5}http {9}a reverse-server that lets us fetch$/m);
    assert.match(stdout, /^reverse-server, port \d+$/m);
    assert.match(stdout, /^ {2}ok {5}run {10}process \d+ is at work/m);
    assert.match(stderr, /^idmef: 8 examined, 8 healthy, 0 with a fault\n$/);
    assert.deepEqual(readdirSync(world.outbox), []);
  });

  test('a fault: exit 1, its name, one sentence, the remedy', async (t) => {
    const host = await makeHost(t);
    host.write('http-proxy@dmz1', profile(host.world));
    const { code, stdout, stderr } = await host.doctor(['--profile', 'dmz1']);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^ {2}FAULT {2}connection {3}connection-refused\n {9}sensor https:\/\/localhost:\d+\/ refused the connection \(ECONNREFUSED\)\n {9}remedy: is the service running, and is the port right$/m,
    );
    assert.match(stderr, /1 with a fault\n$/);
  });

  test('flags instead of a profile', async (t) => {
    const { world, seen } = await makeHost(t);
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager2']);
    t.after(() => sensor.kill('SIGKILL'));
    const { pki } = world;
    const tls = ['--cert', pki.client.certFile, '--key', pki.client.keyFile, '--cacert', pki.caFile];
    const ends = ['--sensor', world.sensorUrl, '--manager', `file://${world.outbox}`];
    const found = await seen([...tls, ...ends, '--state', world.pollerState, '--min-free', '1M']);
    assert.deepEqual(found.faults, ['may-not-poll']);
    assert.equal(found.exit, 1);
  });

  const settings: readonly {
    readonly injected: string;
    readonly named: string;
    readonly exit: number;
    readonly text: RegExp;
    readonly write: (host: Host) => readonly string[];
  }[] = [
    {
      injected: 'a profile nobody has written',
      named: 'settings-missing',
      exit: 66,
      text: /no settings file http-proxy@dmz9 in \S+conf/,
      write: () => ['--profile', 'dmz9'],
    },
    {
      injected: 'reverse-server without a settings file',
      named: 'settings-missing',
      exit: 66,
      text: /no settings file reverse-server in \S+conf/,
      write: () => ['--reverse-server'],
    },
    {
      injected: 'a key that is misspelt',
      named: 'settings-invalid',
      exit: 78,
      text: /\S+http-proxy@dmz1:8: unknown key SENSRO/,
      write: ({ write, world }) => {
        write('http-proxy@dmz1', { ...profile(world), SENSRO: 'x' });
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'a profile in both directories',
      named: 'settings-twice',
      exit: 78,
      text: /both \S+http-proxy@dmz1 and \S+http-proxy@dmz1 exist/,
      write: ({ write, world, conf }) => {
        write('http-proxy@dmz1', profile(world));
        const second = join(world.dir, 'conf2');
        mkdirSync(second);
        writeFileSync(join(second, 'http-proxy@dmz1'), '');
        return ['--profile', 'dmz1', '--config-dir', `${conf}:${second}`];
      },
    },
    {
      injected: 'a prelude:// destination without a profile',
      named: 'settings-invalid',
      exit: 78,
      text: /http-proxy@dmz1:\d+: MANAGER must name a profile, not 'prelude:\/\/manager:4690\/'/,
      write: ({ write, world }) => {
        write('http-proxy@dmz1', { ...profile(world), MANAGER: 'prelude://manager:4690/' });
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'settings that others may write',
      named: 'settings-invalid',
      exit: 78,
      text: /\S+http-proxy@dmz1 can be written by others than its owner/,
      write: ({ write, world }) => {
        chmodSync(write('http-proxy@dmz1', profile(world)), 0o666);
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'a sensor that has not been told who may poll',
      named: 'settings-invalid',
      exit: 78,
      text: /\S+reverse-server: ALLOW_POLLER is not set/,
      write: ({ write, world }) => {
        write('reverse-server', { ...server(world), ALLOW_POLLER: '' });
        return ['--reverse-server'];
      },
    },
  ];
  for (const { injected, named, exit, text, write } of settings) {
    test(`${injected}: ${named}, exit ${exit}`, async (t) => {
      const host = await makeHost(t);
      const seen = await host.seen(write(host));
      assert.deepEqual(seen.faults, [named]);
      assert.match(seen.findings[0]?.text ?? '', text);
      assert.notEqual(seen.findings[0]?.remedy ?? '', '');
      assert.equal(seen.exit, exit);
    });
  }

  test('one profile that cannot be read does not hide the others', async (t) => {
    const host = await makeHost(t);
    host.write('http-proxy@dmz1', { NONSENSE: '1' });
    host.write('http-proxy@dmz2', profile(host.world));
    const seen = await host.seen();
    assert.deepEqual(seen.faults, ['settings-invalid', 'connection-refused']);
    assert.equal(seen.exit, 1);
  });

  test('misuse: 64; nothing to examine: 66', async (t) => {
    const { doctor } = await makeHost(t);
    const misuse = await doctor(['--sensor', 'https://localhost/']);
    assert.equal(misuse.code, 64);
    assert.match(misuse.stderr, /missing --cert/);
    const nothing = await doctor();
    assert.equal(nothing.code, 66);
    assert.match(nothing.stderr, /neither http-proxy@… nor reverse-server has settings in \S+conf/);
  });

  test('--list prints every diagnosis', async () => {
    const { code, stdout } = await runProgram('idmef', ['doctor', '--list']);
    assert.equal(code, 0);
    for (const [name, { remedy }] of Object.entries(diagnoses)) {
      assert.ok(stdout.includes(`${name} (`), name);
      assert.ok(stdout.includes(`remedy: ${remedy}\n`), name);
    }
    const json = await runProgram('idmef', ['doctor', '--list', '--json']);
    assert.equal(json.stdout.trim().split('\n').length, Object.keys(diagnoses).length);
  });

  test('every diagnosis is used, and its words fit the form', () => {
    const code = readProject(projectRoot())
      .filter(({ path }) => path.startsWith('src/') && !path.endsWith('-diagnoses.ts'))
      .map(({ text }) => text)
      .join('\n');
    for (const [name, { what, remedy }] of Object.entries(diagnoses)) {
      assert.match(name, /^[a-z]+(?:-[a-z]+)*$/);
      assert.ok(code.includes(`'${name}'`) || /^[a-z]+$/.test(name), `${name} is never found`);
      assert.match(what, /^[{a-z/-]/);
      assert.doesNotMatch(`${what}\n${remedy}`, /\.$/m);
    }
  });
});

/** Faults of rights: root has none, so the doctor runs as somebody else. */
describe('idmef doctor, as the user of the service', () => {
  const as = otherUser();
  const options = typeof as === 'string' ? { skip: as } : {};
  const ids: ProgramOptions = typeof as === 'string' ? {} : { ...as, cwd: '/' };

  /** Everything belongs to the service's user. */
  async function serviceHost(t: TestContext): Promise<Host> {
    const host = await makeHost(t);
    chmodSync(host.world.dir, 0o755);
    if (ids.uid !== undefined) {
      const { dir } = host.world;
      for (const name of ['', ...readdirSync(dir, { recursive: true })]) {
        chownSync(join(dir, String(name)), ids.uid, ids.gid ?? 0);
      }
    }
    return host;
  }

  const cases: readonly {
    readonly injected: string;
    readonly named: string;
    readonly text: RegExp;
    readonly spoil: (host: Host) => readonly string[];
  }[] = [
    {
      injected: 'a key the service may not read',
      named: 'file-unreadable',
      text: /--key \S+client\.key may not be read by user id \d+/,
      spoil: ({ write, world }) => {
        write('http-proxy@dmz1', profile(world));
        chmodSync(world.pki.client.keyFile, 0);
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'a destination the service may not write in',
      named: 'directory-unwritable',
      text: /the destination directory \S+outbox belongs to \S.* and cannot be written by \S/,
      spoil: ({ write, world }) => {
        write('http-proxy@dmz1', profile(world));
        chmodSync(world.outbox, 0o555);
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'a state directory the service may not write in',
      named: 'state-unwritable',
      text: /the state directory \S+dmz1 cannot be written by \S/,
      spoil: ({ write, world }) => {
        write('http-proxy@dmz1', profile(world));
        chmodSync(world.pollerState, 0o555);
        return ['--profile', 'dmz1'];
      },
    },
    {
      injected: 'a spool the service may not write in',
      named: 'spool-unwritable',
      text: /--spooldir \S+spool cannot be written by \S.* \(EACCES\): files that are taken stay there/,
      spoil: ({ write, world }) => {
        write('reverse-server', server(world));
        chmodSync(world.spool, 0o555);
        return ['--reverse-server'];
      },
    },
    {
      injected: 'files of a producer the service may not read',
      named: 'spool-unreadable',
      text: /\S+spool holds 1 file that \S.* cannot read, the first is a\.xml of \S/,
      spoil: ({ write, world }) => {
        write('reverse-server', server(world));
        writeFileSync(join(world.spool, 'a.xml'), 'x', { mode: 0o200 });
        chmodSync(join(world.spool, 'a.xml'), 0);
        return ['--reverse-server'];
      },
    },
    {
      injected: 'settings the service may not read',
      named: 'settings-invalid',
      text: /\S+http-proxy@dmz1 cannot be read: EACCES/,
      spoil: ({ write, world }) => {
        chmodSync(write('http-proxy@dmz1', profile(world)), 0);
        return ['--profile', 'dmz1'];
      },
    },
  ];
  for (const { injected, named, text, spoil } of cases) {
    test(`${injected}: ${named}`, options, async (t) => {
      const host = await serviceHost(t);
      const { world } = host;
      const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1'], ids);
      t.after(() => sensor.kill('SIGKILL'));
      const seen = await host.seen(spoil(host), ids);
      assert.deepEqual(seen.faults, [named], JSON.stringify(seen.findings));
      assert.match(seen.findings.find((one) => one.name === named)?.text ?? '', text);
    });
  }

  const isRoot = ids.uid === undefined ? { skip: 'only root can become somebody else' } : options;

  test(
    'started by root it becomes the owner of the state, and sees what root would not',
    isRoot,
    async (t) => {
      const host = await serviceHost(t);
      host.write('http-proxy@dmz1', profile(host.world));
      // Root's own: readable by root alone.
      chownSync(host.world.pki.client.keyFile, 0, 0);
      const { stdout, code } = await host.doctor(['--profile', 'dmz1']);
      assert.match(stdout, /^examined as user nobody, as the service runs\n/);
      assert.match(stdout, /FAULT {2}certificate {2}file-unreadable\n/);
      assert.equal(code, 1);
    },
  );
});
