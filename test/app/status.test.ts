/** `idmef status` on journals as they are met: none, damaged, in use, another user's; and its JSON, key by key. */

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { ProfileSource } from '../../src/app/profile-report.ts';
import { runSensorStatus, runStatus, type StatusOptions } from '../../src/app/status.ts';
import { jsonObject } from '../../src/core/json-object.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { otherUser, runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

function sourceOf(stateDir: string, name = 'dmz1'): ProfileSource {
  return { name, stateDir, config: undefined, fault: undefined };
}

async function status(sources: readonly ProfileSource[], more: Partial<StatusOptions> = {}) {
  let out = '';
  let err = '';
  const io = {
    stdout: (text: string) => void (out += text),
    stderr: (text: string) => void (err += text),
    now: () => Date.now(),
    random: systemRandom,
  };
  const options = { sources, detail: false, json: false, columns: 120, colours: false, ...more };
  return { exit: await runStatus(options, io), out, err };
}

async function journalIn(stateDir: string) {
  return await openJournal({
    path: journalPath(stateDir),
    consumers: ['https://gw:3128/'],
    clock: systemClock,
    random: systemRandom,
  });
}

function newDir(t: TestContext, name = 'state'): string {
  return join(tempDir(t), name);
}

test('no journal', async (t) => {
  const { exit, out } = await status([sourceOf(newDir(t))]);
  assert.equal(exit, 0);
  assert.match(out, /\ndmz1 +never /);
});

test('a damaged journal, beside a sound one: both are told, nothing is touched', async (t) => {
  const [sound, damaged] = [newDir(t), newDir(t)];
  await (await journalIn(sound)).close();
  mkdirSync(damaged);
  writeFileSync(journalPath(damaged), 'no database at all'.repeat(1000));
  const { exit, out } = await status([sourceOf(sound, 'sound'), sourceOf(damaged, 'damaged')]);
  assert.equal(exit, 0);
  assert.match(out, /\ndamaged +damaged .*not a database/);
  assert.match(out, /\nsound +no-file /);
});

test('a running poller holds the journal: it is read beside it, and the poller goes on', async (t) => {
  const dir = newDir(t);
  const journal = await journalIn(dir);
  t.after(() => journal.close());
  await journal.append([{ body: Buffer.from('x'), severity: 0 }]);
  const claim = await journal.lease('https://gw:3128/', { messages: 1, bytes: 1 });
  const look = (await status([sourceOf(dir)], { json: true })).out;
  assert.equal(jsonObject(look)?.['pending'], 1);
  await journal.settle(claim?.id ?? 0);
  assert.equal(jsonObject((await status([sourceOf(dir)], { json: true })).out)?.['pending'], 0);
});

test('looking leaves no log beside a journal nobody uses', async (t) => {
  const dir = newDir(t);
  const journal = await journalIn(dir);
  await journal.append([{ body: Buffer.from('x'), severity: 0 }]);
  await journal.close();
  const other = `${dir}-copy`;
  mkdirSync(other);
  // As after a clean end under every driver: the one file alone, which nobody may write.
  copyFileSync(journalPath(dir), journalPath(other));
  const { out } = await status([sourceOf(other)], { json: true });
  assert.equal(jsonObject(out)?.['pending'], 1);
  assert.deepEqual(readdirSync(other), ['journal.db']);
});

test("another user's journal: said with the line that helps, exit 78 when there is no other", async (t) => {
  const user = otherUser();
  if (typeof user === 'string') return t.skip(user);
  const base = tempDir(t);
  chmodSync(base, 0o755);
  const dir = join(base, 'profiles', 'dmz1');
  await (await journalIn(dir)).close();
  chmodSync(join(base, 'profiles'), user.uid === undefined ? 0o000 : 0o700);
  try {
    const conf = join(base, 'conf');
    mkdirSync(conf);
    writeFileSync(
      join(conf, 'http-proxy@dmz1'),
      'CERT=c\nKEY=k\nCACERT=a\nSENSOR=https://s/\nMANAGER=file:///x\n',
    );
    const args = ['status', '--config-dir', conf, '--state', base];
    const { code, stdout, stderr } = await runProgram('idmef', args, user);
    assert.equal(code, 78, stderr);
    assert.match(stdout, /\ndmz1 +unreadable /);
    assert.match(stderr, /^idmef: hint: run it as its owner: runuser -u \S+ -- idmef status --config-dir /);
    const none = await runProgram('idmef', ['status', '--config-dir', '/nowhere', '--state', base], user);
    assert.equal(none.code, 78);
    assert.match(none.stderr, /profiles cannot be listed by this user \(EACCES\)\nidmef: hint: .*runuser/);
    const check = await runProgram('idmef', ['check', '--profile', 'dmz1', ...args.slice(1)], user);
    assert.equal(check.code, 3);
    assert.match(check.stdout, /^IDMEF UNKNOWN - dmz1: journal .* cannot be read by this user/);
  } finally {
    chmodSync(join(base, 'profiles'), 0o700);
  }
});

test('JSON has the same keys, whatever is known', async (t) => {
  const dir = newDir(t);
  await (await journalIn(dir)).close();
  const { out } = await status([sourceOf(dir), sourceOf(newDir(t), 'never')], { json: true });
  // Sorted by trouble: what never ran comes first.
  const [none, facts] = out.trimEnd().split('\n').map(jsonObject);
  const keys =
    'profile state at configured stateDirectory troubles certificateEnd lastRun lastRunSeconds lastSuccess ' +
    'lastSuccessAgeSeconds lastActiveRun lastEndedTrouble pending oldestAgeSeconds quarantine destinations sensor ' +
    'totals journal law';
  assert.deepEqual(Object.keys(facts ?? {}), keys.split(' '));
  assert.deepEqual(Object.keys(none ?? {}), keys.split(' '));
  assert.equal(facts?.['law'], 'ok');
  const nested = (value: unknown): string[] => Object.keys(value ?? {});
  assert.deepEqual(
    nested(facts['sensor']),
    'name relay journal pending oldestAgeSeconds stuck corrupt dropped paused certificateEnd clockOffsetSeconds'.split(
      ' ',
    ),
  );
  const destinations = facts['destinations'];
  assert.ok(Array.isArray(destinations));
  assert.deepEqual(
    nested(destinations[0]),
    'destination configured failing pending pendingBytes oldestAgeSeconds held forwarded changed refused dead dropped lastSuccess'.split(
      ' ',
    ),
  );
});

test("the sensor's own journal, in words and as JSON", async (t) => {
  const dir = newDir(t);
  const journal = await openJournal({
    path: join(dir, 'journal.db'),
    clock: systemClock,
    random: systemRandom,
  });
  await journal.append([{ body: Buffer.from('x'), severity: 0 }]);
  await journal.state.set(
    'intake',
    JSON.stringify({ stuck: 2, corrupt: 1, at: Date.now(), paused: 'disk full' }),
  );
  let out = '';
  const io = {
    stdout: (text: string) => void (out += text),
    stderr: () => undefined,
    now: () => Date.now(),
    random: systemRandom,
  };
  const source = { stateDir: dir, config: undefined, fault: undefined };
  assert.equal(await runSensorStatus({ source, json: false, colours: false }, io), 0);
  assert.match(out, /^sensor: (?:stopped|full)\n/);
  assert.match(out, /\n {2}queue +default: 1 pending \(0\.0 MiB, oldest \d s\), 0 fetched\n/);
  assert.match(out, /\n {2}intake +paused since .*: disk full\n/);
  assert.match(out, /\n {2}stuck +2 since .*\n {2}corrupt +1\n/);
  assert.match(out, /\n {2}law +ok\n/);
  await journal.close();
  out = '';
  await runSensorStatus({ source, json: true, colours: false }, io);
  const keys =
    'sensor state at configured stateDirectory trouble running certificateEnd disk queues files stuck corrupt paused journal law';
  assert.deepEqual(Object.keys(jsonObject(out) ?? {}), keys.split(' '));
});
