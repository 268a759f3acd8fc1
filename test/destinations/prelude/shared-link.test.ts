/** Several profiles of one program over one connection: when one of them goes, the others stay. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Outcome } from '../../../src/core/outcome.ts';
import type { Parcel } from '../../../src/destinations/destination.ts';
import { createPreludeLinks } from '../../../src/destinations/prelude/links.ts';
import { createPreludeDestination } from '../../../src/destinations/prelude/prelude-destination.ts';
import { startFakeManager } from '../../support/fake-manager.ts';
import { pollerBench } from '../../support/poller-bench.ts';
import { makeSite, register } from '../../support/prelude-site.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { alertElement } from '../../support/tiny-alerts.ts';
import { until } from '../../support/until.ts';

test('a profile that is closed takes neither the connection nor the heartbeats of the others along', async (t) => {
  const site = await makeSite('1001');
  const manager = await startFakeManager(t, site);
  const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2037-01-01') };
  const { dir } = await register(join(tempDir(t), 'relay'), '2002', [{ site, ...dates }]);
  const url = new URL(`prelude://localhost:${manager.port}?profile=relay&dir=${dir}`);
  const { clock, random } = pollerBench();
  const links = createPreludeLinks();

  const open = () => {
    const entries = new Map<string, string>();
    let closed = false;
    const check = (): void => assert.ok(!closed, 'a journal that is closed is not asked');
    const memory = {
      get: async (key: string) => (check(), entries.get(key)),
      set: async (key: string, value: string) => (check(), void entries.set(key, value)),
    };
    const options = { longRunning: true, hostname: 'manager1', memory, clock, random, idleMs: 2000, links };
    const destination = createPreludeDestination(url, options);
    t.after(() => destination.close());
    return {
      deliver: async (messageid: string): Promise<Outcome | undefined> => {
        const body = Buffer.from(alertElement(messageid));
        const parcel: Parcel = {
          journal: messageid,
          sequences: [1],
          ranges: '1',
          lengths: [body.length],
          bodies: [body],
        };
        let outcome: Outcome | undefined;
        await destination.deliver(parcel, (_, one) => void (outcome = one), new AbortController().signal);
        return outcome;
      },
      attend: async () => await destination.attend?.(new AbortController().signal),
      close: async () => {
        await destination.close();
        closed = true;
      },
    };
  };

  const [first, second] = [open(), open()];
  assert.deepEqual([await first.deliver('a'), await second.deliver('b')], [{ kind: 'ok' }, { kind: 'ok' }]);
  assert.equal(manager.sessions.length, 1);
  assert.equal(manager.heartbeats().length, 1);
  await first.close();
  clock.advance(11 * 60_000);
  assert.deepEqual(await second.deliver('c'), { kind: 'ok' });
  await second.attend();
  await until(() => manager.heartbeats().length === 2);
  assert.equal(manager.sessions.length, 1);
  await second.close();
  assert.equal(manager.sessions[0]?.ended, true);
});
