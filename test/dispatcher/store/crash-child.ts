/**
 * A process of its own for crash.test.ts, killed at any moment: crash-child.js PATH ROUND accepts messages of two
 * deliveries each, claims and finishes, and says on a line what is durable: `stored N` or `sent N`.
 */

import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { systemClock } from '../../../src/os/clock.ts';
import { systemRandom } from '../../../src/os/random.ts';
import { arrival, ended, incident, NOW, person } from './fixture.ts';

const [path = '', round = ''] = process.argv.slice(2);
const STDOUT = 1;
const store = await openStore({ path, reserveBytes: 0, clock: systemClock, random: systemRandom });
writeSync(STDOUT, 'open\n');

async function produce(lane: number): Promise<never> {
  for (let count = 0; ; count++) {
    const text = `${round}-${lane}-${count}`;
    const pairs = ['m', person('ana', 2, { repeat: { firstMs: 1, maxMs: 1 } })];
    const batch = ['x', 'y'].map((end) =>
      arrival(`${text}-${end}`.padEnd(2_000, '.'), {
        id: `${text}-${end}`,
        pairs,
        incidents: [incident('k')],
      }),
    );
    for (const { seq } of await store.accept(batch)) writeSync(STDOUT, `stored ${seq}\n`);
  }
}

async function consume(): Promise<never> {
  for (let count = 1; ; count++) {
    const claim = await store.claim('m', { now: NOW, pairs: 3 });
    if (claim === undefined) {
      // Nothing is due without a turn of those who produce.
      await turn();
      continue;
    }
    if (count % 7 === 0) await store.abandon([claim.id]);
    else {
      await store.finish(ended(claim.id));
      for (const { seq } of claim.pairs) writeSync(STDOUT, `sent ${seq}\n`);
    }
  }
}

await Promise.all([produce(1), produce(2), consume()]);
