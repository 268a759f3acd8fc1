/**
 * Our bytes of Prelude's native protocol are libprelude's, both ways, on generated messages.
 *
 * libprelude reads what we encode, shows it field by field, and writes it again: its view is what we meant, its bytes
 * are ours, and decoded they are the message. PRELUDE_MESSAGES says how many. The Python bindings belong to the
 * distribution's Python.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { frame, FrameReader, messageTags } from '../../src/destinations/prelude/frames.ts';
import { decodeMessage } from '../../src/idmef/prelude/decode.ts';
import { encodeMessage, priorityOf } from '../../src/idmef/prelude/encode.ts';
import type { PreludeObject } from '../../src/idmef/prelude/model.ts';
import { classes } from '../../src/idmef/prelude/table.ts';
import { projectRoot } from '../idmef/project-root.ts';
import { generator } from '../support/generator.ts';
import { objectsIn, rewritten, trimmed, view, type View } from '../support/prelude-forms.ts';
import { preludeMessage } from '../support/prelude-generator.ts';
import { tempDir } from '../support/temp-dir.ts';

const MESSAGES = Number(process.env['PRELUDE_MESSAGES'] ?? 5000);
const BATCH = 5000;
const BATCH_MS = 120_000;
const SEED = 4690;
const PYTHON = '/usr/bin/python3';

const missing = spawnSync(PYTHON, ['-c', 'import prelude']).status !== 0;
if (missing && process.env['CI'] !== undefined) {
  throw new Error('libprelude for Python is missing: install python3-prelude');
}

interface Answer {
  readonly views: readonly View[];
  readonly payloads: readonly Buffer[];
}

/** What libprelude sees in the messages, and writes for them. */
function askLibprelude(folder: string, frames: readonly Buffer[]): Answer {
  const [messages, views, again] = [join(folder, 'messages'), join(folder, 'views'), join(folder, 'again')];
  writeFileSync(messages, Buffer.concat(frames));
  const script = join(projectRoot(), 'test', 'support', 'prelude-read.py');
  const { status, stderr, signal } = spawnSync(PYTHON, [script, messages, views, again], {
    encoding: 'utf8',
    timeout: BATCH_MS,
    maxBuffer: 1 << 30,
  });
  assert.equal(status, 0, `${signal ?? ''} ${stderr.slice(-1000)}`);
  const reader = new FrameReader();
  const payloads = reader.read(readFileSync(again)).map(({ payload }) => payload);
  assert.equal(reader.fault, undefined);
  const lines = readFileSync(views, 'utf8').trimEnd().split('\n');
  return { views: lines.map((line): View => JSON.parse(line)), payloads };
}

function countFields({ class: name, fields }: PreludeObject, seen: Map<string, number>): void {
  for (const [field, value] of Object.entries(fields)) {
    const key = `${name}.${field}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    for (const object of objectsIn(value)) countFields(object, seen);
  }
}

test(
  `libprelude reads and writes ${MESSAGES} messages as we do`,
  { skip: missing && 'python3-prelude is not installed' },
  (t) => {
    const folder = tempDir(t);
    const random = generator(SEED);
    const seen = new Map<string, number>();
    let bytes = 0;
    for (let from = 0; from < MESSAGES; from += BATCH) {
      const count = Math.min(BATCH, MESSAGES - from);
      const messages = Array.from({ length: count }, () => preludeMessage(random));
      const encoded = messages.map((message) => encodeMessage(message));
      const { views, payloads } = askLibprelude(
        folder,
        encoded.map((payload, index) =>
          frame(messageTags.idmef, priorityOf(messages[index]!), payload, from),
        ),
      );
      assert.equal(views.length, count);
      assert.equal(payloads.length, count);
      for (const [index, message] of messages.entries()) {
        countFields(message, seen);
        bytes += encoded[index]!.length;
        const place = `message ${from + index} of seed ${SEED}`;
        assert.deepEqual(trimmed(views[index]!), { [message.class]: view(message) }, place);
        assert.deepEqual(decodeMessage(payloads[index]!), rewritten(message), place);
        assert.ok(payloads[index]!.equals(encodeMessage(rewritten(message))), place);
      }
    }
    t.diagnostic(`${MESSAGES} messages, ${(bytes / 1e6).toFixed(1)} MB`);
    const all = Object.entries(classes).flatMap(([name, { fields }]) =>
      Object.keys(fields).map((field) => `${name}.${field}`),
    );
    assert.deepEqual(
      all.filter((field) => !seen.has(field)),
      [],
      'fields that never came up',
    );
  },
);
