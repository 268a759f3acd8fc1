/** What is reserved before it is asked for: one line with a journal whose answers a test lets through, and the joining. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aheadLimits, leaseLimits } from '../../src/core/limits.ts';
import type { Claim, ConsumerStats, Reservation, Want } from '../../src/journal/journal.ts';
import { joinSequences, roomFor } from '../../src/sensor/ahead-batch.ts';
import { AheadLine } from '../../src/sensor/ahead-line.ts';
import { manualClock } from '../support/manual-clock.ts';

const WANT: Want = { messages: 3, bytes: 1_000 };
const NUMBERS = { accepted: 0, settled: 0, pendingBytes: 0, leased: 0, held: 0, dead: 0, dropped: {} };

function statsOf(pending: number): ConsumerStats {
  return { ...NUMBERS, name: 'c', pending, oldestAt: undefined, active: true };
}

function claimOf(id: number, first: number, count: number): Claim {
  const sequences = count === 1 ? String(first) : `${first}-${first + count - 1}`;
  return { id, kind: 'lease', consumer: 'c', count, bytes: count * 10, sequences };
}

interface Question {
  readonly want: Want | undefined;
  readonly held: readonly number[];
  answer(claim: Claim | undefined, pending: number, more?: Partial<Reservation>): Promise<void>;
  fail(): Promise<void>;
}

/** A line, and the questions it puts; each waits until the test answers it. */
function gated(room = Number.POSITIVE_INFINITY) {
  const clock = manualClock();
  const questions: Question[] = [];
  const calls: string[] = [];
  const taken = { bytes: 0 };
  const turn = async (): Promise<void> =>
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  const journal = {
    reserve: async (_consumer: string, want: Want | undefined, held: readonly number[]) =>
      await new Promise<Reservation>((resolve, reject) => {
        questions.push({
          want,
          held,
          async answer(claim, pending, more = {}) {
            const bodies = Buffer.alloc(claim?.bytes ?? 0, String(claim?.id ?? 0));
            resolve({ journal: 'j', claim, bodies, stats: statsOf(pending), intact: true, ...more });
            await turn();
          },
          async fail() {
            reject(new Error('disk on fire'));
            await turn();
          },
        });
      }),
    grant: async (_consumer: string, ids: readonly number[]) => {
      calls.push(`grant ${ids.join()}`);
    },
    release: async (id: number) => {
      calls.push(`release ${id}`);
    },
  };
  const take = (bytes: number): boolean => {
    if (bytes > 0 && taken.bytes + bytes > room) return false;
    taken.bytes += bytes;
    return true;
  };
  const line = new AheadLine('c', { journal, clock, take });
  const last = (): Question => {
    const question = questions.at(-1);
    assert.ok(question);
    return question;
  };
  return { line, clock, questions, calls, taken, last };
}

/** On, with a full batch of 1-3 and seven more behind it. */
async function readyLine() {
  const world = gated();
  assert.equal(await world.line.take(WANT), undefined, 'the first asks the journal');
  const taking = world.line.take(WANT);
  await world.last().answer(claimOf(1, 1, 3), 10);
  const batch = await taking;
  assert.deepEqual([batch?.claim?.sequences, batch?.stats.pending], ['1-3', 7]);
  assert.deepEqual(world.calls.splice(0), ['grant 1']);
  assert.equal(world.questions.length, 2, 'the next one is asked for at once');
  await world.last().answer(claimOf(2, 4, 3), 7);
  return world;
}

test('a full batch is answered without a question, and the next is asked for', async () => {
  const { line, calls, questions, last } = await readyLine();
  const batch = await line.take(WANT);
  assert.deepEqual([batch?.claim?.id, batch?.claim?.sequences, batch?.stats.pending], [2, '4-6', 4]);
  assert.deepEqual(calls, ['grant 2']);
  assert.equal(questions.length, 3);
  assert.deepEqual([last().want, last().held], [WANT, []]);
});

test('nothing due is answered without a question until a notice comes; the journal hears of it', async () => {
  const { line, calls, questions, last } = await readyLine();
  await line.take(WANT);
  await last().answer(claimOf(3, 7, 1), 1);
  assert.equal((await line.take(WANT))?.claim?.sequences, '7');
  await last().answer(undefined, 0);
  const asked = questions.length;
  calls.splice(0);
  const nothing = await line.take(WANT);
  assert.deepEqual([nothing?.claim, nothing?.stats.pending], [undefined, 0]);
  assert.deepEqual(calls, ['grant ']);
  assert.equal(questions.length, asked);
  line.notice();
  const taking = line.take(WANT);
  await last().answer(claimOf(4, 8, 1), 1);
  assert.equal((await taking)?.claim?.sequences, '8');
});

test('a notice during the question: its empty answer is not the last word', async () => {
  const { line, questions, last } = await readyLine();
  await line.take(WANT);
  const first = last();
  line.notice();
  const taking = line.take(WANT);
  await first.answer(undefined, 0);
  assert.notEqual(last(), first, 'asked again');
  await last().answer(claimOf(5, 7, 1), 1);
  assert.equal((await taking)?.claim?.sequences, '7');
  assert.equal(questions.filter(({ want }) => want !== undefined).length, questions.length);
});

test('what came later is put behind, as one batch', async () => {
  const { line, calls, clock, last } = await readyLine();
  await line.take(WANT);
  await last().answer(claimOf(3, 7, 1), 1);
  clock.advance(aheadLimits.gapMs);
  line.notice();
  assert.deepEqual(last().want, { messages: 2, bytes: 990, strict: true });
  await last().answer(claimOf(4, 8, 2), 3);
  calls.splice(0);
  const batch = await line.take(WANT);
  assert.deepEqual([batch?.claim?.id, batch?.claim?.count, batch?.claim?.sequences], [3, 3, '7-9']);
  assert.equal(batch?.bodies.length, 2);
  assert.deepEqual(calls, ['grant 3,4']);
});

test('a batch that is not full waits a moment for a notice, not for a slow disk', async () => {
  const { line, last } = await readyLine();
  await line.take(WANT);
  await last().answer(claimOf(3, 7, 1), 1);
  line.notice();
  const asked = last();
  const batch = await line.take(WANT);
  assert.equal(batch?.claim?.sequences, '7', 'the journal has not answered');
  await asked.answer(claimOf(4, 8, 1), 1);
});

test('whoever was told that a message is accepted gets it, however long that takes', async () => {
  const { line, last } = await readyLine();
  await line.take(WANT);
  await last().answer(claimOf(3, 7, 1), 1);
  line.notice(true);
  let done = false;
  const taking = line.take(WANT).finally(() => {
    done = true;
  });
  await new Promise((resolve) => {
    setTimeout(resolve, aheadLimits.patienceMs * 4);
  });
  assert.equal(done, false);
  await last().answer(claimOf(4, 8, 1), 2);
  assert.equal((await taking)?.claim?.sequences, '7-8');
});

for (const [name, want] of [
  ['fewer messages', { ...WANT, messages: 2 }],
  ['more messages', { ...WANT, messages: 4 }],
  ['fewer bytes', { ...WANT, bytes: 20 }],
  ['a lane', { ...WANT, minSeverity: 3 }],
] as const) {
  test(`${name}: what lies ahead is given back and the journal is asked`, async () => {
    const { line, calls, taken } = await readyLine();
    assert.equal(await line.take(want), undefined);
    assert.deepEqual([calls, line.isOn, taken.bytes], [['release 2'], false, 0]);
  });
}

test('more bytes than may lie ahead, and a lane, are never asked for ahead', async () => {
  for (const want of [
    { ...WANT, bytes: leaseLimits.defaultBytes + 1 },
    { ...WANT, minSeverity: 1 as const },
  ]) {
    const { line, questions } = gated();
    for (let n = 0; n < 3; n += 1) assert.equal(await line.take(want), undefined);
    line.notice();
    assert.equal(questions.length, 0);
  }
});

test('dropped or given back while a question is under way: its claim goes back, nothing is answered from it', async () => {
  const { line, calls, last, taken } = await readyLine();
  await line.take(WANT);
  const first = last();
  calls.splice(0);
  line.drop();
  await first.answer(claimOf(9, 7, 3), 4);
  assert.deepEqual(calls, ['release 9']);
  const taking = line.take(WANT);
  assert.notEqual(last(), first);
  await last().answer(claimOf(10, 1, 3), 7);
  assert.equal((await taking)?.claim?.sequences, '1-3', 'what came back is older, and comes first');
  assert.equal(taken.bytes, WANT.bytes, 'only the question under way has room');
});

for (const [name, more] of [
  ['a claim is not what it was', { intact: false }],
  ['the journal is another one', { journal: 'k' }],
] as const) {
  test(`${name}: all is void, and the journal is asked`, async () => {
    const { line, calls, clock, last, taken } = await readyLine();
    clock.advance(aheadLimits.refreshMs);
    line.tick();
    assert.deepEqual([last().want, last().held], [undefined, [2]]);
    calls.splice(0);
    await last().answer(undefined, 7, more);
    assert.deepEqual([calls, taken.bytes], [['release 2'], 0]);
    const taking = line.take(WANT);
    await last().answer(claimOf(7, 4, 3), 7);
    assert.equal((await taking)?.claim?.id, 7);
  });
}

test('an older message than what lies here: asked anew, oldest first', async () => {
  const { line, calls, clock, last } = await readyLine();
  await line.take(WANT);
  await last().answer(claimOf(3, 7, 1), 1);
  clock.advance(aheadLimits.gapMs);
  line.notice();
  calls.splice(0);
  await last().answer(claimOf(4, 2, 1), 2);
  assert.deepEqual(calls, ['release 3', 'release 4']);
});

test('a failure is told by the journal itself', async () => {
  const { line, last } = await readyLine();
  await line.take(WANT);
  await last().fail();
  const taking = line.take(WANT);
  await last().fail();
  assert.equal(await taking, undefined);
});

test('two at once: one batch each', async () => {
  const { line, last, questions } = await readyLine();
  const [one, two] = [line.take(WANT), line.take(WANT)];
  assert.equal((await one)?.claim?.sequences, '4-6');
  await last().answer(claimOf(3, 7, 3), 4);
  assert.equal((await two)?.claim?.sequences, '7-9');
  assert.ok(questions.length >= 3);
});

test('nobody comes: given back after the limit, and not asked for any more', async () => {
  const { line, calls, clock, questions } = await readyLine();
  clock.advance(aheadLimits.idleMs - 1);
  line.tick();
  assert.equal(line.isOn, true);
  const asked = questions.length;
  clock.advance(1);
  line.tick();
  assert.deepEqual([line.isOn, calls], [false, ['release 2']]);
  line.notice();
  assert.equal(questions.length, asked);
});

test('without room among all consumers only numbers are asked for', async () => {
  const { line, last } = gated(0);
  await line.take(WANT);
  const taking = line.take(WANT);
  assert.equal(last().want, undefined);
  await last().answer(undefined, 10);
  assert.equal(await taking, undefined, 'something is due: the journal is asked');
});

test('sequences of pieces are those of one lease', () => {
  for (const [lists, joined] of [
    [['1-3', '4-6'], '1-6'],
    [['1', '2'], '1-2'],
    [['1-3,5', '6,8-9'], '1-3,5-6,8-9'],
    [['1,3-4', '5-7'], '1,3-7'],
    [['1-3', '5'], '1-3,5'],
    [['9', '10', '11-12', '20'], '9-12,20'],
    [['7'], '7'],
  ] as const) {
    assert.equal(joinSequences(lists), joined);
  }
});

test('the rest of a batch must fit', () => {
  const piece = { journal: 'j', claim: claimOf(1, 1, 2), bodies: Buffer.alloc(20) };
  assert.deepEqual(roomFor([], WANT), WANT);
  assert.deepEqual(roomFor([piece], WANT), { messages: 1, bytes: 980, strict: true });
  assert.equal(roomFor([piece], { ...WANT, messages: 2 }), undefined);
  assert.equal(roomFor([piece], { ...WANT, bytes: 20 }), undefined);
});
