/**
 * The journal against its model: random commands, restarts among them, and after each one the same numbers, the
 * same texts and the law. NUM_RUNS sets how many sequences (default 100; take 500 or more after a change of the
 * journal), MAX_COMMANDS their length, MODEL_SEED their chance. Some runs have limits by age and size, within which nothing
 * may go and beyond which something must.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { Severity } from '../../src/core/severity.ts';
import { JournalCore } from '../../src/journal/core.ts';
import type { NewMessage, Origin } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/options.ts';
import { formatRanges } from '../../src/journal/ranges.ts';
import { manualClock } from '../support/manual-clock.ts';
import { assertLaw, consumerOf, countingRandom, fails, inspect, readTexts } from './fixture.ts';
import { bytesOf, JournalModel, type ModelClaim } from './model.ts';

const RUNS = Number(process.env['NUM_RUNS'] ?? 100);
const LONGEST = Number(process.env['MAX_COMMANDS'] ?? 80);
const SEED = process.env['MODEL_SEED'];
/** Memory where there is some to write to: what is tried here is not what a disk does. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const NAMES = ['a', 'b', 'c'];

type Command = (pair: Pair) => void;

/** The real one and its model, side by side. */
class Pair {
  readonly path: string;
  readonly clock = manualClock(1_000_000);
  readonly random = countingRandom();
  readonly model = new JournalModel();
  readonly closed: number[] = [];
  core: JournalCore;
  texts = 0;

  readonly bounds: Pick<JournalOptions, 'retention' | 'consumerBounds'>;
  lost = 0;

  constructor(dir: string, bounds: Pair['bounds']) {
    this.path = join(dir, 'journal.db');
    this.model.now = this.clock.now();
    this.bounds = bounds;
    this.model.retention = bounds.retention;
    this.model.consumerBounds = bounds.consumerBounds;
    this.core = this.open(['a']);
  }

  open(consumers: readonly string[]): JournalCore {
    this.closed.push(...this.model.claims.keys());
    this.model.open(consumers);
    return new JournalCore({
      path: this.path,
      consumers,
      clock: this.clock,
      random: this.random,
      reserveBytes: 0,
      ...this.bounds,
      onLoss: ({ messages, bytes, from, to }) => {
        this.lost += messages;
        assert.ok(messages > 0 && bytes >= messages && from <= to);
      },
    });
  }

  restart(consumers: readonly string[]): void {
    this.core.close();
    this.core = this.open(consumers);
    // Numbers of claims begin anew in a new process.
    this.closed.length = 0;
  }

  claim(pick: number): ModelClaim | undefined {
    const claims = [...this.model.claims.values()];
    return claims[pick % Math.max(1, claims.length)];
  }

  lease(pick: number): ModelClaim | undefined {
    const claims = [...this.model.claims.values()].filter(({ kind }) => kind === 'lease');
    return claims[pick % Math.max(1, claims.length)];
  }

  consumer(pick: number) {
    const active = this.model.active();
    const found = active[pick % active.length];
    assert.ok(found);
    return found;
  }

  check(): void {
    const { core, model } = this;
    assertLaw(core);
    const stats = core.stats();
    const { offered, accepted, duplicate, quarantined, last } = model;
    assert.equal(stats.quarantineBytes, model.quarantineBytes(), 'bytes in quarantine');
    assert.equal(stats.quarantineDropped, model.quarantineDropped, 'dropped of quarantine');
    assert.equal(stats.offered, offered, 'offered');
    assert.equal(stats.accepted, accepted, 'accepted');
    assert.equal(stats.duplicate, duplicate, 'duplicate');
    assert.equal(stats.quarantined['E12'] ?? 0, quarantined, 'quarantined');
    for (const consumer of model.consumers.values()) {
      const real = consumerOf(core, consumer.name);
      const leased = model.leasedBy(consumer);
      const owed = consumer.owed.size;
      assert.deepEqual(
        {
          ...real,
          oldestAt: real.oldestAt !== undefined,
          // A restart remembers it to the minute, or without bounds as of the last transaction.
          ...(consumer.seen > 0 && (real.lastSeenAt ?? 0) <= consumer.seen
            ? { lastSeenAt: consumer.seen }
            : {}),
        },
        {
          name: consumer.name,
          accepted: consumer.accepted,
          settled: consumer.settled,
          pending: consumer.active ? owed - leased : 0,
          pendingBytes: bytesOf(consumer),
          leased,
          held: consumer.active ? 0 : owed,
          dead: consumer.dead,
          dropped: consumer.dropped,
          oldestAt: owed > 0,
          active: consumer.active,
          ...(consumer.seen === 0 ? {} : { lastSeenAt: consumer.seen }),
        },
      );
    }
    assert.ok(last >= accepted - quarantined);
    assert.deepEqual(
      core.listQuarantine().map(({ id, kind }) => [id, kind]),
      [...model.quarantine].map(([id, { kind }]) => [id, kind]),
    );
  }

  /** Nothing is kept that nobody is owed and nobody reads. */
  checkFile(): void {
    for (const claim of this.model.claims.values()) release(this, claim);
    while (this.core.sweep());
    const kept = inspect<{ seq: number }>(this.path, 'SELECT seq FROM message ORDER BY seq');
    const owed = new Set([...this.model.consumers.values()].flatMap(({ owed: rows }) => [...rows.keys()]));
    assert.deepEqual(
      kept.map(({ seq }) => seq),
      [...owed].toSorted((a, b) => a - b),
    );
  }
}

function release(pair: Pair, claim: ModelClaim): void {
  pair.core.release(claim.id);
  if (claim.kind === 'lease') pair.model.release(claim, [...claim.held.keys()], false, 0);
  end(pair, claim);
}

function end(pair: Pair, claim: ModelClaim): void {
  if (claim.kind === 'peek') pair.model.claims.delete(claim.id);
  if (!pair.model.claims.has(claim.id)) pair.closed.push(claim.id);
}

function part<T>(values: readonly T[], mask: number): T[] {
  return mask % 3 === 0 ? [...values] : values.filter((_, index) => ((mask >> (index % 8)) & 1) === 1);
}

function newMessages(pair: Pair, sizes: readonly number[]): NewMessage[] {
  return sizes.map((size) => {
    const body = Buffer.from(`<${++pair.texts}>`.padEnd(size, '.'));
    const severity = ([0, 4, 2, 2, 1, 3] as const)[size % 6] ?? 0;
    return size % 7 === 0
      ? { body, severity, quarantine: { reason: 'E12', detail: '{}' } }
      : { body, severity };
  });
}

function offerAll(
  pair: Pair,
  batch: readonly NewMessage[],
  keys?: readonly string[],
): (number | undefined)[] {
  if (pair.model.isExcessive()) pair.model.retain();
  return batch.map(({ body, severity, quarantine }, index) =>
    pair.model.offer(Buffer.from(body).toString(), severity, keys?.[index], quarantine !== undefined),
  );
}

const pick = fc.nat(20);
const mask = fc.nat(255);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 });
const wanted = fc.record({
  messages: fc.integer({ min: 1, max: 9 }),
  bytes: fc.integer({ min: 0, max: 200 }),
});
const inLane = fc
  .tuple(wanted, fc.constantFrom<Severity>(0, 0, 1, 2, 3, 4, 4))
  .map(([want, minSeverity]) => (minSeverity === 0 ? want : { ...want, minSeverity }));

const append = sizes.map((list): Command => (pair) => {
  const batch = newMessages(pair, list);
  pair.core.append({ messages: batch });
  offerAll(pair, batch);
});

const appendAgain = fc
  .tuple(fc.nat(3), fc.nat(12), fc.nat(5))
  .map(([journal, from, count]): Command => (pair) => {
    const sequences = Array.from({ length: count }, (_, index) => from + index);
    const batch = sequences.map((sequence) => ({
      body: Buffer.from(`[${journal}:${sequence}]`),
      severity: 1 as const,
    }));
    const origin: Origin = { kind: 'sequenced', journal: `j${journal}`, sequences };
    pair.core.append({ messages: batch, origin });
    offerAll(
      pair,
      batch,
      batch.map(({ body }) => body.toString()),
    );
  });

const takeLease = fc.tuple(pick, inLane).map(([who, want]): Command => (pair) => {
  const consumer = pair.consumer(who);
  consumer.seen = pair.clock.now();
  const expected = pair.model.due(consumer, want);
  const claim = pair.core.lease(consumer.name, want);
  assert.equal(claim?.count ?? 0, expected.length, 'leased');
  if (claim === undefined) return;
  assert.equal(claim.sequences, formatRanges(expected.map(([sequence]) => sequence)));
  assert.equal(
    claim.bytes,
    expected.reduce((sum, [, { text }]) => sum + text.length, 0),
  );
  pair.model.lease(claim.id, consumer, expected);
});

const takePeek = fc.tuple(pick, fc.option(wanted)).map(([who, want]): Command => (pair) => {
  const consumer = pair.consumer(who);
  if (who % 2 === 0) consumer.seen = pair.clock.now();
  const claim = pair.core.peek(consumer.name, { ...want, ...(who % 2 === 0 ? {} : { byOther: true }) });
  assert.equal(claim !== undefined, consumer.owed.size > 0);
  if (claim === undefined) return;
  pair.model.peek(claim.id, consumer, want ?? { messages: Infinity, bytes: Infinity });
  const { held } = pair.model.claims.get(claim.id) ?? { held: new Map<number, string>() };
  assert.equal(claim.count, held.size, 'peeked');
  assert.equal(claim.bytes, [...held.values()].join('').length);
});

const readClaim = pick.map((which): Command => (pair) => {
  const claim = pair.claim(which);
  if (claim === undefined) return;
  pair.core.rewind(claim.id);
  const failed: number[] = [];
  assert.deepEqual(readTexts(pair.core, claim.id, failed), [...claim.held.values()]);
  for (const [index, sequence] of [...claim.held.keys()].entries()) {
    const row = claim.consumer.owed.get(sequence);
    if (row !== undefined) assert.equal(failed[index], row.attempts, 'attempts');
  }
});

const settle = fc.tuple(pick, mask).map(([which, bits]): Command => (pair) => {
  const claim = pair.lease(which);
  if (claim === undefined) return;
  const sequences = part([...claim.held.keys()], bits);
  pair.core.settle(claim.id, bits % 3 === 0 ? undefined : sequences);
  claim.consumer.seen = pair.clock.now();
  pair.model.settle(claim, sequences);
  end(pair, claim);
});

const giveBack = fc
  .tuple(pick, mask, fc.boolean(), fc.nat(3))
  .map(([which, bits, failed, wait]): Command => (pair) => {
    const claim = pair.claim(which);
    if (claim === undefined) return;
    if (claim.kind === 'peek') {
      release(pair, claim);
      return;
    }
    const sequences = part([...claim.held.keys()], bits);
    const notBefore = wait === 0 ? 0 : pair.clock.now() + wait * 1000;
    const chosen = bits % 3 === 0 ? {} : { sequences };
    pair.core.release(claim.id, { ...chosen, failed, ...(wait === 0 ? {} : { notBefore }) });
    pair.model.release(claim, sequences, failed, notBefore);
    end(pair, claim);
  });

const buryOne = fc.tuple(pick, pick).map(([which, index]): Command => (pair) => {
  const claim = pair.lease(which);
  const sequence = claim === undefined ? undefined : [...claim.held.keys()][index % claim.held.size];
  if (claim === undefined || sequence === undefined) return;
  pair.core.bury(claim.id, sequence, { reason: 'refused', detail: '{}' });
  pair.model.bury(claim, sequence);
  end(pair, claim);
});

const takeFile = fc.tuple(fc.nat(6), sizes).map(([name, list]): Command => (pair) => {
  const file = { name: `f${name}.xml`, identity: '1' };
  const known = pair.core.knowsFile(file);
  assert.equal(known, pair.model.files.has(file.name));
  const batch = newMessages(pair, list);
  if (known && pair.model.isExcessive()) pair.model.retain();
  pair.core.takeFiles(
    [{ ...file, messages: batch }],
    known ? { found: 1, known: 1 } : { found: 1, taken: 1 },
  );
  if (known) return;
  pair.model.files.set(
    file.name,
    offerAll(pair, batch).filter((sequence) => sequence !== undefined),
  );
});

const withdrawFile = fc.nat(6).map((name): Command => (pair) => {
  const file = { name: `f${name}.xml`, identity: '1' };
  const count = pair.core.withdrawFiles([file]);
  assert.equal(count, pair.model.withdraw(pair.model.files.get(file.name) ?? []));
  pair.model.files.delete(file.name);
});

const mend = fc.tuple(pick, fc.boolean()).map(([which, accept]): Command => (pair) => {
  const entries = [...pair.model.quarantine];
  const found = entries[which % Math.max(1, entries.length)];
  if (found === undefined) return;
  const [id, entry] = found;
  assert.equal(Buffer.from(pair.core.showQuarantine(id)?.body ?? []).toString(), entry.text);
  assert.equal(accept ? pair.core.acceptQuarantined(id) : pair.core.dropQuarantined(id), true);
  if (accept) pair.model.accept(id, entry);
  else pair.model.drop(id, entry);
});

const staleClaim = fc.tuple(pick, fc.nat(4)).map(([which, verb]): Command => (pair) => {
  const id = pair.closed[which % Math.max(1, pair.closed.length)];
  if (id === undefined) return;
  const { core } = pair;
  const verbs = [() => core.settle(id), () => core.release(id), () => core.read(id), () => core.rewind(id)];
  assert.throws(verbs[verb % verbs.length] ?? assert.fail, fails('LEASE_EXPIRED'));
});

const restart = fc.subarray(NAMES, { minLength: 1 }).map(
  (names): Command =>
    (pair) =>
      pair.restart(names),
);

const free = pick.map((which): Command => (pair) => {
  const idle = [...pair.model.consumers.values()].filter(({ active }) => !active);
  const consumer = idle[which % Math.max(1, idle.length)];
  if (consumer !== undefined) assert.equal(pair.core.freeConsumer(consumer.name), pair.model.free(consumer));
});

const pass = fc.nat(2500).map((time): Command => (pair) => {
  pair.clock.advance(time);
  pair.model.now = pair.clock.now();
});

const tidy = fc.constant<Command>((pair) => {
  while (pair.core.tidy());
  pair.model.retain();
  pair.model.lapse();
});

const sweep = fc.constant<Command>((pair) => void pair.core.sweep());

const commands = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: append },
    { weight: 2, arbitrary: appendAgain },
    { weight: 6, arbitrary: takeLease },
    { weight: 5, arbitrary: takePeek },
    { weight: 6, arbitrary: readClaim },
    { weight: 5, arbitrary: settle },
    { weight: 4, arbitrary: giveBack },
    { weight: 2, arbitrary: buryOne },
    { weight: 4, arbitrary: takeFile },
    { weight: 3, arbitrary: withdrawFile },
    { weight: 1, arbitrary: mend },
    { weight: 2, arbitrary: staleClaim },
    { weight: 1, arbitrary: restart },
    { weight: 1, arbitrary: free },
    { weight: 2, arbitrary: pass },
    { weight: 1, arbitrary: sweep },
    { weight: 3, arbitrary: tidy },
  ),
  { minLength: 5, maxLength: LONGEST, size: 'max' },
);

const bounds = fc.record(
  {
    maxAgeMs: fc.integer({ min: 1000, max: 6000 }),
    maxBytes: fc.integer({ min: 20, max: 500 }),
  },
  { requiredKeys: [] },
);
const settings: fc.Arbitrary<Pair['bounds']> = fc.record(
  { retention: bounds, consumerBounds: bounds },
  { requiredKeys: [] },
);

test(`the journal does what its model does (${RUNS} sequences of commands)`, async () => {
  await fc.assert(
    fc.asyncProperty(commands, settings, async (list, limits) => {
      await turn();
      const dir = mkdtempSync(join(ROOM, 'journal-model-'));
      let pair: Pair | undefined;
      try {
        pair = new Pair(dir, limits);
        for (const command of list) {
          command(pair);
          pair.check();
        }
        pair.checkFile();
        pair.core.close();
        assert.equal(pair.lost, pair.model.lost, 'reported');
      } finally {
        pair?.core.close();
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
