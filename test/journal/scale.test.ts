/** A large backlog costs nobody: not the opening, not the first answer, not the lease behind many others. */

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { consumerOf, message, testJournal } from './fixture.ts';

const BACKLOG = 100_000;
const BATCH = 500;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

test(`${BACKLOG} messages: opening looks at none of them, a lease only at its own`, (t) => {
  const journal = testJournal(t);
  let core = journal.open();
  const batch = Array.from({ length: 2000 }, () => message('<Alert/>'));
  for (let count = 0; count < BACKLOG; count += batch.length) core.append({ messages: batch });
  core.close();

  const empty = testJournal(t);
  empty.open().close();
  const openEmpty = median([1, 2, 3, 4, 5].map(() => timed(() => empty.open().close())));
  const openFull = median([1, 2, 3, 4, 5].map(() => timed(() => journal.open().close())));
  assert.ok(openFull < 3 * openEmpty + 5, `open ${openFull} ms, an empty one ${openEmpty} ms`);

  core = journal.open();
  const first = timed(() => {
    const claim = core.peek('default');
    assert.equal(claim?.count, BACKLOG);
    core.read(claim?.id ?? 0);
    core.release(claim?.id ?? 0);
  });
  assert.ok(first < 50, `first chunk after ${first} ms`);

  const leases: number[] = [];
  const times: number[] = [];
  for (let count = 0; count < BACKLOG; count += BATCH) {
    times.push(
      timed(() => {
        const claim = core.lease('default', { messages: BATCH, bytes: Infinity });
        assert.equal(claim?.count, BATCH);
        leases.push(claim?.id ?? 0);
      }),
    );
  }
  assert.equal(consumerOf(core).leased, BACKLOG);
  const [early, late] = [median(times.slice(0, 20)), median(times.slice(-20))];
  assert.ok(late < 5 * early + 2, `a lease took ${early} ms at first, ${late} ms behind 200 others`);

  const [oldest = 0] = leases;
  core.release(oldest);
  const again = timed(() => {
    assert.equal(core.lease('default', { messages: BATCH, bytes: Infinity })?.sequences, `1-${BATCH}`);
  });
  assert.ok(again < 5 * early + 5, `what was given back is found after ${again} ms`);
  assert.equal(core.lease('default', { messages: 1, bytes: 1 }), undefined);
});
