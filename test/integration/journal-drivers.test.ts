/**
 * A journal made under one Node is opened under the other: the packaged SQLite below Node 24, the built-in one from
 * it. NODE24 names the other binary; CI sets it.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertLaw, takeTexts, testJournal } from '../journal/fixture.ts';
import { until } from '../support/until.ts';

const other = process.env['NODE24'];
const skip =
  other === undefined && process.env['CI'] === undefined ? 'NODE24 does not name a Node 24' : false;

test('a journal passes from one Node to the other and back', { skip }, async (t) => {
  assert.ok(other !== undefined, 'NODE24 must name a Node 24');
  const journal = testJournal(t);
  const mine = journal.open();
  mine.append({ messages: [{ body: Buffer.from('first'), severity: 1 }] });
  const { id } = mine;
  mine.close();
  const script = fileURLToPath(new URL('../journal/child.js', import.meta.url));
  const child = spawn(other, [script, journal.path, 'append'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.split('\n').length > 20, { what: 'the other Node to append' });
  child.kill('SIGKILL');
  await once(child, 'close');
  const core = journal.open();
  assertLaw(core);
  assert.equal(core.id, id);
  assert.deepEqual(journal.setAside, []);
  const texts = takeTexts(core);
  assert.equal(texts[0], 'first');
  assert.ok(texts.length > 19, `${texts.length} messages`);
});
