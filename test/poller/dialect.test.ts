/** Which form each receiver gets, what of a message cannot be put into it, and who is told: whole runs. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { openJournal } from '../../src/journal/in-process.ts';
import { runQuarantine } from '../../src/app/quarantine.ts';
import { gatherFacts, type ProfileFacts } from '../../src/poller/profile-facts.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { startReceiver, startTrivialGateway } from '../support/receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';

const never = new AbortController().signal;

/** Valid by the RFC; what a SECEF gateway would answer 500 to. */
function nested(messageid: string): string {
  return alertElement(messageid)
    .replace(
      '<idmef:Analyzer analyzerid="sensor-1"/>',
      '<idmef:Analyzer analyzerid="outer"><idmef:Analyzer analyzerid="inner"/></idmef:Analyzer>',
    )
    .replace(
      '</idmef:Alert>',
      '<idmef:Assessment><idmef:Impact severity="high">as root</idmef:Impact></idmef:Assessment></idmef:Alert>',
    );
}

/** Valid by the RFC; its file system is none Prelude knows. */
function onExt4(messageid: string): string {
  const file =
    '<idmef:File category="current" fstype="ext4"><idmef:name>a</idmef:name><idmef:path>/a</idmef:path></idmef:File>';
  return alertElement(messageid).replace(
    '<idmef:Classification',
    `<idmef:Target>${file}</idmef:Target><idmef:Classification`,
  );
}

/** Valid by the RFC; no message of Prelude's can be so old. */
function from1963(messageid: string): string {
  return alertElement(messageid).replace(
    /<idmef:CreateTime.*<\/idmef:CreateTime>/,
    '<idmef:CreateTime ntpstamp="0x0.0x0">1963-02-26T00:00:00Z</idmef:CreateTime>',
  );
}

async function world(t: TestContext) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const sensor = await startFakeSensor(t, { pki });
  const bench = pollerBench();
  const stateDir = join(dir, 'state');
  const profile = profileFor(pki, sensor.url, stateDir, { timeoutSeconds: 1 });
  const out = join(dir, 'out');
  mkdirSync(out);
  return {
    dir,
    pki,
    sensor,
    bench,
    stateDir,
    outUrl: pathToFileURL(out),
    /** Of what the file destination got. */
    filed: (): string[] => readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name)))),
    run: async (managers: readonly URL[], more: Partial<ProfileConfig> = {}): Promise<number> =>
      await runProfile({ ...profile, managers, ...more }, bench, never),
    facts: async (): Promise<ProfileFacts> => {
      const journal = await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
      const facts = await gatherFacts(journal, bench.clock.now());
      await journal.close();
      return facts;
    },
    quarantine: async (verb: 'list' | 'retry', ids: readonly number[] | 'all') => {
      let text = '';
      const stdout = (more: string): void => void (text += more);
      const io = { stdout, stderr: stdout, now: () => bench.clock.now(), random: bench.random };
      const exit = await runQuarantine({ verb, ids, stateDir, json: false }, io);
      return { exit, text };
    },
  };
}

test('auto: a foreign gateway gets the dialect, which it reads without loss', async (t) => {
  const { pki, sensor, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, keep: true });
  sensor.add(nested('n1'));
  assert.equal(await run([gateway.url]), 0, bench.texts().join('\n'));
  const [body = ''] = gateway.bodies.map(String);
  assert.match(
    body,
    /<(?:idmef:)?Analyzer analyzerid="outer"\/?>(?:<\/(?:idmef:)?Analyzer>)?<(?:idmef:)?Analyzer analyzerid="inner"/,
  );
  assert.match(body, /<(?:idmef:)?Impact [^>]*description="as root"/);
  assert.doesNotMatch(body.split('?>').at(-1) ?? '', />\s+</);
  assert.equal(gateway.seen[0]?.['content-type'], 'text/xml');
  assert.equal(gateway.seen[0]['content-length'], String(Buffer.byteLength(body)));
});

test('auto: a receiver of ours gets the messages as they are, those included that Prelude could not hold', async (t) => {
  const { dir, pki, sensor, run, bench } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  sensor.add(nested('n1'), onExt4('e1'), from1963('o1'));
  assert.equal(await run([receiver.url]), 0, bench.texts().join('\n'));
  assert.deepEqual(receiver.stored(), ['n1', 'e1', 'o1']);
  assert.deepEqual(bench.log.events('changed'), []);
});

test('secef: the dialect without asking, even to a receiver of ours; rfc: the messages as they are', async (t) => {
  const { dir, pki, sensor, run } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  const bodies: string[] = [];
  receiver.misbehave = (body) => {
    bodies.push(body.toString());
    return { status: 200 };
  };
  sensor.add(nested('n1'));
  assert.equal(await run([receiver.url], { dialect: 'secef' }), 0);
  sensor.add(nested('n2'));
  assert.equal(await run([receiver.url], { dialect: 'rfc' }), 0);
  assert.equal(receiver.options, 0);
  assert.match(bodies[0] ?? '', /description="as root"/);
  assert.match(bodies[1] ?? '', />as root<\/idmef:Impact>/);
});

test('what cannot be sent goes to quarantine at once, is said, reported, and holds up nobody', async (t) => {
  const { pki, sensor, run, bench, facts, filed, outUrl, quarantine } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, keep: true });
  sensor.add(alertElement('a'), from1963('old'), alertElement('b'));
  assert.equal(await run([gateway.url, outUrl]), 65, bench.texts().join('\n'));
  const [error, ...others] = bench.texts('error');
  assert.deepEqual(others, []);
  assert.match(
    error ?? '',
    /^dmz1: gateway \S+ cannot be sent message 2 \(messageid "old"\): CreateTime: .*1970.* \(create-time\); it is in quarantine: idmef quarantine list --profile dmz1$/,
  );
  assert.match(bench.texts('notice').at(-1) ?? '', /, 1 quarantined, 0 pending/);
  const got = gateway.bodies.map((body) => messageids(body)[0]);
  assert.deepEqual(new Set(got.slice(0, 2)), new Set(['a', 'b']));
  assert.equal(got.length, 3, 'and the report, in the dialect');
  assert.deepEqual(filed().slice(0, 3), ['a', 'old', 'b']);
  assert.equal(filed().length, 4, 'the other destination is told too');
  assert.match(gateway.bodies.at(-1)?.toString() ?? '', /IDMEF messages do not fit a destination/);
  const { destinations, brokenLaws, quarantine: entries } = await facts();
  assert.deepEqual([brokenLaws, entries], [[], 1]);
  assert.deepEqual(
    destinations.map(({ forwarded, dead, pending, illness }) => [forwarded, dead, pending, illness]),
    [
      [3, 1, 0, undefined],
      [4, 0, 0, undefined],
    ],
  );
  assert.match((await quarantine('list', 'all')).text, /\trefused\t.* cannot be sent to https:\/\/localhost/);
  assert.equal(await run([gateway.url, outUrl]), 0, 'said once');
});

test('a message let out of quarantine is judged anew: by the profile as it is then', async (t) => {
  const { pki, sensor, run, facts, quarantine } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, keep: true });
  sensor.add(from1963('old'));
  assert.equal(await run([gateway.url]), 65);
  assert.equal((await quarantine('retry', 'all')).exit, 0);
  assert.equal(await run([gateway.url]), 65, 'nothing has changed');
  assert.equal((await facts()).quarantine, 1);
  assert.equal((await quarantine('retry', 'all')).exit, 0);
  assert.equal(await run([gateway.url], { dialect: 'rfc' }), 0);
  assert.ok(gateway.bodies.some((body) => messageids(body)[0] === 'old'));
  const { destinations, brokenLaws, quarantine: entries } = await facts();
  assert.deepEqual([destinations[0]?.dead, entries, brokenLaws], [0, 0, []]);
});

test('a gateway that cannot be sent thirty messages in a row is not sick', async (t) => {
  const { pki, sensor, run, bench, facts } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  sensor.add(...Array.from({ length: 30 }, (_, index) => from1963(`old${index}`)), alertElement('a'));
  assert.equal(await run([gateway.url]), 65, bench.texts().join('\n'));
  const [destination] = (await facts()).destinations;
  assert.deepEqual([destination?.dead, destination?.illness, gateway.accepted], [30, undefined, 2]);
  assert.match(bench.texts('error').at(-1) ?? '', /^dmz1: and 10 more messages that cannot be sent/);
});

test('a changed message is delivered, said and counted', async (t) => {
  const { pki, sensor, run, bench, facts } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, keep: true });
  sensor.add(onExt4('e1'), alertElement('a'));
  assert.equal(await run([gateway.url]), 0, bench.texts().join('\n'));
  const [said] = bench.log.events('changed');
  assert.match(
    said?.text ?? '',
    /^dmz1: gateway \S+ got message 1 \(messageid "e1"\) changed: fstype @ Target\/File\/@fstype$/,
  );
  assert.match(bench.texts('notice').at(-1) ?? '', /, changed on the way out: fstype, /);
  sensor.add(onExt4('e2'));
  assert.equal(await run([gateway.url]), 0);
  assert.deepEqual((await facts()).destinations[0]?.changed, { fstype: 2 });
  assert.match(gateway.bodies[0]?.toString() ?? '', /ext4/, 'what was moved is still there');
});

for (const [status, exit] of [
  [500, 75],
  [415, 75],
  [302, 75],
  [503, 75],
] as const) {
  test(`a gateway that answers ${status} to the dialect keeps everything pending`, async (t) => {
    const { pki, sensor, run, facts, bench } = await world(t);
    const gateway = await startTrivialGateway(t, { pki });
    gateway.misbehave = () => ({ status, headers: { Location: 'https://x/' } });
    sensor.add(alertElement('a'), onExt4('e'));
    assert.equal(await run([gateway.url]), exit);
    const [destination] = (await facts()).destinations;
    assert.deepEqual([destination?.pending, destination?.dead, destination?.changed], [2, 0, {}]);
    gateway.misbehave = () => undefined;
    bench.clock.advance(400_000);
    assert.equal(await run([gateway.url]), 0);
    assert.equal(gateway.accepted, 2);
  });
}
