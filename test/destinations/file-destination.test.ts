/** The directory as a destination: exact bytes, durable names, and what is said when it cannot be written. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { Outcome } from '../../src/core/outcome.ts';
import { destinationId, messagesOf, type Parcel } from '../../src/destinations/destination.ts';
import { createFileDestination } from '../../src/destinations/file-destination.ts';
import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { tempDir } from '../support/temp-dir.ts';

const bodies = ['<a>1</a>', '<b/>', '<c>é</c>'];
const parcel: Parcel = {
  journal: 'f00d',
  sequences: [3, 4, 9],
  ranges: '3-4,9',
  lengths: bodies.map((body) => Buffer.byteLength(body)),
  bodies: [Buffer.from(`${bodies[0]}${bodies[1]}`), Buffer.from(bodies[2] ?? '')],
};

async function deliver(dir: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const destination = createFileDestination(pathToFileURL(dir));
  await destination.deliver(
    parcel,
    (index, outcome) => {
      outcomes[index] = outcome;
    },
    new AbortController().signal,
  );
  await destination.close();
  return outcomes;
}

test('one document a parcel, the bytes as they are; a repeat replaces it', async (t) => {
  const dir = tempDir(t);
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(await deliver(dir), [{ kind: 'ok' }, { kind: 'ok' }, { kind: 'ok' }]);
    assert.deepEqual(readdirSync(dir), ['f00d-3-9.xml']);
  }
  const expected = Buffer.concat([envelopeHead, Buffer.from(bodies.join('')), envelopeTail]);
  assert.deepEqual(readFileSync(join(dir, 'f00d-3-9.xml')), expected);
});

test('a parcel falls apart into its messages', () => {
  assert.deepEqual(messagesOf(parcel).map(String), bodies);
});

test('what the operator must mend is broken, with the remedy', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'f00d-3-9.xml'));
  const check = async (path: string, kind: string, words: RegExp): Promise<void> => {
    const [first, ...rest] = await deliver(path);
    assert.equal(first?.kind, kind);
    assert.match(JSON.stringify(first), words);
    assert.ok(rest.length === 2 && rest.every((outcome) => outcome.kind === kind));
  };
  await check(join(dir, 'missing'), 'broken', /"does not exist","hint":"mkdir -p .*missing"/);
  await check(join(dir, 'file'), 'broken', /is not a directory/);
  await check(dir, 'again', /cannot be written/);
  // D1: the directory's name is before the reason already.
  for (const path of [join(dir, 'missing'), join(dir, 'file'), dir]) {
    const [first] = await deliver(path);
    const reason = first !== undefined && 'reason' in first ? first.reason : '';
    assert.doesNotMatch(reason, /directory \/|cannot write/);
  }
});

test('spellings of one destination are one identity, without secrets', () => {
  const check = (url: string, expected: string): void =>
    assert.equal(destinationId(new URL(url)), expected, url);
  check('https://GW:443', 'https://gw/');
  check('https://user:secret@gw:3128/x#y', 'https://gw:3128/x');
  check('file:///var/out/', 'file:///var/out');
  check('file:///var/./out', 'file:///var/out');
});
