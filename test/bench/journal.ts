/**
 * Figures of the journal alone: append, read, lease and settle, open with a large backlog.
 *
 * node .build/test/bench/journal.js [--long] [--messages N]; --long builds a backlog of 1,000,000 (4 GB of disk).
 * Prints one line a figure, each with the number it is measured against.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { JournalCore } from '../../src/journal/core.ts';
import type { NewMessage } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/options.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';

const { values: flags } = parseArgs({
  options: { long: { type: 'boolean', default: false }, messages: { type: 'string', default: '10000' } },
});
const COUNT = Number(flags.messages);
const BODY_BYTES = 2999;
const ROUNDS = 5;
const directory = mkdtempSync(join(tmpdir(), 'journal-bench-'));

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function makeMessages(count: number): NewMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    body: Buffer.from(`<Alert messageid="${index}">`.padEnd(BODY_BYTES, 'x')),
    // As sensors send them: a fifth is medium or high, and goes into the index for lanes.
    severity: ([2, 2, 1, 2, 3, 2, 0, 2, 2, 4] as const)[index % 10] ?? 0,
  }));
}

function openCore(name: string, more: Partial<JournalOptions> = {}): JournalCore {
  return new JournalCore({ path: join(directory, name), clock: systemClock, random: systemRandom, ...more });
}

function time(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function drain(core: JournalCore, consumer: string, batch: number): number[] {
  const times: number[] = [];
  for (;;) {
    const start = performance.now();
    const claim = core.lease(consumer, { messages: batch, bytes: Infinity });
    if (claim === undefined) return times;
    core.settle(claim.id);
    times.push(performance.now() - start);
  }
}

function readAll(core: JournalCore, consumer: string): number {
  const claim = core.peek(consumer);
  if (claim === undefined) return 0;
  let bytes = 0;
  for (;;) {
    const chunk = core.read(claim.id);
    bytes += chunk.bodies.byteLength;
    if (chunk.done) break;
  }
  core.release(claim.id);
  return bytes;
}

function benchAppend(batch: number, consumers: readonly string[]): void {
  const messages = makeMessages(Math.min(COUNT, batch === 1 ? COUNT / 2 : COUNT));
  const rates: number[] = [];
  const commits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const core = openCore(`append-${batch}-${consumers.length}-${round}.db`, { consumers });
    const total = time(() => {
      for (let from = 0; from < messages.length; from += batch) {
        const part = messages.slice(from, from + batch);
        commits.push(time(() => core.append({ messages: part })));
      }
    });
    rates.push((messages.length / total) * 1000);
    core.close();
  }
  const sorted = commits.toSorted((a, b) => a - b);
  const goal = batch === 256 && consumers.length === 1 ? ' (goal 75000)' : '';
  say(
    `append batch ${batch}, ${consumers.length} consumer(s): ${Math.round(median(rates))}/s${goal}, ` +
      `commit p50 ${median(commits).toFixed(2)} ms, max ${(sorted.at(-1) ?? 0).toFixed(1)} ms`,
  );
}

function benchDuplicates(): void {
  const messages = makeMessages(COUNT);
  const core = openCore('sequenced.db');
  const append = (): void => {
    for (let from = 0; from < messages.length; from += 500) {
      const part = messages.slice(from, from + 500);
      const sequences = part.map((_, index) => from + index + 1);
      core.append({ messages: part, origin: { kind: 'sequenced', journal: 'a'.repeat(32), sequences } });
    }
  };
  const first = time(append);
  const again = time(append);
  const rate = (ms: number): number => Math.round((COUNT / ms) * 1000);
  say(`append batch 500 from a sensor: ${rate(first)}/s new, ${rate(again)}/s duplicate`);
  core.close();
}

function benchReadAndSettle(consumers: readonly string[]): void {
  const core = openCore(`read-${consumers.length}.db`, { consumers });
  const messages = makeMessages(COUNT);
  const reads: number[] = [];
  const settles: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let from = 0; from < COUNT; from += 256) core.append({ messages: messages.slice(from, from + 256) });
    reads.push(time(() => readAll(core, consumers[0] ?? '')));
    for (const consumer of consumers) settles.push(...drain(core, consumer, 500));
  }
  say(
    `${consumers.length} consumer(s): read ${COUNT} bodies ${median(reads).toFixed(1)} ms (goal 45), ` +
      `lease + settle 500 ${median(settles).toFixed(2)} ms (goal 4), max ${Math.max(...settles).toFixed(1)} ms`,
  );
  core.close();
}

/** What is severe overtakes a backlog that is not; each question behind all of it. */
function benchLanes(total: number): void {
  const core = openCore('lanes.db');
  const message = (severity: NewMessage['severity']): NewMessage => ({
    body: Buffer.from('<Alert/>'),
    severity,
  });
  const backlog = Array.from({ length: 1000 }, (_, index) => message(index % 2 === 0 ? 0 : 2));
  for (let count = 0; count < total; count += backlog.length) core.append({ messages: backlog });
  const lane = (minSeverity: 3 | 4): number =>
    core.lease('default', { messages: 500, bytes: 4 * 1024 * 1024, minSeverity })?.count ?? 0;
  const none = time(() => void lane(4));
  core.append({ messages: Array.from({ length: 1500 }, (_, index) => message(index % 3 === 0 ? 3 : 4)) });
  const high = time(() => void lane(4));
  const medium = time(() => void lane(3));
  say(
    `lanes beside a backlog of ${total}: none that severe ${none.toFixed(2)} ms (goal 5), ` +
      `500 high ${high.toFixed(2)} ms (goal 15), 500 at least medium ${medium.toFixed(2)} ms`,
  );
  core.close();
}

function benchOpen(total: number): void {
  const core = openCore('backlog.db');
  const messages = makeMessages(1000);
  const built = time(() => {
    for (let count = 0; count < total; count += messages.length) core.append({ messages });
  });
  core.close();
  let chunk = 0;
  let again: JournalCore | undefined;
  const opened = time(() => (again = openCore('backlog.db')));
  if (again === undefined) return;
  const reopened = again;
  const peeked = time(() => {
    const claim = reopened.peek('default');
    chunk = claim === undefined ? 0 : reopened.read(claim.id).bodies.byteLength;
    if (claim !== undefined) reopened.release(claim.id);
  });
  const leased = time(() => {
    const claim = reopened.lease('default', { messages: 500, bytes: 4 * 1024 * 1024 });
    if (claim !== undefined) reopened.read(claim.id);
  });
  const counted = time(() => reopened.stats());
  const rss = Math.round(process.memoryUsage().rss / 1024 / 1024);
  say(
    `backlog ${total}: built at ${Math.round((total / built) * 1000)}/s; open ${opened.toFixed(1)} ms (goal 20), ` +
      `peek and first ${chunk} bytes ${peeked.toFixed(1)} ms, lease 500 and read ${leased.toFixed(1)} ms, ` +
      `stats ${counted.toFixed(2)} ms, RSS ${rss} MiB`,
  );
  reopened.close();
}

try {
  say(`node ${process.versions.node}, ${COUNT} messages of ${BODY_BYTES} bytes, median of ${ROUNDS} rounds`);
  for (const batch of [1, 16, 256]) benchAppend(batch, ['default']);
  benchAppend(256, ['a', 'b', 'c']);
  benchDuplicates();
  benchReadAndSettle(['default']);
  benchReadAndSettle(['a', 'b', 'c']);
  benchLanes(flags.long ? 1_000_000 : 100_000);
  benchOpen(flags.long ? 1_000_000 : 20_000);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
