/** Profiles that deliver to a prelude-manager: runs and followers, against a stand-in that is as particular. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { openJournal } from '../../src/journal/in-process.ts';
import { followProfile } from '../../src/poller/follow.ts';
import { gatherFacts, type ProfileFacts } from '../../src/poller/profile-facts.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeManager } from '../support/fake-manager.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { makeSite, register } from '../support/prelude-site.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;
const WRITE = 4;
const READ_WRITE = 5;
const MINUTE = 60_000;

/** Valid by the RFC; no message of Prelude's can be so old. */
const from1963 = (messageid: string): string =>
  alertElement(messageid).replace(
    /<idmef:CreateTime.*<\/idmef:CreateTime>/,
    '<idmef:CreateTime ntpstamp="0x0.0x0">1963-02-26T00:00:00Z</idmef:CreateTime>',
  );

async function world(t: TestContext, rights: number) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const sensor = await startFakeSensor(t, { pki });
  const site = await makeSite('1001');
  const manager = await startFakeManager(t, site);
  // The clock held by hand stands years from that of this machine.
  const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2037-01-01') };
  const relay = await register(join(dir, 'relay'), '2002', [{ site, rights, ...dates }]);
  const url = new URL(`prelude://localhost:${manager.port}?profile=relay&dir=${relay.dir}`);
  const bench = pollerBench();
  const stateDir = join(dir, 'state');
  const profile = profileFor(pki, sensor.url, stateDir, { managers: [url], timeoutSeconds: 2 });
  return {
    dir,
    sensor,
    manager,
    bench,
    run: async (more: Partial<ProfileConfig> = {}): Promise<number> =>
      await runProfile({ ...profile, ...more }, bench, never),
    follow: () => {
      const stop = new AbortController();
      const ended = followProfile(profile, bench, stop.signal);
      t.after(() => stop.abort());
      return async (): Promise<number> => {
        stop.abort();
        return await ended;
      };
    },
    facts: async (): Promise<ProfileFacts> => {
      const journal = await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
      const facts = await gatherFacts(journal, bench.clock.now());
      await journal.close();
      return facts;
    },
    delivered: (): unknown[] => manager.alerts().map(({ fields }) => fields['messageid']),
  };
}

test('a run delivers to a manager that confirms nothing, and says once a day what that means', async (t) => {
  const { sensor, manager, bench, run, facts, delivered } = await world(t, WRITE);
  sensor.add(alertElement('a'), alertElement('b'));
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.deepEqual(delivered(), ['a', 'b']);
  const notices = (): string[] => bench.texts('notice').filter((text) => /unacknowledged/.test(text));
  assert.equal(notices().length, 1);
  assert.match(
    notices()[0] ?? '',
    /^dmz1: prelude-manager localhost:\d+ \(profile relay\) confirms nothing: delivery is unacknowledged, /,
  );
  sensor.add(alertElement('c'));
  bench.clock.advance(MINUTE);
  assert.equal(await run(), 0);
  assert.equal(notices().length, 1, 'not each minute');
  bench.clock.advance(25 * 60 * MINUTE);
  sensor.add(alertElement('d'));
  assert.equal(await run(), 0);
  assert.equal(notices().length, 2, 'the next day');
  assert.deepEqual(delivered(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(
    manager.sessions.map(({ capability, ended }) => [capability, ended]),
    [
      [WRITE, true],
      [WRITE, true],
      [WRITE, true],
    ],
  );
  assert.equal((await facts()).destinations[0]?.forwarded, 4);
});

test('one heartbeat in ten minutes over all runs, those included that have nothing to deliver', async (t) => {
  const { sensor, manager, bench, run } = await world(t, WRITE);
  assert.equal(await run(), 0);
  assert.equal(manager.heartbeats().length, 1, 'the first run says that we are there');
  for (let minute = 1; minute < 10; minute += 1) {
    bench.clock.advance(MINUTE);
    assert.equal(await run(), 0);
  }
  assert.equal(manager.sessions.length, 1, 'nothing to say, no connection');
  sensor.add(alertElement('a'));
  assert.equal(await run(), 0);
  assert.deepEqual([manager.heartbeats().length, manager.sessions.length], [1, 2]);
  bench.clock.advance(MINUTE);
  assert.equal(await run(), 0);
  assert.deepEqual([manager.heartbeats().length, manager.sessions.length], [2, 3]);
});

test('a run refuses a profile that may read, keeps everything, and says what to do', async (t) => {
  const { sensor, manager, bench, run, facts } = await world(t, READ_WRITE);
  sensor.add(alertElement('a'));
  assert.equal(await run(), 75);
  assert.match(
    bench.texts('error')[0] ?? '',
    /has given the profile the right to read too \(idmef:rw\), .*1 alert kept.*"idmef:w" only, or run with --follow$/,
  );
  assert.deepEqual(manager.reported, []);
  assert.equal((await facts()).destinations[0]?.pending, 1);
});

test('a follower is there before the first alert, settles what is confirmed, and says goodbye', async (t) => {
  const { sensor, manager, bench, follow, facts, delivered } = await world(t, READ_WRITE);
  const stop = follow();
  await until(() => manager.heartbeats().length === 1);
  assert.deepEqual(
    manager.sessions.map(({ capability }) => capability),
    [READ_WRITE],
  );
  manager.options.echo = () => 'hold';
  sensor.add(alertElement('a'));
  await until(() => delivered().length === 1);
  assert.equal((await facts()).destinations[0]?.forwarded, 0, 'sent is not delivered');
  manager.release();
  await until(async () => (await facts()).destinations[0]?.forwarded === 1);
  assert.equal(await stop(), 0);
  assert.deepEqual([manager.sessions.length, manager.sessions[0]?.ended], [1, true]);
  assert.deepEqual(
    bench.texts().filter((text) => /unacknowledged/.test(text)),
    [],
  );
});

test('a follower whose manager confirms nothing says so at its start', async (t) => {
  const { manager, bench, follow } = await world(t, WRITE);
  const stop = follow();
  await until(() => manager.heartbeats().length === 1);
  assert.equal(await stop(), 0);
  const said = bench.texts('notice').filter((text) => /"idmef:rw" makes it acknowledged/.test(text));
  assert.equal(said.length, 1);
});

test('what Prelude cannot hold is in quarantine, what it gets changed is counted', async (t) => {
  const { sensor, bench, run, facts, delivered } = await world(t, WRITE);
  const fine = alertElement('fine')
    .replace('.93464Z', '.9346412Z')
    .replace(/ ntpstamp="[^"]*"/, ' ntpstamp="0x0.0x0"');
  sensor.add(from1963('old'), fine);
  assert.equal(await run(), 65, bench.texts().join('\n'));
  assert.match(
    bench.texts('error')[0] ?? '',
    /^dmz1: prelude-manager localhost:\d+ \(profile relay\) cannot be sent message 1 \(messageid "old"\): CreateTime: /,
  );
  const { destinations, brokenLaws } = await facts();
  assert.deepEqual(
    destinations.map(({ dead, forwarded, changed }) => [dead, forwarded, changed]),
    [[1, 2, { 'time-fraction': 1 }]],
  );
  assert.deepEqual(brokenLaws, []);
  assert.equal(delivered().length, 2, 'and the report');
});

test('--proxy beside prelude:// alone is said: nothing goes through it', async (t) => {
  const { bench, run } = await world(t, WRITE);
  const proxy = new URL('http://proxy:3128/');
  assert.equal(await run({ proxy }), 0);
  assert.equal(await run({ proxy }), 0);
  assert.deepEqual(bench.texts('warning'), [
    'dmz1: --proxy is for https destinations only: prelude-manager is dialled directly',
  ]);
});
