/** The four outcomes, and what is neither: timeouts, sinks that throw, renderers and stores that fail. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { machine, OK, person, plainRenderer, silent, World } from '../../support/outbox-world.ts';

const again = (more: Partial<SinkAnswer> = {}): SinkAnswer => ({
  outcome: { kind: 'again', reason: '503 unavailable' },
  ...more,
});
const broken: SinkAnswer = { outcome: { kind: 'broken', reason: '401 unauthorized' } };
const refused: SinkAnswer = { outcome: { kind: 'refused', reason: '400 too long' } };
const MINUTE = 60_000;

async function soc(more: Parameters<typeof person>[1] = {}): Promise<World> {
  return World.start({ recipients: [person('soc', more)] });
}

function gaps(world: World, recipient: string): number[] {
  const times = world.callsTo(recipient).map(({ at }) => at);
  return times.slice(1).map((at, index) => at - (times[index] ?? 0));
}

describe('again', () => {
  test('comes back after full jitter from 1 s to 5 min, is said once, and its end as well', async () => {
    const world = await soc();
    const provider = world.provider('soc');
    provider.answer = () => again();
    const seqs = await world.accept(1);
    await world.timers.run(60 * MINUTE);
    const pauses = gaps(world, 'soc');
    assert.ok(pauses.length > 12);
    pauses.forEach((ms, index) => {
      assert.ok(ms >= 1_000 && ms <= Math.min(300_000, 2_000 * 2 ** index), `pause ${index}: ${ms}`);
    });
    assert.ok(new Set(pauses).size > pauses.length / 2, 'jitter');
    assert.equal(world.log.lines.filter(({ text }) => text.includes('503')).length, 1);
    assert.deepEqual(
      world.troubles.map(({ kind }) => kind),
      ['failing'],
    );
    provider.answer = () => OK;
    await world.timers.run(5 * MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
    assert.match(
      world.log.lines.at(-1)?.text ?? '',
      /^soc: works again, it failed since 2026-01-02T03:04:05/,
    );
  });

  test('with the server’s own time: exactly then, and nothing to the key before', async () => {
    const world = await World.start({ recipients: [person('a'), person('b')] });
    const limits = [{ key: 'bot', rate: 100, burst: 100 }];
    for (const name of ['a', 'b']) world.provider(name).limits = limits;
    const outcome = { kind: 'again', reason: '429', retryAfterMs: 17_000 } as const;
    world.provider('a').answer = () => ({ outcome });
    await world.accept(1, { to: ['a'] });
    await world.timers.run(1_000);
    world.provider('a').answer = () => OK;
    await world.accept(1, { to: ['b'] });
    await world.timers.run(MINUTE);
    assert.deepEqual(world.calls.map(({ recipient, at }) => `${recipient} ${at}`).toSorted(), [
      'a 0',
      'a 17000',
      'b 17000',
    ]);
  });

  test('is marked as repeated only if it may have arrived, under the same name', async () => {
    for (const uncertain of [true, undefined] as const) {
      const world = await soc();
      const answers = [again(uncertain === undefined ? {} : { uncertain }), OK];
      world.provider('soc').answer = () => answers.shift() ?? OK;
      await world.accept(1);
      await world.timers.run(MINUTE);
      const [first, second] = world.calls.map(({ notification }) => notification);
      assert.equal(first?.repeated, false);
      assert.equal(second?.repeated, uncertain === true);
      assert.equal(second?.tag, first?.tag);
      assert.equal(second?.idempotencyKey, first?.idempotencyKey);
    }
  });

  test('keeps the order of a machine, and the same messages together', async () => {
    const world = await World.start({ recipients: [machine('siem')], types: { siem: { batch: 3 } } });
    const answers = [again(), again(), OK];
    world.provider('siem').answer = () => answers.shift() ?? OK;
    await world.accept(2);
    await world.timers.run(100);
    await world.accept(5);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ seqs }) => seqs),
      [
        [1, 2],
        [1, 2],
        [1, 2],
        [3, 4, 5],
        [6, 7],
      ],
    );
  });
});

describe('broken', () => {
  test('holds the recipient with its queue, once, and troubles nobody else', async () => {
    const world = await World.start({ recipients: [person('soc'), person('duty')] });
    world.provider('soc').answer = () => broken;
    const seqs = await world.accept(3);
    await world.timers.run(60 * MINUTE);
    const later = await world.accept(1);
    await world.timers.run(60 * MINUTE);
    assert.equal(world.callsTo('soc').length, 1);
    assert.deepEqual(await world.states([...seqs, ...later], 'soc'), ['held', 'held', 'held', 'held']);
    assert.deepEqual(await world.states([...seqs, ...later], 'duty'), ['sent', 'sent', 'sent', 'sent']);
    assert.deepEqual(
      world.troubles.map(({ recipient, kind, reason }) => [recipient, kind, reason]),
      [['soc', 'held', '401 unauthorized']],
    );
    const [lane] = world.outbox.status().lanes;
    assert.equal(lane?.state, 'held');
    assert.equal(lane?.heldReason, 'broken: 401 unauthorized');
  });

  test('the remedy stands with the reason of the hold', async () => {
    const world = await soc();
    world.provider('soc').answer = () => ({ outcome: { kind: 'broken', reason: 'no', hint: 'check it' } });
    await world.accept(1);
    await world.timers.run(MINUTE);
    assert.equal(world.outbox.status().lanes[0]?.heldReason, 'broken: no; check it');
  });

  const cures: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
    'a new endpoint': async (world) => {
      world.newSink('soc');
      await world.outbox.configure(world.recipients);
    },
    'other parameters': async (world) => {
      await world.outbox.configure([person('soc', { params: { chat: 7 } })]);
    },
    'a good test': (world) => world.outbox.test('soc', 'ana'),
    'a restart': async (world) => {
      await world.outbox.drain(0);
      await world.restart();
    },
    'an operator’s order': async (world) => {
      await world.store.resume('soc');
      world.outbox.wake(['soc']);
    },
  };
  for (const [name, cure] of Object.entries(cures)) {
    test(`ends with ${name}`, async () => {
      const world = await soc();
      world.provider('soc').answer = () => broken;
      const seqs = await world.accept(2);
      await world.timers.run(MINUTE);
      world.provider('soc').answer = () => OK;
      await cure(world);
      await world.timers.run(MINUTE);
      assert.deepEqual(await world.states(seqs, 'soc'), ['sent', 'sent']);
    });
  }

  test('does not end with a reload that changes nothing, nor with a bad test', async () => {
    const world = await soc();
    world.provider('soc').answer = () => broken;
    await world.accept(1);
    await world.timers.run(MINUTE);
    await world.outbox.configure([person('soc')]);
    assert.deepEqual(await world.outbox.test('soc', 'ana'), broken);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => notification.form),
      ['messages', 'test'],
    );
  });

  test('an operator’s hold ends with nothing but an order', async () => {
    const world = await soc();
    await world.store.hold('soc', 'by ana: maintenance', world.timers.now());
    const seqs = await world.accept(1);
    world.newSink('soc');
    await world.outbox.configure(world.recipients);
    await world.outbox.drain(0);
    await world.restart();
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['held']);
    assert.equal(world.calls.length, 0);
  });
});

describe('refused', () => {
  test('once more in the plain form, then dead, with the reason, and reported', async () => {
    const world = await soc();
    world.provider('soc').answer = () => refused;
    const [seq = 0] = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => notification.form),
      ['messages', 'plain'],
    );
    const [pair] = await world.store.pairs(seq);
    assert.equal(pair?.state, 'dead');
    assert.equal(pair?.reason, 'refused: 400 too long');
    assert.deepEqual(
      world.troubles.map(({ kind, pairs }) => [kind, pairs]),
      [['dead', 1]],
    );
  });

  test('what is taken in the plain form is sent', async () => {
    const world = await soc();
    world.provider('soc').answer = ({ form }) => (form === 'plain' ? OK : refused);
    const seqs = await world.accept(2);
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent', 'sent']);
  });

  test('dead of a person with a fallback goes there', async () => {
    const world = await World.start({ recipients: [person('soc', { fallback: 'mail' }), person('mail')] });
    world.provider('soc').answer = () => refused;
    const seqs = await world.accept(1, { to: ['soc'] });
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['dead']);
    assert.deepEqual(await world.states(seqs, 'mail'), ['sent']);
  });

  test('one bad message of a batch is found by halving: the others arrive', async () => {
    const world = await World.start({ recipients: [machine('siem')], types: { siem: { batch: 100 } } });
    const bad = 61;
    world.provider('siem').answer = ({ messages }) =>
      messages.some(({ seq }) => seq === bad) ? refused : OK;
    const seqs = await world.accept(100);
    await world.timers.run(MINUTE);
    const states = await world.states(seqs, 'siem');
    assert.deepEqual(
      states.flatMap((state, index) => (state === 'sent' ? [] : [[index + 1, state]])),
      [[bad, 'due']],
    );
    assert.ok(world.calls.length < 30, `${world.calls.length} calls`);
    for (let minute = 0; minute < 5; minute += 1) {
      await world.accept(1);
      await world.timers.run(MINUTE);
    }
    assert.deepEqual(await world.states([bad], 'siem'), ['dead']);
  });

  test('what a provider judges one by one has its own fate', async () => {
    const world = await World.start({ recipients: [machine('siem')], types: { siem: { batch: 10 } } });
    let calls = 0;
    world.provider('siem').answer = () => {
      calls += 1;
      const each = new Map([
        [2, refused.outcome],
        [3, again().outcome],
      ]);
      return calls === 1
        ? { ...OK, each }
        : calls === 2
          ? { ...OK, each: new Map([[2, refused.outcome]]) }
          : OK;
    };
    const seqs = await world.accept(4);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map((call) => call.seqs),
      [
        [1, 2, 3, 4],
        [2, 3],
      ],
    );
    assert.deepEqual(await world.states(seqs, 'siem'), ['sent', 'dead', 'sent', 'sent']);
  });

  test('what did not fit into a call goes with the next one, without a pause', async () => {
    const world = await World.start({ recipients: [machine('siem')], types: { siem: { batch: 10 } } });
    world.provider('siem').answer = ({ messages }) => {
      const left = { kind: 'again', reason: 'did not fit', retryAfterMs: 0 } as const;
      return { ...OK, each: new Map(messages.slice(3).map(({ seq }) => [seq, left])) };
    };
    const seqs = await world.accept(10);
    await world.timers.run(1);
    assert.deepEqual(new Set(await world.states(seqs, 'siem')), new Set(['sent']));
    assert.equal(world.calls.length, 4);
    assert.equal(world.outbox.status().lanes[0]?.failures, 0);
  });

  test('what a machine can never hold is dead at once', async () => {
    const world = await World.start({ recipients: [machine('siem')] });
    world.provider('siem').answer = () => ({
      outcome: { kind: 'refused', reason: 'longer than 16 MiB', certain: true },
    });
    const seqs = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'siem'), ['dead']);
    assert.equal(world.calls.length, 1);
  });
});

describe('no answer', () => {
  test('a timeout is again, and uncertain', async () => {
    const world = await soc();
    world.provider('soc').answer = silent;
    const seqs = await world.accept(1);
    await world.timers.run(10_000);
    world.provider('soc').answer = () => OK;
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => notification.repeated),
      [false, true],
    );
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
    assert.equal(world.attempts[0]?.outcome, 'again');
    const [pair] = await world.store.pairs(1);
    assert.equal(pair?.notifications[0]?.reason, 'no answer within 10 s');
  });

  test('a batch that is never answered in time is halved until it is', async () => {
    const world = await World.start({ recipients: [machine('siem')], types: { siem: { batch: 100 } } });
    world.provider('siem').answer = (notification, signal) =>
      notification.messages.length > 20 ? silent(notification, signal) : OK;
    const seqs = await world.accept(100);
    await world.timers.run(60 * MINUTE);
    assert.deepEqual(
      world.calls.slice(0, 6).map((call) => call.seqs.length),
      [100, 100, 100, 50, 25, 12],
    );
    assert.deepEqual(new Set(await world.states(seqs, 'siem')), new Set(['sent']));
  });

  test('a sink that does not even hear its abort is left behind', async () => {
    const world = await soc();
    world.provider('soc').answer = () => new Promise(() => undefined);
    const seqs = await world.accept(1);
    await world.timers.run(15_000);
    world.provider('soc').answer = () => OK;
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
  });

  test('an answer that comes while the call is aborted counts', async () => {
    const world = await soc();
    world.provider('soc').answer = (_notification, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(OK));
      });
    const seqs = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
    assert.equal(world.calls.length, 1);
  });

  test('a sink that throws is a bug: said without its message, tried again, never the end of the loop', async () => {
    const world = await soc();
    const secret = 'https://api.example/bot123:SECRET/send';
    const answers: (() => SinkAnswer)[] = [
      () => {
        throw new TypeError(`cannot fetch ${secret}`);
      },
      () => OK,
    ];
    world.provider('soc').answer = () => (answers.shift() ?? (() => OK))();
    const seqs = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
    assert.equal(world.outbox.status().lanes[0]?.thrown, 1);
    assert.equal(world.calls[1]?.notification.repeated, true);
    const [pair] = await world.store.pairs(1);
    const texts = [...world.log.lines.map(({ text }) => text), JSON.stringify(pair)];
    assert.ok(texts.some((text) => /a bug of sink soc: TypeError, at /.test(text)));
    assert.deepEqual(
      texts.filter((text) => text.includes('SECRET')),
      [],
    );
  });

  test('an endpoint that cannot be used is asked again, and nothing is claimed', async () => {
    const world = await soc();
    await world.timers.settle();
    world.provider('soc').unavailable = 'the script is not executable';
    const seqs = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.equal(world.calls.length, 0);
    assert.deepEqual(await world.states(seqs, 'soc'), ['due']);
    assert.equal(world.outbox.status().lanes[0]?.lastError, 'cannot be used: the script is not executable');
    world.provider('soc').unavailable = undefined;
    await world.timers.run(5 * MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
  });

  test('a renderer that cannot work loses nothing', async () => {
    let failing = true;
    const world = await World.start({
      recipients: [person('soc')],
      deps: {
        renderer: {
          ...plainRenderer,
          messages: async (...wish) => {
            if (failing) throw new Error('the worker is gone');
            return plainRenderer.messages(...wish);
          },
        },
      },
    });
    const seqs = await world.accept(1);
    await world.timers.run(MINUTE);
    assert.equal(world.calls.length, 0);
    failing = false;
    await world.timers.run(5 * MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
    assert.equal(world.calls[0]?.notification.repeated, false);
  });
});

test('the provider moves a recipient: at once to the new place, from then on, and told to be kept', async () => {
  const world = await soc({ params: { chat: 1, topic: 2 } });
  const outcome = { kind: 'again', reason: 'group chat was upgraded' } as const;
  world.provider('soc').answer = ({ recipient }) =>
    recipient.params['chat'] === 1 ? { outcome, moved: { chat: -100 } } : OK;
  const seqs = await world.accept(2);
  await world.timers.run(500);
  assert.deepEqual(await world.states(seqs, 'soc'), ['sent', 'sent']);
  assert.deepEqual(
    world.calls.map(({ notification }) => notification.recipient.params),
    [
      { chat: 1, topic: 2 },
      { chat: -100, topic: 2 },
      { chat: -100, topic: 2 },
    ],
  );
  assert.deepEqual(world.moved, [{ recipient: 'soc', params: { chat: -100 } }]);
  await world.outbox.configure([person('soc', { params: { chat: 1, topic: 2 }, priority: 5 })]);
  await world.accept(1);
  await world.timers.run(500);
  assert.equal(
    world.calls.at(-1)?.notification.recipient.params['chat'],
    -100,
    'also after a reload of the same',
  );
});

describe('a store that fails', () => {
  test('a call that was made is written down as soon as the store takes it, and not made again', async () => {
    let failing = true;
    const store = new (class extends MemoryStore {
      override async finish(...call: Parameters<MemoryStore['finish']>): Promise<void> {
        if (failing) throw new RelayError('JOURNAL_FULL', 'the disk is full');
        await super.finish(...call);
      }
    })();
    const world = await World.start({ recipients: [person('soc')], store });
    await world.acceptInto(store, 1);
    await world.timers.run(10 * MINUTE);
    assert.equal(world.calls.length, 1);
    failing = false;
    await world.timers.run(MINUTE);
    assert.equal(world.calls.length, 1);
    assert.equal((await store.pairs(1))[0]?.state, 'sent');
    const said = world.log.lines.filter(({ text }) => text.includes('the end of a call'));
    assert.deepEqual(
      said.map(({ level }) => level),
      ['error', 'notice'],
    );
  });

  test('reading fails for a while: nobody dies, everything is sent', async () => {
    let failing = true;
    const store = new (class extends MemoryStore {
      override async queue(...wish: Parameters<MemoryStore['queue']>) {
        if (failing) throw new RelayError('JOURNAL_IO', 'input/output error');
        return super.queue(...wish);
      }
    })();
    const world = await World.start({ recipients: [person('soc')], store });
    await world.acceptInto(store, 1);
    await world.timers.run(10 * MINUTE);
    assert.equal(world.log.lines.filter(({ text }) => text.includes('input/output')).length, 1);
    assert.equal(world.outbox.status().lanes[0]?.failures, 0, 'the recipient is not to blame');
    failing = false;
    await world.timers.run(MINUTE);
    assert.equal((await store.pairs(1))[0]?.state, 'sent');
  });
});
