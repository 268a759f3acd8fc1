/** The built commands with a prelude-manager at the end: sensor → http-proxy → native protocol, by runs and for good. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { jsonObject } from '../../src/core/json-object.ts';
import { analyzers, startFakeManager } from '../support/fake-manager.ts';
import { makeSite, register } from '../support/prelude-site.ts';
import { runProgram, type Program } from '../support/program.ts';
import { alertDocument } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';

const WRITE = 4;
const READ_WRITE = 5;

async function world(t: TestContext, rights: number) {
  const dir = tempDir(t);
  const made = await makeWorld(dir);
  const site = await makeSite('1001');
  const manager = await startFakeManager(t, site);
  const relay = await register(join(dir, 'relay'), '2002', [{ site, rights }]);
  const url = `prelude://localhost:${manager.port}?profile=relay&dir=${relay.dir}`;
  const sensor = await made.startSensor();
  t.after(() => sensor.kill('SIGKILL'));
  return {
    ...made,
    startPoller: (flags: readonly string[], managers: readonly string[]): Program => {
      const poller = made.startPoller(flags, managers);
      t.after(() => poller.kill('SIGKILL'));
      return poller;
    },
    manager,
    url,
    produce: (...ids: readonly string[]): void => {
      for (const id of ids) writeFileSync(join(made.spool, `${id}.xml`), alertDocument(id));
    },
    delivered: (): string[] => manager.alerts().map(({ fields }) => JSON.stringify(fields['messageid'])),
    status: async () => {
      const args = ['status', '--json', '--config-dir', dir, '--state', made.pollerState];
      const { stdout } = await runProgram('idmef', args);
      const list: unknown = jsonObject(stdout)?.['destinations'];
      assert.ok(Array.isArray(list));
      return jsonObject(JSON.stringify(list[0])) ?? {};
    },
    sensorEmpty: async (): Promise<boolean> => {
      const { headers } = await made.ask({ method: 'HEAD' });
      return String(headers['idmef-status']).startsWith('pending=0');
    },
  };
}

const named = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

test('a run delivers to a manager that confirms nothing, with our Analyzer in front', async (t) => {
  const { manager, url, produce, startPoller, delivered, status, sensorEmpty } = await world(t, WRITE);
  const ids = named(20, 'run');
  produce(...ids);
  await until(async () => !(await sensorEmpty()), { everyMs: 40 });
  await until(() => startPoller([], [url]).exited.then(() => delivered().length === 20));
  assert.deepEqual(new Set(delivered()), new Set(ids.map((id) => JSON.stringify(id))));
  assert.equal(manager.invalid, 0);
  const [ours, ...originals] = analyzers(manager.alerts()[0] ?? { class: 'alert', fields: {} });
  assert.deepEqual([ours?.fields['analyzerid'], ours?.fields['name']], ['2002', 'idmef-relay']);
  assert.match(JSON.stringify(ours?.fields['version']), /^"\d+\.\d+\.\d+/);
  assert.ok(originals.length > 0);
  assert.equal(manager.heartbeats().length, 1);
  const destination = await status();
  assert.deepEqual(
    [destination['destination'], destination['forwarded'], destination['pending']],
    [`prelude://localhost:${manager.port}?profile=relay`, 20, 0],
  );
});

test('a follower settles what the manager confirms, through lost connections, and says goodbye', async (t) => {
  const { manager, url, produce, startPoller, delivered, status, sensorEmpty } = await world(t, READ_WRITE);
  const follower = startPoller(['--follow'], [url]);
  await until(() => manager.heartbeats().length === 1, { what: 'a heartbeat before the first alert' });
  assert.equal(manager.sessions[0]?.capability, READ_WRITE);
  manager.options.echo = () => 'hold';
  produce(...named(30, 'held'));
  const unconfirmed = await until(() => delivered().length);
  assert.equal((await status())['forwarded'], 0, 'nothing is settled that is not confirmed');
  manager.options.echo = () => 'echo';
  manager.drop('reset');
  await until(async () => (await status())['forwarded'] === 30, { everyMs: 100 });
  assert.ok(delivered().length >= 30 + unconfirmed, 'what was not confirmed was sent again');
  produce(...named(100, 'live'));
  await until(async () => (await status())['forwarded'] === 130, { everyMs: 100 });
  assert.equal(new Set(delivered()).size, 130);
  assert.ok(await sensorEmpty());
  assert.deepEqual(await follower.kill('SIGTERM'), { code: 0, signal: null });
  await until(() => manager.sessions.at(-1)?.ended === true);
  assert.equal(manager.sessions.length, 2);
});

test('a run of a profile that may read is refused with the reason, and a schedule is made of runs', async (t) => {
  const { manager, url, produce, startPoller, sensorEmpty } = await world(t, READ_WRITE);
  produce('a');
  await until(async () => !(await sensorEmpty()), { everyMs: 40 });
  const run = startPoller([], [url]);
  assert.deepEqual(await run.exited, { code: 75, signal: null });
  assert.match(run.stderr(), /right to read too \(idmef:rw\).*1 alert kept.*run with --follow$/m);
  const scheduled = startPoller(['--schedule', '* * * * * *'], [url]);
  await scheduled.line(/right to read too \(idmef:rw\)/);
  assert.deepEqual(await scheduled.kill('SIGTERM'), { code: 0, signal: null });
  assert.deepEqual([manager.reported, manager.sessions], [[], []]);
});
