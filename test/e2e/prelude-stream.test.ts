/**
 * What Prelude's XML report writes, on its whole way: a stream of documents in the spool, and another that grows while
 * `idmef submit --stream` reads it; pulled, repaired and delivered as strictly valid RFC 4765.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { readDocument } from '../../src/idmef/read-document.ts';
import type { Message } from '../../src/idmef/verdict.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { binPath } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';

const names = ['files', 'services', 'data', 'assessment', 'heartbeat'];
const documents = names.map((name) =>
  readFileSync(fixturePath(`prelude-${name}.lenient.xml`), 'utf8').trim(),
);
const control = (documents[4] ?? '').replace('messageid="heartbeat"', 'messageid="control\u0001"');

/** As the report is without its option `format`. */
function compact(document: string): string {
  return document.replace(/>\s+</g, '><');
}

/** All messages of the outbox, each strictly valid. */
function deliveredMessages(outbox: readonly string[]): Message[] {
  return outbox.flatMap((document) => {
    const verdict = readDocument(Buffer.from(document), 'strict');
    assert.ok(verdict.readable && verdict.valid, JSON.stringify(verdict));
    return verdict.messages;
  });
}

test('a report in the spool arrives as RFC 4765, whole and in order', async (t) => {
  const world = await makeWorld(tempDir(t));
  const sensor = await world.startSensor(['--delete', '--intake-streams']);
  t.after(() => sensor.kill('SIGKILL'));
  const rotated = join(world.dir, 'events.xml.1');
  writeFileSync(rotated, [...documents, ...documents.map(compact), control].join(''));
  renameSync(rotated, join(world.spool, 'events.xml'));
  await until(() => !readdirSync(world.spool).includes('events.xml'));
  const poller = world.startPoller();
  assert.equal((await poller.exited).code, 0, poller.stderr());
  const messages = deliveredMessages(world.delivered());
  assert.deepEqual(
    messages.map(({ messageid }) => messageid),
    [...names, ...names, 'control\\x01'],
  );
  for (const [index, name] of names.entries()) {
    const expected = readFileSync(fixturePath(`prelude-${name}-repaired.good.xml`), 'utf8');
    const [message] = deliveredMessages([expected]);
    const text = (each: Message | undefined): string =>
      Buffer.from(each?.bytes ?? '')
        .toString()
        .replace(' xmlns:idmef="http://iana.org/idmef"', '');
    assert.equal(text(messages[index]), text(message));
  }
});

test('a report that grows is followed, each document at once', async (t) => {
  const world = await makeWorld(tempDir(t));
  const submit = spawn(
    process.execPath,
    [binPath('idmef'), 'submit', '--stream', '--spooldir', world.spool, '-'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  t.after(() => submit.kill('SIGKILL'));
  let complained = '';
  submit.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  const exited = once(submit, 'exit');
  const arrived = (): string[] =>
    readdirSync(world.spool)
      .filter((name) => name.endsWith('.xml'))
      .toSorted();
  for (const [index, document] of documents.entries()) {
    submit.stdin.write(document.slice(0, 100));
    submit.stdin.write(document.slice(100));
    await until(() => arrived().length === index + 1, { what: 'the next document' });
  }
  submit.stdin.write('<IDMEF-Message><Al');
  const sensor = await world.startSensor();
  t.after(() => sensor.kill('SIGKILL'));
  await until(() => arrived().length === 0);
  const poller = world.startPoller();
  assert.equal((await poller.exited).code, 0, poller.stderr());
  assert.deepEqual(
    deliveredMessages(world.delivered()).map(({ messageid }) => messageid),
    names,
  );
  submit.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  const bytes = Buffer.byteLength(documents.join(''));
  assert.equal(complained, `idmef: <stdin>: 5 documents submitted, 0 refused, done up to byte ${bytes}\n`);
});
