/** What the service says of itself: troubles and refused configurations to `report_to`, the audit log's head once a day, a sign of life. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { createReports } from '../../../src/app/dispatcher/reports.ts';
import { jsonObject } from '../../../src/core/json-object.ts';
import { dispatcherLimits } from '../../../src/core/limits.ts';
import type { DispatcherConfig } from '../../../src/dispatcher/model/config.ts';
import type { Inbound } from '../../../src/dispatcher/model/message.ts';
import { systemRandom } from '../../../src/os/random.ts';
import { fakeProvider } from '../../dispatcher/sinks/fake-provider.ts';
import { freePort } from '../../support/free-port.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { startWorld } from './world.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

test('a held recipient, a refused configuration and the head of the audit log reach report_to', async (t) => {
  const world = await startWorld(t, {
    pki,
    edit: (config) => {
      Object.assign(config, { report_to: 'ops' });
      Object.assign(config['recipients'] ?? {}, { ops: { endpoint: 'disk', file: 'ops.jsonl' } });
    },
  });
  world.hook.say({ status: 401 });
  await world.alert('one');
  Object.assign(world.config['route'] ?? {}, { to: ['nobody'] });
  assert.equal((await world.reload(world.config)).length, 1);
  const said = (): string[] => {
    const lines = readFileSync(join(world.dir, 'files', 'ops.jsonl'), 'utf8').split('\n');
    return lines.flatMap((line) => (line === '' ? [] : String(jsonObject(line)?.['title'])));
  };
  await world.service.sent('ops', 3);
  assert.deepEqual(said().toSorted(), [
    'Configuration refused',
    'Delivery trouble: siem is held and needs an operator',
    'Head of the audit log',
  ]);
});

test('the head goes out once a day; one that could not be stored is tried again within the hour', async () => {
  const clock = manualClock();
  const state = new Map<string, string>();
  const accepted: Inbound[] = [];
  let full = true;
  const log = recordingLogger();
  const reports = createReports({
    door: {
      accept: (batch) => {
        if (full) return Promise.reject(new Error('the disk is full'));
        accepted.push(...batch);
        return Promise.resolve([]);
      },
      refused: () => undefined,
    },
    store: {
      auditTrail: () => Promise.resolve([{ id: 7, at: 0, by: 'x', what: 'y', detail: '', hash: 'abc' }]),
      state: (key) => Promise.resolve(state.get(key)),
      setState: (key, value) => Promise.resolve(void state.set(key, value)),
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is looked at
    config: () => ({ reportTo: 'ops' }) as DispatcherConfig,
    clock,
    random: systemRandom,
    log,
    hostname: 'host',
    mark: () => 'mark',
  });
  const pass = async (ms: number): Promise<number> => {
    clock.advance(ms);
    await reports.auditHead();
    return accepted.length;
  };
  assert.equal(await pass(0), 0);
  full = false;
  assert.equal(await pass(60_000), 0, 'not at every tick');
  assert.equal(await pass(dispatcherLimits.repeatSayingMs), 1);
  assert.match(accepted[0]?.body.toString('utf8') ?? '', /entry 7, SHA-256 abc/);
  assert.deepEqual(accepted[0]?.forced, ['ops']);
  assert.equal(await pass(dispatcherLimits.auditHeadMs - 60_000), 1);
  assert.equal(await pass(60_000), 2);
  state.set('audit.head.sent', String(clock.now() + 365 * dispatcherLimits.auditHeadMs));
  assert.equal(await pass(dispatcherLimits.auditHeadMs), 3, 'a clock that was set back silences nothing');
});

test('a sign of life: not before it listens, then at once', async (t) => {
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => {
    taken.listen(port, '127.0.0.1', resolve);
  });
  t.after(() => taken.close());
  const deadMan = await fakeProvider(t);
  const dir = tempDir(t);
  const world = async (): ReturnType<typeof startWorld> =>
    await startWorld(t, {
      pki,
      dir,
      edit: ({ endpoints, recipients, sources }) => {
        Object.assign(endpoints ?? {}, { dog: { type: 'watchdog', url: `${deadMan.base}/ping` } });
        Object.assign(recipients ?? {}, { dog: { endpoint: 'dog' } });
        Object.assign(sources ?? {}, { secarc: { listen: `127.0.0.1:${port}`, allow_from: '127.0.0.1' } });
      },
    });
  await assert.rejects(world(), /the port is in use/);
  assert.deepEqual(deadMan.received, []);
  await new Promise((resolve) => taken.close(resolve));
  await world();
  await until(() => deadMan.received.length === 1, { what: 'the first ping' });
});
