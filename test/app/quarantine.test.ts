/** `idmef quarantine`: the ways out of it, in text and JSON, and what a running poller means for them. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { runQuarantine, type QuarantineOptions } from '../../src/app/quarantine.ts';
import { jsonObject } from '../../src/core/json-object.ts';
import { RelayError } from '../../src/core/errors.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { readBatch } from '../../src/poller/intake.ts';
import { ownProblems } from '../../src/poller/own-problems.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { setAside, unreadable } from '../../src/poller/to-messages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, document, invalidElement } from '../support/tiny-alerts.ts';

const CONSUMER = 'https://gw:3128/';

async function world(t: TestContext) {
  const stateDir = join(tempDir(t), 'state');
  const open = async () =>
    await openJournal({
      path: journalPath(stateDir),
      consumers: [CONSUMER],
      clock: systemClock,
      random: systemRandom,
    });
  const journal = await open();
  const verdict = await readBatch(Buffer.from(document(invalidElement('bad'))), 'strict');
  assert.ok(verdict.readable);
  const garbage = await readBatch(Buffer.from('<html/>'), 'strict');
  assert.ok(!garbage.readable);
  await journal.append([
    ...verdict.messages.map((message) => setAside(message, ownProblems(message, 'strict', readDocument))),
    { body: Buffer.from(alertElement('fine')), severity: 0, quarantine: { reason: 'E12', detail: '{}' } },
    unreadable(Buffer.from('<html/>'), 'root', [garbage.problem]),
  ]);
  await journal.close();
  const run = async (options: Partial<QuarantineOptions>) => {
    let out = '';
    let err = '';
    const io = {
      stdout: (text: string) => void (out += text),
      stderr: (text: string) => void (err += text),
      now: () => Date.now(),
      random: systemRandom,
    };
    const exit = await runQuarantine({ verb: 'list', ids: [], stateDir, json: false, ...options }, io);
    return { exit, out, err };
  };
  const pending = async (): Promise<number> => {
    const look = await open();
    const { consumers } = await look.stats();
    await look.close();
    assert.deepEqual(
      consumers.map(({ name, active }) => [name, active]),
      [[CONSUMER, true]],
    );
    return consumers[0]?.pending ?? -1;
  };
  return { stateDir, open, run, pending };
}

test('list and show say what and why', async (t) => {
  const { run } = await world(t);
  const list = await run({});
  assert.equal(list.exit, 0);
  const lines = list.out.trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^1\t\d{4}-.*Z\t[\w-]+\t\d+ bytes\t\/Alert(?:\/\w+)?: /);
  const json = (await run({ json: true })).out
    .trimEnd()
    .split('\n')
    .map((line) => jsonObject(line));
  assert.deepEqual(
    json.map((entry) => entry?.['id']),
    [1, 2, 3],
  );
  const show = await run({ verb: 'show', ids: [1] });
  assert.match(show.out, /<idmef:Colour>blue<\/idmef:Colour>/);
  assert.deepEqual(await run({ verb: 'show', ids: [9] }), {
    exit: 66,
    out: '',
    err: 'idmef: error: no entry 9 in quarantine\n',
  });
});

test('retry lets go what is valid now, and says of the rest why not', async (t) => {
  const { run, pending } = await world(t);
  const { exit, out, err } = await run({ verb: 'retry', ids: 'all' });
  assert.equal(exit, 65);
  assert.equal(out, '2: pending again: the next run forwards it\n');
  assert.match(err, /entry 1 stays in quarantine: .*\n.*entry 3 stays in quarantine/);
  assert.equal(await pending(), 1);
});

test('forward lets go what is well-formed IDMEF, drop gives up', async (t) => {
  const { run, pending } = await world(t);
  assert.equal((await run({ verb: 'forward', ids: [1] })).exit, 0);
  assert.equal((await run({ verb: 'forward', ids: [3] })).exit, 65, 'HTML is no message');
  assert.equal(await pending(), 1);
  assert.equal((await run({ verb: 'drop', ids: [2, 3] })).exit, 0);
  assert.equal((await run({})).out, '');
  assert.equal(await pending(), 1);
});

test('what a destination cannot hold is told apart from what it refuses, and is owed to it alone again', async (t) => {
  const { open, run } = await world(t);
  const journal = await open();
  const body = Buffer.from(alertElement('old'));
  await journal.append([
    { body, severity: 0 },
    { body, severity: 0 },
  ]);
  const claim = await journal.lease(CONSUMER, { messages: 2, bytes: 1 << 20 });
  const details = [
    { destination: CONSUMER, certain: true, said: 'CreateTime: before 1970 (time-range)' },
    { destination: CONSUMER, refusals: 3, said: 'answers 500' },
  ];
  for (const [index, detail] of details.entries()) {
    const why = { reason: 'refused', detail: JSON.stringify(detail) };
    await journal.bury(claim?.id ?? 0, index + 1, why);
  }
  await journal.close();
  const [unfit = '', poison = ''] = (await run({})).out.trimEnd().split('\n').slice(-2);
  assert.match(
    unfit,
    /\trefused\t\d+ bytes cannot be sent to https:\/\/gw:3128\/\tCreateTime: before 1970 \(time-range\)$/,
  );
  assert.match(poison, /\trefused\t\d+ bytes refused by https:\/\/gw:3128\/\tanswers 500$/);
  const shown = jsonObject((await run({ verb: 'show', ids: [4], json: true })).out);
  assert.deepEqual(shown?.['detail'], details[0]);
  const { exit, out } = await run({ verb: 'retry', ids: [4] });
  assert.deepEqual([exit, out], [0, '4: pending again for https://gw:3128/: the next run tries it\n']);
  const look = await open();
  const [consumer] = (await look.stats()).consumers;
  await look.close();
  assert.deepEqual([consumer?.pending, consumer?.dead, consumer?.accepted], [1, 1, 2]);
});

test('a running poller holds the journal: looking works, changing is refused with the remedy', async (t) => {
  const { open, run } = await world(t);
  const journal = await open();
  t.after(() => journal.close());
  assert.equal((await run({})).exit, 0);
  await assert.rejects(run({ verb: 'drop', ids: [1] }), (error) => {
    assert.ok(error instanceof RelayError);
    assert.equal(error.code, 'JOURNAL_BUSY');
    assert.match(`${error.message}; ${error.hint}`, /a poller of this profile is running.*systemctl stop/);
    return true;
  });
});

test('a profile that never ran has no journal', async (t) => {
  const { run } = await world(t);
  await assert.rejects(run({ stateDir: '/nowhere/at/all' }), /there is none/);
});
