/**
 * Prelude's model holds all of a message: what is made of generated and collected messages, read back, is the same.
 *
 * RFC 4765 → model → RFC 4765 → model, and model → dialect → model. A change of one value shows in both.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';

import * as fc from 'fast-check';

import { carry } from '../../../src/idmef/prelude/carry.ts';
import { isList, isObject, isTime, objectsOf } from '../../../src/idmef/prelude/kinds.ts';
import type { PreludeObject, PreludeValue } from '../../../src/idmef/prelude/model.ts';
import { readSecef } from '../../../src/idmef/prelude/read-secef.ts';
import { rfcMessage } from '../../../src/idmef/prelude/rfc-message.ts';
import { secefDocument } from '../../../src/idmef/prelude/secef-document.ts';
import { readDocument, validateElement } from '../../../src/idmef/read-document.ts';
import { validDocument } from '../generator.ts';
import { fixturePath, sharedPath } from '../project-root.ts';
import { render, styles } from '../render.ts';

const RUNS = Number(process.env['GENERATED_DOCUMENTS'] ?? 150);
const PATIENCE_MS = 60_000;

function errors(bytes: Uint8Array): string[] {
  const verdict = validateElement(bytes);
  const problems = verdict.readable
    ? verdict.messages.flatMap((message) => message.problems)
    : [verdict.problem];
  return problems.flatMap(({ level, rule, path, text }) =>
    level === 'error' ? [`${rule} ${path}: ${text}`] : [],
  );
}

function carried(bytes: Uint8Array): PreludeObject | undefined {
  const result = carry(bytes);
  if (result.ok) return result.message;
  assert.deepEqual(
    result.reasons.map(({ rule }) => rule),
    ['create-time'],
    inspect(result.reasons),
  );
  return undefined;
}

/** What the dialect cannot say: an NTP stamp in AdditionalData goes as a string. */
function asInDialect(object: PreludeObject): PreludeObject {
  const fields: Record<string, PreludeValue | undefined> = {};
  for (const [name, value] of Object.entries(object.fields)) {
    fields[name] = name === 'additional_data' && Array.isArray(value) ? value.map(stampAsText) : value;
  }
  return { ...object, fields };
}

function stampAsText(data: PreludeObject): PreludeObject {
  const { data: value } = data.fields;
  if (typeof value !== 'bigint') return data;
  const digits = value.toString(16).padStart(16, '0');
  const text = `0x${digits.slice(0, 8)}.0x${digits.slice(8)}`;
  return { ...data, fields: { ...data.fields, type: 'string', data: text } };
}

function fromDialect(message: PreludeObject): PreludeObject {
  const verdict = readDocument(secefDocument(message), 'off');
  assert.ok(verdict.readable, verdict.readable ? '' : verdict.problem.text);
  assert.equal(verdict.messages.length, 1);
  const { carried: result } = readSecef(verdict.messages[0]!.bytes);
  assert.ok(result.ok, inspect(result));
  assert.deepEqual(result.changes, []);
  return result.message;
}

function checkBothWays(bytes: Uint8Array): boolean {
  const message = carried(bytes);
  if (message === undefined) return false;
  const again = rfcMessage(message);
  assert.deepEqual(errors(again), [], again.toString());
  assert.deepEqual(carried(again), message, again.toString());
  assert.deepEqual(fromDialect(message), asInDialect(message));
  return true;
}

test('generated messages pass into the model and back', () => {
  fc.assert(
    fc.property(validDocument(), styles(), (root, style) => {
      const verdict = readDocument(render(root, style), 'strict');
      assert.ok(verdict.readable);
      for (const { bytes } of verdict.messages) checkBothWays(bytes);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

const corpus = sharedPath('corpus');
const skip = existsSync(corpus) ? {} : { skip: `no ${corpus} beside the project` };

test('every valid message of the corpus passes into the model and back', skip, () => {
  let count = 0;
  let passed = 0;
  for (const name of readdirSync(corpus).filter((file) => file.endsWith('.xml'))) {
    const verdict = readDocument(readFileSync(sharedPath('corpus', name)), 'lenient');
    for (const { valid, bytes } of verdict.readable ? verdict.messages : []) {
      if (!valid) continue;
      count += 1;
      if (checkBothWays(bytes)) passed += 1;
    }
  }
  assert.deepEqual({ count, passed }, { count: 88, passed: 88 });
});

/** The object with one value changed, once for each value in it. */
function* changed(object: PreludeObject): Generator<PreludeObject> {
  for (const [name, value] of Object.entries(object.fields)) {
    // Data that is a number goes by no other type.
    if (name === 'type' && typeof object.fields['data'] === 'bigint') continue;
    for (const next of value === undefined ? [] : changedValue(value)) {
      yield { ...object, fields: { ...object.fields, [name]: next } };
    }
  }
}

function* changedValue(value: PreludeValue): Generator<PreludeValue> {
  if (typeof value === 'string') yield `${value}x`;
  else if (typeof value === 'number') yield value === 0 ? 1 : value - 1;
  else if (typeof value === 'bigint') yield value ^ 1n;
  else if (isTime(value)) yield { ...value, seconds: value.seconds ^ 1 };
  else if (isObject(value)) yield* changed(value);
  else if (isList(value)) {
    const objects = objectsOf(value);
    for (const [at, object] of objects.entries()) {
      for (const next of changed(object)) yield objects.with(at, next);
    }
    if (objects.length === 0) yield ['another'];
  }
}

test('no value can change without a change of what is written', () => {
  const fixture = readFileSync(fixturePath('everything.good.xml'));
  const verdict = readDocument(fixture, 'strict');
  assert.ok(verdict.readable);
  let values = 0;
  for (const { bytes } of verdict.messages) {
    const message = carried(bytes);
    assert.ok(message !== undefined);
    const written = [rfcMessage(message).toString(), secefDocument(message).toString()];
    for (const other of changed(message)) {
      values += 1;
      assert.notDeepEqual(other, message);
      assert.notEqual(rfcMessage(other).toString(), written[0], inspect(other, { depth: 20 }));
      assert.notEqual(secefDocument(other).toString(), written[1], inspect(other, { depth: 20 }));
    }
  }
  assert.ok(values > 100, `${values} values`);
});
