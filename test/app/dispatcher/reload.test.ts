/**
 * Another configuration takes the old one's place whole, or not at all: whatever of it cannot work is named, nothing of it is in force
 * afterwards, and the service goes on as it was.
 */

import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { freePort } from '../../support/free-port.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { type Config, startWorld, type World } from './world.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

/** A port somebody else has. */
async function takenPort(t: TestContext): Promise<{ readonly port: number; readonly release: () => void }> {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  return { port, release: () => void server.close() };
}

const secarc = (port: number): object => ({ listen: `127.0.0.1:${port}`, allow_from: '127.0.0.0/8' });

function edited(world: World, edit: (config: Config) => void): Config {
  const copy = structuredClone(world.config);
  edit(copy);
  return copy;
}

describe('a configuration that cannot work', () => {
  interface Bad {
    readonly what: string;
    readonly edit: (config: Config, world: World, port: number) => void;
    readonly says: RegExp;
  }
  const bad: readonly Bad[] = [
    {
      what: 'a source whose port is taken',
      edit: (config, _, port) => Object.assign(config['sources'] ?? {}, { secarc: secarc(port) }),
      says: /secarc: cannot listen on 127\.0\.0\.1, port \d+: the port is in use/,
    },
    {
      what: 'a sink that cannot be made',
      edit: ({ endpoints }, { dir }) =>
        Object.assign(endpoints ?? {}, { d: { type: 'file', dir: `${dir}/none` } }),
      says: /endpoint d: dir .*none cannot be used/,
    },
    {
      what: 'a certificate that is not there',
      edit: ({ sources }, { dir }) => Object.assign(sources?.['https'] ?? {}, { cert: `${dir}/none.crt` }),
      says: /sources\.https\.cert .*none\.crt does not exist/,
    },
    {
      what: 'a role of an unknown kind',
      edit: ({ sources }) => Object.assign(sources?.['https'] ?? {}, { allow_relay: ['XX:relay'] }),
      says: /allow_relay/,
    },
    {
      what: 'a template that cannot be used',
      edit: ({ recipients }) => Object.assign(recipients?.['soc'] ?? {}, { template: '{{ alert.title' }),
      says: /recipients\.soc\.template: line 1 of the template/,
    },
    {
      what: 'alerts to a watchdog',
      edit: ({ endpoints, recipients, route }) => {
        Object.assign(endpoints ?? {}, { dog: { type: 'watchdog', url: 'http://127.0.0.1:1/' } });
        Object.assign(recipients ?? {}, { dog: { endpoint: 'dog' } });
        Object.assign(route ?? {}, { to: ['dog'] });
      },
      says: /route\.to: dog is a watchdog/,
    },
    {
      what: 'a recipient nobody knows',
      edit: ({ route }) => Object.assign(route ?? {}, { to: ['nobody'] }),
      says: /there is no recipient 'nobody'/,
    },
  ];

  test('changes nothing, and is named', async (t) => {
    const world = await startWorld(t, { pki });
    const { service } = world;
    const { port } = await takenPort(t);
    const { config: hash } = await service.control.call('status', {});
    const listeners = service.dispatcher.listeners();
    for (const { what, edit, says } of bad) {
      // What comes first of it works: it must not stay either.
      const config = edited(world, (copy) => {
        Object.assign(copy['recipients'] ?? {}, { extra: { endpoint: 'hook' } });
        edit(copy, world, port);
      });
      const problems = await world.reload(config);
      assert.match(problems.join('\n'), says, what);
      const status = await service.control.call('status', {});
      assert.deepEqual(status.config, hash, what);
      assert.match(status.service?.refusedReload?.problems.join('\n') ?? '', says, what);
      assert.deepEqual(service.dispatcher.listeners(), listeners, what);
      const names = (await service.control.call('recipients.list', {})).map(({ name }) => name);
      assert.deepEqual(names, ['archive', 'siem', 'soc'], what);
    }
    assert.equal((await world.alert('still there')).status, 200);
    await service.sent('siem', 1);
    assert.deepEqual(await world.reload(world.config), []);
    const { service: facts } = await service.control.call('status', {});
    assert.equal(facts?.refusedReload, undefined, 'a good one clears it');
  });
});

describe('a new configuration', () => {
  test('a source whose settings change at its address, or that goes from one address to all, takes it over', async (t) => {
    const port = await freePort();
    const world = await startWorld(t, {
      pki,
      edit: ({ sources }) => Object.assign(sources ?? {}, { secarc: secarc(port) }),
    });
    const { service } = world;
    for (const listen of [`127.0.0.1:${port}`, `0.0.0.0:${port}`, `127.0.0.1:${port}`]) {
      const config = edited(world, ({ sources }) =>
        Object.assign(sources ?? {}, { secarc: { listen, allow_from: '127.0.0.1' } }),
      );
      assert.deepEqual(await world.reload(config), [], listen);
      assert.equal(service.port('secarc'), port);
    }
    const { service: facts } = await service.control.call('status', {});
    assert.deepEqual(facts?.notListening, []);
  });

  test('a source that cannot have its address after all is said, shown and tried again', async (t) => {
    const { port, release } = await takenPort(t);
    const world = await startWorld(t, {
      pki,
      edit: ({ sources }) =>
        Object.assign(sources ?? {}, { secarc: { listen: `127.0.0.2:${port}`, allow_from: '127.0.0.0/8' } }),
    });
    const { service } = world;
    // All addresses: whether they are free shows only when the present one is given up.
    const config = edited(world, ({ sources }) =>
      Object.assign(sources ?? {}, { secarc: { listen: `0.0.0.0:${port}`, allow_from: '127.0.0.0/8' } }),
    );
    assert.deepEqual(await world.reload(config), []);
    const { service: facts } = await service.control.call('status', {});
    assert.match(facts?.notListening[0]?.reason ?? '', /the port is in use/);
    const listed = (await service.control.call('sources.list', {})).find(({ name }) => name === 'secarc');
    assert.match(listed?.trouble ?? '', /the port is in use/);
    assert.equal(service.log.events('source-not-listening').length, 1);
    release();
    await until(() => service.dispatcher.listeners().some(({ source }) => source === 'secarc'), {
      what: 'the second try',
    });
    assert.equal(service.log.events('source-listening').length, 1);
  });

  test('takes up renewed certificate files of an endpoint', async (t) => {
    const dir = tempDir(t);
    const file = join(dir, 'ca.pem');
    copyFileSync(pki.caFile, file);
    const world = await startWorld(t, {
      pki,
      edit: ({ endpoints }) => Object.assign(endpoints?.['hook'] ?? {}, { ca_file: file }),
    });
    writeFileSync(file, 'no certificate');
    assert.match(
      (await world.reload(world.config)).join('\n'),
      /endpoint hook: ca_file \S+ca\.pem cannot be used \(no certificate is in it\)/,
    );
    copyFileSync(pki.caFile, file);
    assert.deepEqual(await world.reload(world.config), []);
  });

  test('that goes back to an earlier one is in the audit log too', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    const { config: first } = await control.call('status', {});
    const other = edited(world, ({ recipients }) =>
      Object.assign(recipients ?? {}, { more: { endpoint: 'hook' } }),
    );
    assert.deepEqual(await world.reload(other), []);
    const { config: second } = await control.call('status', {});
    assert.deepEqual(await world.reload(world.config), []);
    assert.deepEqual(await world.reload(world.config), []);
    const again = await world.restart();
    const loads = (await again.service.control.call('audit.list', {})).filter(
      ({ what }) => what === 'config.load',
    );
    assert.deepEqual(
      loads.map(({ detail: hash }) => ({ hash })),
      [first, second, first],
    );
  });

  test('what has not changed stays: listeners, and the sinks of endpoints', async (t) => {
    const world = await startWorld(t, { pki });
    const portBefore = world.service.port();
    const config = edited(world, ({ recipients }) =>
      Object.assign(recipients ?? {}, { more: { endpoint: 'hook' } }),
    );
    assert.deepEqual(await world.reload(config), []);
    assert.equal(world.service.port(), portBefore);
    await world.alert('after');
    await world.service.sent('siem', 1);
  });
});
