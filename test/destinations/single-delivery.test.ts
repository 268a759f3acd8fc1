/** One message a POST: what is sent, what is not, and what stops the rest. A pool that answers by the body. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Outcome } from '../../src/core/outcome.ts';
import { cannotHold, type Parcel } from '../../src/destinations/destination.ts';
import { deliverSingly } from '../../src/destinations/single-delivery.ts';
import { rfcForm, type Form } from '../../src/destinations/single-form.ts';
import type { GatewayPool, PoolAnswer } from '../../src/http/gateway-pool.ts';
import { manualClock } from '../support/manual-clock.ts';

const label = 'gateway https://gw/';
const change = { rule: 'fstype', path: 'Target/File/@fstype', text: 'kept as additional data' };
const unfit = { rule: 'time-range', path: 'CreateTime', text: 'before 1970' };

/** Messages are words; those that begin with `u` cannot be held, those with `c` are changed. */
const form: Form = (message) => {
  const word = message.toString();
  if (word.startsWith('u')) return cannotHold([unfit]);
  return { kind: 'document', document: message, changes: word.startsWith('c') ? [change] : [] };
};

async function deliver(words: readonly string[], statusOf: (word: string) => number, using: Form = form) {
  const bodies = words.map((word) => Buffer.from(word));
  const parcel: Parcel = {
    journal: 'j',
    sequences: words.map((_, index) => index + 1),
    ranges: `1-${words.length}`,
    lengths: bodies.map(({ length }) => length),
    bodies: [Buffer.concat(bodies)],
  };
  const sent: { readonly headers: Readonly<Record<string, string>>; readonly body: string }[] = [];
  const pool: GatewayPool = {
    send: async ({ headers, body }): Promise<PoolAnswer> => {
      sent.push({ headers, body: body?.toString() ?? '' });
      return { status: statusOf(sent.at(-1)?.body ?? ''), headers: {}, body: '' };
    },
    close: async () => undefined,
  };
  const outcomes: Outcome[] = [];
  const { signal } = new AbortController();
  await deliverSingly(parcel, using, (index, outcome) => void (outcomes[index] = outcome), {
    pool,
    clock: manualClock(),
    label,
    signal,
  });
  return { sent, outcomes, kinds: outcomes.map(({ kind }) => kind) };
}

test('changes come with the yes, and only then', async () => {
  const { sent, outcomes } = await deliver(['plain', 'changed', 'cold'], (word) =>
    word === 'cold' ? 422 : 200,
  );
  assert.deepEqual(outcomes[0], { kind: 'ok' });
  assert.deepEqual(outcomes[1], { kind: 'ok', changes: [change] });
  assert.deepEqual(outcomes[2], { kind: 'refused', reason: 'answers 422' });
  assert.deepEqual(sent[0]?.headers, { 'content-type': 'text/xml' });
});

test('what cannot be held is not sent, and the first reason is said', async () => {
  const { sent, outcomes } = await deliver(['u1', 'a'], () => 200);
  assert.deepEqual(
    sent.map(({ body }) => body),
    ['a'],
  );
  const reason = 'CreateTime: before 1970 (time-range)';
  assert.deepEqual(outcomes[0], { kind: 'refused', certain: true, reason });
  const more = cannotHold([unfit, unfit, unfit]);
  assert.deepEqual(more, { kind: 'refused', certain: true, reason: `${reason}, and 2 more` });
});

test('hundreds that cannot be held are no refusals of the gateway', async () => {
  const words = [...Array.from({ length: 300 }, (_, index) => `u${index}`), 'last'];
  const { kinds, sent } = await deliver(words, () => 200);
  assert.equal(sent.length, 1);
  assert.deepEqual([kinds.filter((kind) => kind === 'refused').length, kinds.at(-1)], [300, 'ok']);
});

test('a gateway that refuses all of what it is sent gets no more, whatever could not be sent to it', async () => {
  const words = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? `u${index}` : `a${index}`));
  const { sent, kinds } = await deliver(words, () => 500);
  assert.ok(sent.length >= 24 && sent.length < 40, `${sent.length} posts`);
  assert.equal(kinds.at(-1), 'broken');
});

test('the RFC form removes the white space between elements and changes nothing', () => {
  const formed = rfcForm(Buffer.from('<Alert>\n  <Analyzer/>\n</Alert>'));
  assert.ok(formed.kind === 'document');
  assert.match(formed.document.toString(), /<Alert><Analyzer\/><\/Alert>/);
  assert.deepEqual(formed.changes, []);
});
