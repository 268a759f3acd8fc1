/** Killed in the middle of accepting and finishing, again and again on one file: the law holds, nothing acknowledged is lost. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertLaw, NOW, testStore } from './fixture.ts';

const ROUNDS = 7;
const CHILD = fileURLToPath(new URL('./crash-child.js', import.meta.url));

/** Runs until it has said so many lines, then kills it. What it said. */
async function runAndKill(path: string, round: number, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, path, `${round}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length >= lines) child.kill('SIGKILL');
  }
  await ended;
  return said.filter((line) => / \d+$/.test(line));
}

test(`kill -9, ${ROUNDS} rounds`, async (t) => {
  const { open, path } = testStore(t);
  const stored = new Set<number>();
  const sent = new Set<number>();
  for (let round = 1; round <= ROUNDS; round++) {
    // A different number each round, so that it dies in different places.
    const said = await runAndKill(path, round, 30 + ((round * 37) % 90));
    for (const line of said) (line.startsWith('sent') ? sent : stored).add(Number(line.split(' ')[1]));
    const store = await open();
    await assertLaw(store);
    const queue = await store.queue('m', NOW);
    assert.equal(queue.leased, 0);
    assert.ok(queue.sent >= sent.size, `${queue.sent} sent, ${sent.size} acknowledged`);
    await store.close();
  }
  const store = await open();
  for (const seq of stored) {
    const message = await store.message(seq);
    assert.ok(message, `message ${seq} was acknowledged`);
    const [pair] = await store.pairs(seq);
    assert.ok(pair);
    if (sent.has(seq)) assert.equal(pair.state, 'sent', `message ${seq}`);
    else assert.ok(['due', 'sent'].includes(pair.state), `message ${seq} is ${pair.state}`);
  }
  assert.ok(stored.size > 100, `${stored.size}`);
  assert.ok(sent.size > 20, `${sent.size}`);
});
