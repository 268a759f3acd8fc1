/**
 * Alerts the relay makes itself: strictly valid without a warning, whatever the texts in them.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildReport, buildTestAlert } from '../../src/idmef/build.ts';
import type { BuiltAlert } from '../../src/idmef/build.ts';
import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { viewMessage } from '../../src/idmef/view.ts';

const origin = {
  now: 952_596_085_934,
  hostname: 'manager.example',
  random: { bytes: (count: number) => new Uint8Array(count).fill(0xa5) },
};

/** Valid as a document and as a message in our envelope, without even a warning. */
function assertValid({ document, message, messageid }: BuiltAlert): void {
  for (const bytes of [document, Buffer.concat([envelopeHead, message, envelopeTail])]) {
    const verdict = readDocument(bytes, 'strict');
    assert.ok(verdict.readable, Buffer.from(bytes).toString());
    assert.deepEqual([...verdict.problems, ...verdict.messages.flatMap(({ problems }) => problems)], []);
    assert.deepEqual(
      verdict.messages.map((each) => each.messageid),
      [messageid],
    );
  }
}

test('the test alert', async () => {
  const built = await buildTestAlert({ ...origin, text: 'hello', by: 'fred' });
  assertValid(built);
  const view = await viewMessage(built.message);
  assert.equal(view.classification, 'TEST: hello');
  assert.equal(view.severity, 'info');
  assert.equal(view.createTime.text, '2000-03-09T10:01:25.934Z');
  assert.equal(view.createTime.iso, '2000-03-09T10:01:25.934000Z');
  assert.match(String(view.additionalData[0]?.value), /test alert, made by fred on manager\.example/);
  assert.equal(built.messageid, 'a5'.repeat(16));
});

test('a report', async () => {
  const built = await buildReport({
    ...origin,
    text: 'messages quarantined',
    severity: 'medium',
    sensor: 'dmz1',
    rules: ['missing-child', 'E7'],
    count: 3,
    detail: 'run idmef quarantine list --profile dmz1',
  });
  assertValid(built);
  const view = await viewMessage(built.message);
  assert.equal(view.analyzers[0]?.name, 'idmef-relay');
  assert.equal(view.impact, 'run idmef quarantine list --profile dmz1');
  assert.deepEqual(
    view.additionalData.map(({ meaning, value }) => [meaning, value]),
    [
      ['sensor', 'dmz1'],
      ['rule', 'missing-child'],
      ['rule', 'E7'],
      ['count', 3],
    ],
  );
});

test('texts arrive as they were given, or with U+FFFD for what XML cannot say', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['&amp; &lt; &#65; & < > " \' ]]>', '&amp; &lt; &#65; & < > " \' ]]>'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['nul \0, bell \u0007, half \uD800 pair', 'nul \uFFFD, bell \uFFFD, half \uFFFD pair'],
    ['größer 😀 日本', 'größer 😀 日本'],
  ];
  for (const [given, arrived] of cases) {
    const built = await buildReport({
      ...origin,
      text: given,
      severity: 'low',
      sensor: given,
      detail: given,
    });
    assertValid(built);
    const view = await viewMessage(built.message);
    assert.equal(view.classification, arrived);
    assert.equal(view.impact, arrived);
    assert.equal(view.additionalData[0]?.value, arrived);
  }
});

test('a clock that no NTP timestamp can say is refused', async () => {
  await assert.rejects(buildTestAlert({ ...origin, now: -100_000_000_000 }), RangeError);
});
