/** Beginning and end of the service: what keeps it from starting is said and leaves nothing behind; its end loses nothing. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openControl } from '../../../src/app/dispatcher/open-control.ts';
import { RelayError } from '../../../src/core/errors.ts';
import { freePort } from '../../support/free-port.ts';
import { portOf } from '../../support/https-host.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { startWorld, type Config } from './world.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

describe('start', () => {
  test('what keeps it from starting is named; then it starts in the same place', async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => taken.close());
    const dir = tempDir(t);
    const faults: readonly (readonly [what: string, edit: (config: Config) => void, says: RegExp])[] = [
      [
        'a port that is taken',
        ({ sources }) =>
          Object.assign(sources ?? {}, {
            secarc: { listen: `127.0.0.1:${portOf(taken)}`, allow_from: '127.0.0.1' },
          }),
        /secarc: cannot listen on 127\.0\.0\.1, port \d+: the port is in use/,
      ],
      [
        'a secret that everybody can read',
        ({ endpoints }) => {
          writeFileSync(join(dir, 'open'), 'secret-of-the-hook');
          Object.assign(endpoints?.['hook'] ?? {}, { secret_file: join(dir, 'open') });
        },
        /endpoints\.hook\.secret_file: .*open can be read by everybody: chmod o=/,
      ],
      [
        'a secret in the file itself',
        ({ endpoints }) => Object.assign(endpoints?.['hook'] ?? {}, { secret: 'x' }),
        /endpoints\.hook\.secret: is a secret: write secret_file/,
      ],
    ];
    for (const [what, edit, says] of faults) {
      await assert.rejects(startWorld(t, { pki, dir, edit }), says, what);
      assert.equal(existsSync(join(dir, 'state', 'control.sock')), false, what);
    }
    const world = await startWorld(t, { pki, dir });
    assert.equal((await world.alert('x')).status, 200);
  });

  test('the control socket is its owner’s and group’s; a leftover is replaced, anything else is left alone', async (t) => {
    const dir = tempDir(t);
    const path = join(dir, 'state', 'control.sock');
    mkdirSync(join(dir, 'state'));
    writeFileSync(path, 'precious');
    await assert.rejects(startWorld(t, { pki, dir }), /control socket .*: something else is there/);
    assert.equal(readFileSync(path, 'utf8'), 'precious');
    rmSync(path);
    const world = await startWorld(t, { pki, dir });
    assert.equal(statSync(path).mode & 0o777, 0o660);
    await world.service.close();
    assert.equal(existsSync(path), false);
  });

  test('a second one on the same state is refused', async (t) => {
    const world = await startWorld(t, { pki });
    await assert.rejects(startWorld(t, { pki, dir: world.dir }), { code: 'JOURNAL_BUSY' });
    assert.equal((await world.alert('x')).status, 200, 'the first one goes on');
    assert.deepEqual(await world.service.control.call('ping', {}), { pong: true }, 'and keeps its socket');
  });
});

describe('a reload', () => {
  test('that comes while it starts counts afterwards; one while it ends opens nothing', async (t) => {
    const world = await startWorld(t, { pki });
    const { dispatcher } = world.service;
    const port = await freePort();
    const config = structuredClone(world.config);
    Object.assign(config['sources'] ?? {}, {
      secarc: { listen: `127.0.0.1:${port}`, allow_from: '127.0.0.1' },
    });
    writeFileSync(world.configFile, JSON.stringify(config));
    const reloading = dispatcher.reload();
    await until(() => accepts(port), { what: 'the new source' });
    await world.service.close();
    await reloading;
    assert.equal(await accepts(port), false);
    assert.equal((await dispatcher.reload()).length, 1, 'nothing is taken up any more');
  });
});

/** Whether somebody listens there. */
async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('end', () => {
  test('a call under way ends in its time; what was accepted is owed, and delivered by the next one', async (t) => {
    const world = await startWorld(t, { pki });
    world.hook.say({ end: 'hang up' });
    await world.alert('one');
    await world.hook.until(1);
    world.hook.say({});
    const again = await world.restart();
    await again.service.sent('siem', 1);
    assert.ok(!world.service.log.lines.some(({ text }) => text.startsWith('at the end:')));
  });

  test('a command that talks to it when it ends gets an answer or an error, and does not hang', async (t) => {
    const world = await startWorld(t, { pki });
    const socket = connect(join(world.dir, 'state', 'control.sock'));
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    socket.on('error', () => undefined);
    socket.write('POST /status HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n');
    await world.service.control.call('ping', {});
    await world.service.close();
    await closed;
    await assert.rejects(world.service.control.call('ping', {}), { code: 'UNAVAILABLE' });
  });
});

describe('commands without a service', () => {
  const alone = async (dir: string): ReturnType<typeof openControl> => {
    const stateDir = join(dir, 'state');
    const place = {
      configFile: join(dir, 'dispatcher.yml'),
      stateDir,
      socket: join(stateDir, 'control.sock'),
    };
    return await openControl(place, 'cli:alone', () => undefined);
  };

  test('a configuration that is not sound keeps nobody from looking, nor from mending the database’s part', async (t) => {
    const world = await startWorld(t, { pki });
    await world.service.control.call('endpoints.add', {
      name: 'out',
      value: { type: 'webhook', url: 'http://192.0.2.1/' },
    });
    await world.service.control.call('recipients.add', { name: 'far', value: { endpoint: 'out' } });
    await world.alert('one');
    await world.service.sent('siem', 1);
    await world.service.close();
    // The file takes the name that the database has.
    const config = structuredClone(world.config);
    Object.assign(config['recipients'] ?? {}, { far: { endpoint: 'disk' } });
    writeFileSync(world.configFile, JSON.stringify(config));
    const control = await alone(world.dir);
    t.after(async () => await control.close());
    const status = await control.call('status', {});
    assert.match(
      'problem' in status.config ? status.config.problem : '',
      /recipients\.far: is in the file too/,
    );
    assert.equal(status.stats.stored, 1);
    assert.equal((await control.call('why', { id: '1' })).message?.facts.classification, 'one');
    await assert.rejects(control.call('recipients.list', {}), { code: 'CONFIG' });
    const entries = (await control.call('audit.list', {})).length;
    await control.call('recipients.remove', { name: 'far' });
    assert.ok('hash' in (await control.call('status', {})).config);
    await assert.rejects(control.call('recipients.test', { name: 'siem' }), { code: 'UNAVAILABLE' });
    assert.equal((await control.call('audit.list', {})).length, entries + 1, 'looking leaves no trace');
  });

  test('without a state directory they say so, and make none', async (t) => {
    const dir = tempDir(t);
    await assert.rejects(
      alone(dir),
      (error: unknown) => error instanceof RelayError && error.code === 'NO_INPUT',
    );
    assert.equal(existsSync(join(dir, 'state')), false);
  });
});
