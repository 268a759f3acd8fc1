/**
 * The store against its model: random commands, restarts among them, and after each one the same numbers, the same order and
 * the law. NUM_RUNS sets how many sequences (take 1,000 or more after a change of the store), MODEL_SEED their chance.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Fate } from '../../../src/dispatcher/model/delivery.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { manualClock } from '../../support/manual-clock.ts';
import {
  arrival,
  assertLaw,
  countingRandom,
  ended,
  fails,
  machine,
  NOW,
  ROOM,
  testStore,
} from './fixture.ts';
import { StoreModel, type ModelArrival } from './model.ts';

const RUNS = Number(process.env['NUM_RUNS'] ?? 100);
const SEED = process.env['MODEL_SEED'];
const NAMES = ['a', 'b', 'c'];
const MAX_AGE_MS = 3_600_000;

/** The real one and its model, side by side. */
class Both {
  readonly model = new StoreModel(NOW);
  readonly #path: string;
  store: Store;

  private constructor(path: string, store: Store) {
    this.#path = path;
    this.store = store;
  }

  /** @param empty bytes of a store without anything */
  static async open(dir: string, empty: Uint8Array): Promise<Both> {
    const path = join(dir, 'store.db');
    writeFileSync(path, empty);
    return new Both(path, await make(path));
  }

  async restart(): Promise<void> {
    await this.store.close();
    this.model.abandon([...this.model.claims.keys()]);
    this.store = await make(this.#path);
  }

  async accept(batch: readonly ModelArrival[]): Promise<void> {
    const { now } = this.model;
    const receipts = await this.store.accept(
      batch.map(({ id, text, pairs }) =>
        arrival(text, {
          id,
          at: now,
          pairs: pairs.map(({ recipient, priority, waitMs, suppressed }) => ({
            ...machine(recipient, 0),
            audience: 'people' as const,
            priority,
            waitMs,
            ...(suppressed ? { suppress: { reason: 'silence', detail: '' } } : {}),
          })),
        }),
      ),
    );
    assert.deepEqual(
      receipts.map(({ status, seq }) => `${status} ${seq}`),
      batch.map((one) => this.model.accept(one)),
    );
  }

  async claim(name: string, pairs: number): Promise<void> {
    const claim = await this.store.claim(name, { now: this.model.now, pairs });
    const found = this.model.claim(name, pairs);
    assert.deepEqual(
      claim?.pairs.map(({ seq }) => seq),
      found,
    );
    for (const { seq, body, attempts, uncertain } of claim?.pairs ?? []) {
      const pair = this.model.pairs.find((one) => one.seq === seq && one.recipient === name);
      assert.deepEqual([attempts, uncertain], [pair?.attempts, pair?.uncertain]);
      assert.equal(body.toString(), this.model.messages.get(seq)?.text);
    }
    if (claim !== undefined) assert.equal(claim.id, this.model.lastClaim);
  }

  async claimDigest(name: string): Promise<void> {
    const claim = await this.store.claimDigest(name, this.model.now);
    assert.equal(claim?.digest.count, this.model.claimDigest(name)?.length);
  }

  async finish(pick: number, fate: Fate, odd: Fate): Promise<void> {
    const { model } = this;
    const claim = model.claims.size === 0 ? 999 : ([...model.claims.keys()][pick % model.claims.size] ?? 0);
    const [first] = model.leased(claim);
    const except = first === undefined ? [] : [{ seq: first.seq, fate: odd }];
    const done = this.store.finish({ ...ended(claim, fate, model.now), except });
    if (model.finish(claim, fate, (seq) => (seq === first?.seq ? odd : fate))) await done;
    else await assert.rejects(done, fails('LEASE_EXPIRED'));
  }

  async tidy(): Promise<void> {
    this.model.now += 61_000;
    while (await this.store.tidy(this.model.now, { maxAgeMs: MAX_AGE_MS, maxBytes: 1e12 }));
    this.model.tidy(MAX_AGE_MS);
  }

  async check(): Promise<void> {
    const { store, model } = this;
    await assertLaw(store, model.now);
    const stats = await store.stats(model.now);
    const { offered, stored, duplicate, conflict } = model;
    assert.deepEqual(
      { offered, stored, duplicate, conflict, retained: model.messages.size },
      {
        offered: stats.offered,
        stored: stats.stored,
        duplicate: stats.duplicate,
        conflict: stats.conflict,
        retained: stats.retained,
      },
    );
    for (const queue of stats.queues) {
      const numbers: Record<string, unknown> = { ...queue };
      for (const name of ['heldReason', 'heldSince', 'lastSentAt', 'lastError', 'nextAt'])
        delete numbers[name];
      // Counters that have come back to nothing stay.
      const { suppressed, dropped } = queue;
      const some = (counts: Readonly<Record<string, number>>) =>
        Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
      assert.deepEqual(
        { ...numbers, suppressed: some(suppressed), dropped: some(dropped) },
        model.queue(queue.recipient),
      );
      if (queue.held > 0) assert.notEqual(queue.heldReason, undefined);
    }
  }
}

function make(path: string): Promise<Store> {
  return openStore({ path, reserveBytes: 0, clock: manualClock(NOW), random: countingRandom() });
}

type Command = (both: Both) => Promise<void>;

const name = fc.constantFrom(...NAMES);
const fate: fc.Arbitrary<(now: number) => Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(() => ({ kind: 'sent' }) as const) },
  fc.tuple(fc.constantFrom(0, 1_000, 60_000), fc.boolean()).map(([waitMs, uncertain]) => (now: number) => ({
    kind: 'again' as const,
    notBefore: now + waitMs,
    reason: '503',
    ...(uncertain ? { uncertain } : {}),
  })),
  fc.constant(() => ({ kind: 'dead', reason: '400' }) as const),
  fc.constant(() => ({ kind: 'held', reason: '401' }) as const),
);

const planned = fc.record({
  priority: fc.constantFrom(0, 1, 2_000, 4_500),
  waitMs: fc.constantFrom(0, 0, 0, 1_000, 120_000),
  suppressed: fc.constantFrom(false, false, false, true),
});
const oneArrival: fc.Arbitrary<ModelArrival> = fc
  .tuple(
    fc.nat({ max: 40 }),
    fc.nat({ max: 60 }),
    fc.uniqueArray(fc.tuple(name, planned), { maxLength: 3, selector: ([recipient]) => recipient }),
  )
  .map(([id, text, pairs]) => ({
    id: `${id}`,
    text: text > 45 ? `changed ${text} of ${id}` : `message ${id}`,
    pairs: pairs.map(([recipient, plan]) => ({ recipient, ...plan })),
  }));

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(oneArrival, { minLength: 1, maxLength: 5 }).map(
      (batch): Command =>
        (both) =>
          both.accept(batch),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(name, fc.integer({ min: 1, max: 6 })).map(
      ([who, pairs]): Command =>
        (both) =>
          both.claim(who, pairs),
    ),
  },
  name.map(
    (who): Command =>
      (both) =>
        both.claimDigest(who),
  ),
  {
    weight: 5,
    arbitrary: fc.tuple(fc.nat(), fate, fate).map(
      ([pick, all, odd]): Command =>
        (both) =>
          both.finish(pick, all(both.model.now), odd(both.model.now)),
    ),
  },
  fc.nat().map((pick): Command => async ({ store, model }) => {
    const claims = [...model.claims.keys()].filter((_, index) => (pick >> (index % 30)) % 2 === 0);
    assert.equal(await store.abandon(claims), model.abandon(claims));
  }),
  name.map((who): Command => async ({ store, model }) => {
    await store.hold(who, 'by hand', model.now);
    model.recipient(who).held = true;
  }),
  {
    weight: 2,
    arbitrary: name.map((who): Command => async ({ store, model }) => {
      assert.equal(await store.resume(who, model.now), model.resume(who));
    }),
  },
  fc.subarray(NAMES).map((names): Command => async ({ store, model }) => {
    await store.nameRecipients(names, model.now);
    for (const [who, row] of model.recipients) row.named = names.includes(who);
  }),
  {
    weight: 2,
    arbitrary: fc.constant<Command>(async ({ store, model }) => {
      await store.nameRecipients(NAMES, model.now);
      for (const row of model.recipients.values()) row.named = true;
    }),
  },
  fc
    .tuple(name, name, fc.constantFrom(0, 60_000))
    .map(([who, to, age]): Command => async ({ store, model }) => {
      const before = model.now - age;
      assert.equal(await store.fallBack(who, to, before, model.now), model.fallBack(who, to, before));
    }),
  fc.tuple(name, fc.constantFrom(0, 60_000)).map(([who, age]): Command => async ({ store, model }) => {
    const before = model.now - age;
    assert.equal(await store.giveUp(who, before, 'given up', model.now), model.giveUp(who, before));
  }),
  fc
    .tuple(
      fc.option(name, { nil: undefined }),
      fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      fc.constantFrom('redrive', 'redrive', 'dismiss'),
    )
    .map(([who, seq, verb]): Command => async ({ store, model }) => {
      const wish = {
        now: model.now,
        ...(who === undefined ? {} : { recipient: who }),
        ...(seq === undefined ? {} : { seq }),
      };
      assert.equal(await store[verb](wish), model[verb](who, seq));
    }),
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 1_000, 60_000, 3_700_000).map((ms): Command => async ({ model }) => {
      model.now += ms;
    }),
  },
  fc.constant<Command>((both) => both.tidy()),
  fc.constant<Command>((both) => both.restart()),
);

test(`${RUNS} random sequences of commands do what the model does`, async (t) => {
  const { open, path } = testStore(t);
  await (await open()).close();
  const empty = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 50 }), async (commands) => {
      const dir = mkdtempSync(join(ROOM, 'store-model-'));
      const both = await Both.open(dir, empty);
      try {
        for (const run of commands) {
          await run(both);
          await both.check();
        }
      } finally {
        await both.store.close();
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: RUNS, includeErrorInReport: true, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
