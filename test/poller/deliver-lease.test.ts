/** What becomes of the messages of one lease: above all those a destination cannot hold, and those it gets changed. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { jsonObject } from '../../src/core/json-object.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { messagesOf, type Destination } from '../../src/destinations/destination.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { changesSoFar } from '../../src/poller/changes.ts';
import { loadHealth } from '../../src/poller/destination-health.ts';
import { deliverLease } from '../../src/poller/deliver-lease.ts';
import { forward } from '../../src/poller/forward.ts';
import { judgeRefusals, refusedSoFar } from '../../src/poller/refusal-ledger.ts';
import { newRunCounts, takeCounts } from '../../src/poller/run-counts.ts';
import { summaryFields, summaryText } from '../../src/poller/run-words.ts';
import { sayRest } from '../../src/poller/say-delivery.ts';
import { pollerBench } from '../support/poller-bench.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';

const never = new AbortController().signal;
const ID = 'fake://one/';
const OTHER = 'fake://other/';

const UNFIT: Outcome = {
  kind: 'refused',
  certain: true,
  reason: 'CreateTime: before 1970 (time-range)',
};
const REFUSED: Outcome = { kind: 'refused', reason: 'answers 500' };
const changed = (...rules: readonly string[]): Outcome => ({
  kind: 'ok',
  changes: rules.map((rule) => ({ rule, path: 'Target', text: 'other' })),
});

/** By the beginning of the messageid; anything else is ok. */
type Table = Readonly<Record<string, Outcome>>;

async function world(t: TestContext, table: Table) {
  const bench = pollerBench();
  const journal = await openJournal({
    path: join(tempDir(t), 'state', 'journal.db'),
    consumers: [ID, OTHER],
    ...bench,
  });
  t.after(() => journal.close());
  const destination: Destination = {
    id: ID,
    label: 'gateway one',
    deliver: async (parcel, report) => {
      for (const [index, message] of messagesOf(parcel).entries()) {
        const [id = ''] = messageids(message);
        const key = Object.keys(table).find((prefix) => id.startsWith(prefix)) ?? '';
        report(index, table[key] ?? { kind: 'ok' });
      }
    },
    close: async () => undefined,
  };
  const add = async (...ids: readonly string[]): Promise<void> => {
    const messages = ids.map((id) => ({ body: Buffer.from(alertElement(id)), severity: 0 as const }));
    await journal.append(messages);
  };
  const deliver = async (more = false) => {
    const claim = await journal.lease(ID, { messages: 100, bytes: 1 << 20 });
    assert.ok(claim !== undefined);
    return await deliverLease(claim, destination, { ...bench, journal, more }, never);
  };
  const counts = newRunCounts();
  const speaking = { log: bench.log, prefix: 'dmz1: ', profile: 'dmz1', counts };
  const run = async () => {
    const health = await loadHealth(ID, journal.state, bench.clock, bench.random);
    await forward({
      ...bench,
      journal,
      target: {
        id: ID,
        label: 'gateway one',
        health,
        resident: false,
        opened: () => undefined,
        open: async () => destination,
      },
      want: { messages: 100, bytes: 1 << 20 },
      counts,
      prefix: 'dmz1: ',
      profile: 'dmz1',
      signal: never,
      wait: async () => undefined,
      ending: () => true,
      patient: false,
      highFirst: false,
      tryPutOff: true,
    });
    return health;
  };
  const consumer = async (name: string) => {
    const stats = await journal.stats();
    assert.deepEqual(brokenLaws(stats), [], 'nothing is lost or counted twice');
    const found = stats.consumers.find((one) => one.name === name);
    assert.ok(found !== undefined);
    return found;
  };
  return { bench, journal, add, deliver, run, consumer, counts, speaking };
}

test('what a destination cannot hold is in quarantine at once, with the reason, and others are owed it still', async (t) => {
  const { journal, add, deliver, consumer } = await world(t, { unfit: UNFIT });
  await add('a', 'unfit-1', 'b');
  const delivery = await deliver();
  assert.deepEqual(
    [delivery.accepted, delivery.unfit, delivery.refused, delivery.poison, delivery.failure],
    [
      2,
      [{ sequence: 2, messageid: 'unfit-1', reason: 'CreateTime: before 1970 (time-range)' }],
      [],
      [],
      undefined,
    ],
  );
  const [entry, ...rest] = await journal.quarantine.list();
  assert.deepEqual(rest, []);
  assert.deepEqual([entry?.kind, entry?.consumer, entry?.reason], ['poison', ID, 'refused']);
  assert.deepEqual(jsonObject(entry?.detail), {
    destination: ID,
    certain: true,
    said: 'CreateTime: before 1970 (time-range)',
  });
  const { settled, dead, pending, leased } = await consumer(ID);
  assert.deepEqual([settled, dead, pending, leased], [2, 1, 0, 0]);
  assert.deepEqual([(await consumer(OTHER)).pending, (await consumer(OTHER)).dead], [3, 0]);
});

test('a destination that cannot hold thirty messages in a row is not sick', async (t) => {
  const { add, run, consumer, counts, bench } = await world(t, { unfit: UNFIT });
  await add(...Array.from({ length: 130 }, (_, index) => `unfit-${index}`), 'last');
  const health = await run();
  assert.equal(health.illness(), undefined);
  assert.deepEqual([counts.unfit, counts.forwarded, counts.refused, counts.poison], [130, 1, 0, 0]);
  assert.equal((await consumer(ID)).dead, 130);
  assert.equal(bench.texts('error').length, 20, 'the first ones are named');
});

test('one refusal among a lease of what cannot be held does not make the destination sick', async (t) => {
  const { add, deliver } = await world(t, { unfit: UNFIT, no: REFUSED });
  await add(...Array.from({ length: 5 }, (_, index) => `unfit-${index}`), 'no');
  const { failure, refused } = await deliver(true);
  assert.deepEqual([failure, refused.length], [undefined, 1]);
});

test('what cannot be held does not excuse a destination that refuses all the rest', async (t) => {
  const { add, deliver } = await world(t, { unfit: UNFIT, no: REFUSED });
  await add('unfit-1', 'no-1', 'no-2', 'no-3');
  assert.match((await deliver()).failure?.reason ?? '', /^refuses all of 3 messages \(answers 500\)$/);
});

test('a message refused before, and known now not to fit, is no longer counted as refused', async (t) => {
  const { journal, add, deliver } = await world(t, { unfit: UNFIT });
  await add('unfit-1');
  await judgeRefusals(
    ID,
    [{ sequence: 1, reason: 'answers 500' }],
    { accepted: 0, settled: 0 },
    journal.state,
  );
  assert.equal(await refusedSoFar(ID, journal.state), 1);
  await deliver();
  assert.equal(await refusedSoFar(ID, journal.state), 0);
});

test('what was put off is tried on when the first of it do not fit', async (t) => {
  const { journal, add, run, consumer } = await world(t, { unfit: UNFIT });
  await add(...Array.from({ length: 20 }, (_, index) => `unfit-${index}`), 'good');
  const claim = await journal.lease(ID, { messages: 100, bytes: 1 << 20 });
  await journal.release(claim?.id ?? 0, { notBefore: Date.UTC(2026, 5, 1) });
  await run();
  assert.deepEqual([(await consumer(ID)).dead, (await consumer(ID)).settled], [20, 1]);
});

test('a changed message is delivered, named once with its rules, and counted by rule over all runs', async (t) => {
  const { journal, add, run, counts, consumer, bench } = await world(t, {
    twice: changed('fstype', 'fstype', 'time-fraction'),
    once: changed('fstype'),
  });
  await add('twice-1', 'a', 'once-1');
  await run();
  assert.deepEqual(bench.texts('info'), [
    'dmz1: gateway one got message 1 (messageid "twice-1") changed: fstype @ Target, fstype @ Target, time-fraction @ Target',
    'dmz1: gateway one got message 3 (messageid "once-1") changed: fstype @ Target',
  ]);
  const [first] = bench.log.events('changed');
  assert.deepEqual(
    [first?.fields['destination'], first?.fields['sequence'], first?.fields['messageid']],
    ['gateway one', 1, 'twice-1'],
  );
  assert.deepEqual(bench.texts('error'), []);
  assert.deepEqual([counts.forwarded, counts.changedMessages], [3, 2]);
  assert.match(summaryText(counts, [], 0), /, changed on the way out: fstype ×2, time-fraction,/);
  assert.equal(summaryFields('dmz1', counts, 0)['changed'], 2);
  await add('once-2');
  await run();
  assert.deepEqual(
    [...(await changesSoFar(ID, journal.state))],
    [
      ['fstype', 3],
      ['time-fraction', 1],
    ],
  );
  assert.deepEqual([...(await changesSoFar(OTHER, journal.state))], []);
  assert.equal((await consumer(ID)).settled, 4);
});

test('few are named one by one, the others counted: in a run, and anew in each minute of a follower', async (t) => {
  const { add, run, counts, speaking, bench } = await world(t, {
    changed: changed('fstype'),
    unfit: UNFIT,
    many: changed(...Array.from({ length: 12 }, (_, index) => `rule-${index}`)),
  });
  await add('many', ...Array.from({ length: 30 }, (_, index) => `changed-${index}`));
  await add(...Array.from({ length: 22 }, (_, index) => `unfit-${index}`));
  await run();
  sayRest(speaking);
  const said = bench.texts('info');
  assert.equal(said.length, 21);
  assert.match(said[0] ?? '', /changed: rule-0 @ \S+ rule-1 .*, rule-4 @ Target, and 7 more$/);
  assert.equal(said[20], 'dmz1: and 11 more messages changed');
  assert.match(
    bench.texts('error').at(-1) ?? '',
    /^dmz1: and 2 more messages that cannot be sent; they are in quarantine: idmef quarantine list --profile dmz1$/,
  );
  takeCounts(counts);
  sayRest(speaking);
  await add('changed-again');
  await run();
  assert.match(bench.texts('info').at(-1) ?? '', /"changed-again"/);
  assert.deepEqual([...counts.changed], [['fstype', 1]]);
});
