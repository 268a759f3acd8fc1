/** What may be dropped is dropped oldest first, counted and said; what is out with somebody never. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Loss } from '../../src/journal/options.ts';
import { openJournalInWorker } from '../../src/journal/journal-worker.ts';
import { lossFields, lossText } from '../../src/journal/loss-words.ts';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  inspect,
  invalid,
  messages,
  readTexts,
  takeTexts,
  testJournal,
} from './fixture.ts';

const DAY = 86_400_000;

describe('retention by age', () => {
  test('drops the oldest, counts and reports them, once', (t) => {
    const { open, clock, losses } = testJournal(t);
    const core = open({ retention: { maxAgeMs: DAY } });
    const from = clock.now();
    core.append({ messages: messages('a', 'bb') });
    clock.advance(DAY / 2);
    core.append({ messages: messages('c') });
    clock.advance(DAY / 2);
    assert.equal(core.tidy(), false);
    assert.equal(consumerOf(core).pending, 3);
    clock.advance(1);
    core.tidy();
    assert.deepEqual(losses, [
      { reason: 'retention', consumer: 'default', messages: 2, bytes: 3, from, to: from },
    ]);
    assert.deepEqual(consumerOf(core).dropped, { retention: 2 });
    assertLaw(core);
    assert.deepEqual(takeTexts(core), ['c']);
  });

  test('never what is leased, and nothing while an answer is open over it', (t) => {
    const { open, clock, path } = testJournal(t);
    const core = open({ retention: { maxAgeMs: DAY }, consumers: ['x', 'y', 'z'] });
    core.append({ messages: messages('a', 'b', 'c') });
    const lease = core.lease('x', { messages: 1, bytes: 0 });
    const peek = core.peek('y');
    clock.advance(DAY + 1);
    core.tidy();
    assert.deepEqual(consumerOf(core, 'x').dropped, { retention: 2 });
    assert.deepEqual(consumerOf(core, 'y').dropped, {});
    assert.deepEqual(consumerOf(core, 'z').dropped, { retention: 3 });
    assert.deepEqual(readTexts(core, lease?.id ?? 0), ['a']);
    assert.deepEqual(readTexts(core, peek?.id ?? 0), ['a', 'b', 'c']);
    core.settle(lease?.id ?? 0);
    core.release(peek?.id ?? 0);
    core.tidy();
    assert.equal(consumerOf(core, 'x').settled, 1);
    assert.deepEqual(consumerOf(core, 'y').dropped, { retention: 3 });
    assertLaw(core);
    assert.deepEqual(inspect(path, 'SELECT seq FROM message'), []);
  });

  test('also what is held for a destination that is gone, and quarantine', (t) => {
    const { open, clock, losses } = testJournal(t);
    let core = open({ consumers: ['gone'] });
    core.append({ messages: [...messages('a', 'b'), invalid('junk')] });
    const claim = core.lease('gone', { messages: 1, bytes: 0 });
    core.bury(claim?.id ?? 0, 1, { reason: 'refused', detail: '{}' });
    core.close();
    core = open({ consumers: ['new'], retention: { maxAgeMs: DAY } });
    clock.advance(DAY + 1);
    core.tidy();
    assert.deepEqual(consumerOf(core, 'gone').dropped, { retention: 2 });
    assert.deepEqual(
      losses.map(({ consumer, messages: count }) => [consumer, count]),
      [
        ['gone', 1],
        ['new', 1],
        ['(quarantine)', 2],
      ],
    );
    const { quarantineBytes, quarantineDropped, quarantined } = core.stats();
    assert.deepEqual([quarantineBytes, quarantineDropped, quarantined], [0, 2, { E12: 1 }]);
    assertLaw(core);
  });

  test('a wall clock set forward makes nothing old at once', (t) => {
    const { open, clock } = testJournal(t);
    let ahead = 0;
    const core = open({
      retention: { maxAgeMs: DAY },
      clock: { now: () => clock.now() + ahead, monotonic: () => clock.monotonic() },
    });
    core.append({ messages: messages('a') });
    core.tidy();
    ahead = 50 * 365 * DAY;
    core.tidy();
    clock.advance(DAY - 1);
    core.tidy();
    assert.equal(consumerOf(core).pending, 1);
    clock.advance(2);
    core.tidy();
    assert.equal(consumerOf(core).pending, 0);
  });

  test('a large backlog goes in turns, and is reported in few', (t) => {
    const { open, clock, losses } = testJournal(t);
    const core = open({ retention: { maxAgeMs: DAY } });
    core.append({ messages: messages(...Array.from({ length: 5000 }, () => 'x')) });
    clock.advance(DAY + 1);
    let turns = 1;
    while (core.tidy()) turns++;
    assert.equal(turns, 6);
    assert.equal(losses.length, 1);
    clock.advance(10_000);
    core.tidy();
    core.close();
    assert.equal(
      losses.reduce((sum, loss) => sum + loss.messages, 0),
      5000,
    );
    assert.equal(losses.length, 2);
  });
});

describe('retention by size', () => {
  test('an append drops the oldest first, and keeps the newest', (t) => {
    const { open } = testJournal(t);
    const core = open({ retention: { maxBytes: 10 } });
    core.append({ messages: messages('aaaa', 'bbbb', 'cccc') });
    core.append({ messages: messages('dddd') });
    core.tidy();
    assert.deepEqual(takeTexts(core), ['cccc', 'dddd']);
    assert.deepEqual(consumerOf(core).dropped, { retention: 2 });
    assertLaw(core);
  });

  test('quarantine counts, and is dropped by size only beyond its share', (t) => {
    const { open } = testJournal(t);
    const core = open({ retention: { maxBytes: 40 } });
    core.append({ messages: [invalid('123456789'), ...messages('a'.repeat(20), 'b'.repeat(20))] });
    core.tidy();
    assert.equal(core.listQuarantine().length, 1);
    assert.deepEqual(takeTexts(core), ['b'.repeat(20)]);
    core.append({ messages: [invalid('987654321')] });
    core.tidy();
    assert.deepEqual(
      core.listQuarantine().map(({ id }) => id),
      [2],
    );
    assertLaw(core);
  });

  test('smaller than the limit of the journal it makes room: nothing is refused', (t) => {
    const { open } = testJournal(t);
    const fill = (core: ReturnType<typeof open>): void => {
      for (let count = 0; count < 100; count++) {
        core.append({ messages: messages(...Array.from({ length: 20 }, () => 'x'.repeat(1000))) });
      }
    };
    const limits = { maxBytes: 1024 * 1024 };
    const bounded = open({ ...limits, retention: { maxBytes: 1000 * 1000 } });
    fill(bounded);
    const { pending, dropped } = consumerOf(bounded);
    assert.equal(pending + (dropped['retention'] ?? 0), 2000);
    assert.ok(pending > 500, `${pending} kept`);
    assertLaw(bounded);
    bounded.close();
    const { open: openOther } = testJournal(t);
    const unbounded = openOther({ ...limits, retention: { maxBytes: 2 * 1024 * 1024 } });
    assert.throws(() => fill(unbounded), fails('JOURNAL_FULL'));
    assert.deepEqual(consumerOf(unbounded).dropped, {});
  });
});

describe('bounds of a consumer', () => {
  const options = { consumers: ['here', 'away'], consumerBounds: { maxAgeMs: 7 * DAY } } as const;

  test('one that stays away loses what it is owed; the bodies go; what comes later it is owed', (t) => {
    const { open, clock, losses, path } = testJournal(t);
    const core = open(options);
    const from = clock.now();
    core.append({ messages: messages('a', 'b') });
    assert.deepEqual(takeTexts(core, 'here'), ['a', 'b']);
    clock.advance(7 * DAY);
    core.tidy();
    assert.equal(consumerOf(core, 'away').pending, 2);
    clock.advance(1);
    core.append({ messages: messages('c') });
    while (core.tidy());
    assert.deepEqual(consumerOf(core, 'away').dropped, { lapsed: 3 });
    assert.deepEqual(losses, [
      { reason: 'lapsed', consumer: 'away', messages: 3, bytes: 3, from, to: clock.now() },
    ]);
    assert.deepEqual(
      inspect<{ seq: number }>(path, 'SELECT seq FROM message').map(({ seq }) => seq),
      [3],
    );
    assert.equal(consumerOf(core, 'here').pending, 1);
    core.append({ messages: messages('d') });
    clock.advance(6 * DAY);
    core.tidy();
    assert.deepEqual(takeTexts(core, 'away'), ['d']);
    assertLaw(core);
  });

  test('whoever leases, looks or settles is heard of; a look by somebody else is not', (t) => {
    const { open, clock } = testJournal(t);
    let core = open(options);
    assert.equal(consumerOf(core, 'away').lastSeenAt, undefined);
    core.append({ messages: messages('a') });
    for (let day = 0; day < 30; day++) {
      clock.advance(DAY);
      if (day % 3 === 0) core.release(core.lease('here', everything)?.id ?? 0);
      if (day % 3 === 1) core.release(core.peek('here')?.id ?? 0);
      const look = core.peek('away', { byOther: true });
      if (look !== undefined) core.release(look.id);
      while (core.tidy());
    }
    assert.equal(consumerOf(core, 'here').pending, 1);
    assert.equal(consumerOf(core, 'here').lastSeenAt, clock.now() - DAY);
    assert.equal(consumerOf(core, 'away').lastSeenAt, undefined);
    assert.deepEqual(consumerOf(core, 'away').dropped, { lapsed: 1 });
    core.close();
    core = open({ readOnly: true });
    assert.equal(consumerOf(core, 'here').lastSeenAt, clock.now() - DAY);
  });

  test('the time of hearing costs no commit a poll', (t) => {
    const { open, clock, path } = testJournal(t);
    const core = open(options);
    core.lease('here', everything);
    const select = "SELECT value FROM counter WHERE name = 'consumer:1:seen'";
    const seen = (): number | undefined => inspect<{ value: number }>(path, select)[0]?.value;
    const first = seen();
    clock.advance(59_999);
    core.lease('here', everything);
    assert.equal(seen(), first);
    assert.equal(consumerOf(core, 'here').lastSeenAt, clock.now());
    clock.advance(1);
    core.lease('here', everything);
    assert.equal(seen(), clock.now());
  });

  test('a service that was itself away gives its consumers time to come', (t) => {
    const { open, clock } = testJournal(t);
    let core = open(options);
    core.append({ messages: messages('a') });
    core.close();
    clock.advance(30 * DAY);
    core = open(options);
    core.tidy();
    clock.advance(14 * 60_000);
    core.tidy();
    assert.equal(consumerOf(core, 'here').pending, 1);
    core.lease('here', everything);
    clock.advance(2 * 60_000);
    while (core.tidy());
    assert.equal(consumerOf(core, 'here').leased, 1);
    assert.deepEqual(consumerOf(core, 'away').dropped, { lapsed: 1 });
  });

  test('one that is owed too much loses all but what it has out', (t) => {
    const { open } = testJournal(t);
    const core = open({ consumers: ['x'], consumerBounds: { maxBytes: 10 } });
    core.append({ messages: messages('aaaa', 'bbbb') });
    const lease = core.lease('x', { messages: 1, bytes: 0 });
    core.append({ messages: messages('cccc') });
    while (core.tidy());
    const { dropped, leased, pending } = consumerOf(core, 'x');
    assert.deepEqual([dropped, leased, pending], [{ lapsed: 2 }, 1, 0]);
    assert.deepEqual(readTexts(core, lease?.id ?? 0), ['aaaa']);
    assertLaw(core);
  });

  test('the shared queue never lapses', (t) => {
    const { open, clock } = testJournal(t);
    const core = open({ consumerBounds: { maxAgeMs: DAY, maxBytes: 1 } });
    core.append({ messages: messages('aaaa') });
    clock.advance(30 * DAY);
    core.tidy();
    assert.equal(consumerOf(core).pending, 1);
  });

  test('a lapse cut short goes on after a restart', (t) => {
    const { open, clock } = testJournal(t);
    let core = open(options);
    core.append({ messages: messages(...Array.from({ length: 3000 }, () => 'x')) });
    clock.advance(7 * DAY + 1);
    core.tidy();
    assert.equal(consumerOf(core, 'away').dropped['lapsed'], 1000);
    core.close();
    core = open(options);
    while (core.tidy());
    assert.equal(consumerOf(core, 'away').dropped['lapsed'], 3000);
    assertLaw(core);
  });
});

test('behind a worker: losses are reported, held messages freed, tidying done to its end', async (t) => {
  const { path } = testJournal(t);
  const losses: Loss[] = [];
  const retention = { maxBytes: 10_000 };
  const settings = { path, retention, onLoss: (loss: Loss) => losses.push(loss) };
  let journal = await openJournalInWorker({ ...settings, consumers: ['x'] });
  await journal.append(messages(...Array.from({ length: 3000 }, () => '0123456789')));
  await journal.tidy();
  await journal.close();
  assert.equal(
    losses.reduce((sum, loss) => sum + loss.messages, 0),
    2000,
  );
  journal = await openJournalInWorker({ ...settings, consumers: ['y'] });
  assert.equal(await journal.freeConsumer('x'), 1000);
  await assert.rejects(journal.freeConsumer('y'), fails('USAGE', /in use/));
  const { consumers } = await journal.stats();
  assert.deepEqual(consumers[0]?.dropped, { retention: 2000, discarded: 1000 });
  await journal.close();
});

test('the line of a loss', () => {
  const from = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const loss = {
    reason: 'retention',
    consumer: 'mgr',
    messages: 2,
    bytes: 2 ** 21,
    from,
    to: from + 1000,
  } as const;
  assert.equal(
    lossText(loss),
    '2 alerts for mgr (2.0 MiB), accepted 2026-01-02T03:04:05Z to 2026-01-02T03:04:06Z, dropped: ' +
      'older or more than --retention-age and --retention-bytes keep',
  );
  assert.match(lossText({ ...loss, reason: 'lapsed', messages: 1 }), /^1 alert for mgr .*--consumer-max-age/);
  assert.equal(lossFields(loss)['event'], 'alerts-dropped');
});
