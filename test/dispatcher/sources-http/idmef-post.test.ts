/** `POST /`: the contract of a SECEF gateway, and what ours adds: whole or not at all, after the commit, with the fault named. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { RelayError } from '../../../src/core/errors.ts';
import { httpsLimits } from '../../../src/core/limits.ts';
import { isObject } from '../../../src/core/json-object.ts';
import { secefForm } from '../../../src/destinations/secef-form.ts';
import { readDocument } from '../../../src/idmef/read-document.ts';
import { alertElement, document, invalidElement } from '../../support/tiny-alerts.ts';
import { sharedWorld } from './shared-world.ts';
import { startSources, viewOf, type Ask } from './sources-world.ts';

const shared = sharedWorld();
const XML = { 'content-type': 'text/xml' };
const ORIGIN = { 'idmef-origin': 'profile=dmz1; sensor="dmz1.example"', 'idmef-sequence': 'J1; 17-18,20' };
const three = document(alertElement('a'), alertElement('b'), alertElement('c'));

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../../test/fixtures/${name}`, import.meta.url));
}

async function post(body: string | Buffer, ask: Ask = {}) {
  return await shared().ask({ as: shared().relay, body, ...ask, headers: { ...XML, ...ask.headers } });
}

function problemOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

describe('a document', () => {
  test('is 200 OK, stored message by message in the bytes it came in', async () => {
    const answer = await post(three);
    assert.deepEqual(
      [answer.status, answer.text, answer.headers['content-type']],
      [200, 'OK\n', 'text/plain; charset=utf-8'],
    );
    assert.equal(answer.headers['idmef-relay'], '1; gateway');
    assert.deepEqual(
      shared().door.messages.map(({ body }) => body.toString()),
      ['a', 'b', 'c'].map((id) => alertElement(id)),
    );
    assert.equal(shared().door.accepted.length, 1, 'one transaction');
    assert.deepEqual(shared().door.messages[0]?.origin, {
      source: 'idmef',
      address: '127.0.0.1',
      peer: 'relay1',
    });
  });

  for (const type of ['text/xml', 'TEXT/XML; charset=utf-8', 'application/xml', 'application/text']) {
    test(`as ${type}`, async () => {
      assert.equal((await post(three, { headers: { 'content-type': type } })).status, 200);
    });
  }

  for (const type of [undefined, 'application/json', 'text/xml-patch', 'text/plain', 'nonsense']) {
    test(`as ${type ?? 'nothing'} is 415`, async () => {
      const { relay, door, ask } = shared();
      const answer = await ask({
        as: relay,
        body: three,
        headers: type === undefined ? {} : { 'content-type': type },
      });
      assert.equal(answer.status, 415);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.deepEqual([door.accepted, door.refusals], [[], ['malformed']]);
    });
  }

  test('compressed with gzip', async () => {
    assert.equal((await post(gzipSync(three), { headers: { 'content-encoding': 'gzip' } })).status, 200);
    assert.equal(shared().door.messages.length, 3);
  });

  for (const [what, body, coding, status] of [
    ['no gzip at all', Buffer.from(three), 'gzip', 400],
    ['half of a gzip stream', gzipSync(three).subarray(0, 60), 'gzip', 400],
    ['another coding', gzipSync(three), 'br', 415],
    ['two codings', gzipSync(three), 'gzip, gzip', 415],
  ] as const) {
    test(`${what} is ${status}`, async () => {
      assert.equal((await post(body, { headers: { 'content-encoding': coding } })).status, status);
      assert.deepEqual(shared().door.accepted, []);
    });
  }

  for (const [what, body, status, reason] of [
    ['empty', '', 400, 'malformed'],
    ['no XML', 'hello', 400, 'malformed'],
    ['cut short', three.slice(0, -40), 400, 'malformed'],
    ['of another root', '<a/>', 400, 'malformed'],
    ['with an entity', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', 400, 'malformed'],
    ['without a message', document(), 400, 'invalid'],
  ] as const) {
    test(`${what} is ${status}`, async () => {
      const answer = await post(body);
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], [reason]]);
    });
  }

  test('with one faulty message is refused whole, and the answer names it', async () => {
    const answer = await post(document(alertElement('a'), invalidElement('b'), alertElement('c')));
    assert.equal(answer.status, 400);
    const { detail, faulty, messages, problems } = problemOf(answer.text);
    assert.match(String(detail), /^Message 2 of 3, line \d+: .+\.$/);
    assert.deepEqual([faulty, messages], [1, 3]);
    const [first] = Array.isArray(problems) ? (problems as readonly unknown[]) : [];
    assert.ok(isObject(first));
    assert.equal(first['message'], 2);
    assert.match(String(first['rule']), /^[\w-]+$/);
    assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['invalid']]);
  });

  test('that lenient mode can repair is stored repaired; strict mode refuses it', async (t) => {
    const body = fixture('child-order.lenient.xml');
    assert.equal((await post(body)).status, 200);
    for (const message of shared().door.messages) await viewOf(message);
    const strict = await startSources(t, { config: { idmef: { mode: 'strict' } }, site: shared() });
    const answer = await strict.ask({ as: strict.relay, body, headers: XML });
    assert.equal(answer.status, 400);
    assert.deepEqual(strict.door.accepted, []);
  });

  test('in the dialect of SECEF gateways is stored in its RFC form', async () => {
    const verdict = readDocument(fixture('nested-analyzers.good.xml'), 'strict');
    assert.ok(verdict.readable);
    const [message] = verdict.messages;
    assert.ok(message);
    const formed = secefForm(Buffer.from(message.bytes));
    assert.ok(formed.kind === 'document');
    const dialect = readDocument(formed.document, 'strict');
    assert.ok(dialect.readable && !dialect.valid, 'the dialect is not RFC 4765');
    assert.equal((await post(formed.document, { as: shared().producer })).status, 200);
    const [stored] = shared().door.messages;
    assert.ok(stored);
    const view = await viewOf(stored);
    assert.ok(view.analyzers.length > 1, 'the chain is nested again');
    assert.equal(view.messageid, message.messageid);
  });
});

describe('where it comes from', () => {
  test('is believed of a relay: profile, sensor, journal and each message’s sequence', async () => {
    assert.equal((await post(three, { headers: ORIGIN })).status, 200);
    const { messages } = shared().door;
    assert.deepEqual(messages[2]?.origin, {
      source: 'idmef',
      address: '127.0.0.1',
      peer: 'relay1',
      profile: 'dmz1',
      sensor: 'dmz1.example',
      journal: 'J1',
      sequence: 20,
    });
    assert.deepEqual(
      messages.map(({ origin }) => origin.sequence),
      [17, 18, 20],
    );
  });

  test('is ignored of a producer, and counted', async () => {
    assert.equal((await post(three, { as: shared().producer, headers: ORIGIN })).status, 200);
    assert.deepEqual(shared().door.messages[0]?.origin, {
      source: 'idmef',
      address: '127.0.0.1',
      peer: 'producer1',
    });
    const family = shared()
      .sources.families()
      .find(({ name }) => name.includes('origins_ignored'));
    assert.equal(family?.samples[0]?.value, 1);
  });

  for (const [what, headers] of [
    ['more sequences than messages', { ...ORIGIN, 'idmef-sequence': 'J1; 1-4' }],
    ['fewer sequences than messages', { ...ORIGIN, 'idmef-sequence': 'J1; 1-2' }],
    ['a range without end', { ...ORIGIN, 'idmef-sequence': 'J1; 1-9007199254740991' }],
    ['no sequence', { ...ORIGIN, 'idmef-sequence': 'J1' }],
    ['an origin without profile', { 'idmef-origin': 'sensor="x"' }],
    ['an origin of another form', { 'idmef-origin': 'dmz1' }],
    [
      'another digest',
      { 'content-digest': `sha-256=:${createHash('sha256').update('x').digest('base64')}:` },
    ],
  ] as const) {
    test(`a relay’s ${what} is 400, and nothing is stored`, async () => {
      assert.equal((await post(three, { headers })).status, 400);
      assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['malformed']]);
    });
  }
});

describe('who may post', () => {
  test('nobody without a certificate, or without a role', async () => {
    const { ask, monitor, pki, door } = shared();
    for (const as of [undefined, monitor, pki.client]) {
      const answer = await ask({ body: three, headers: XML, ...(as === undefined ? {} : { as }) });
      assert.equal(answer.status, 403);
    }
    assert.deepEqual([door.accepted, door.refusals], [[], ['not-allowed', 'not-allowed', 'not-allowed']]);
  });

  test('OPTIONS tells what this is, to anybody', async () => {
    const answer = await shared().ask({ method: 'OPTIONS' });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['idmef-relay'], '1; gateway');
    assert.equal(answer.headers['accept-post'], 'text/xml, application/xml');
    assert.equal(answer.headers.allow, 'OPTIONS, POST');
  });

  test('GET of it is 405, and IDMEF switched off is 404', async (t) => {
    assert.equal((await shared().ask({})).status, 405);
    const off = await startSources(t, { without: 'idmef', site: shared() });
    assert.equal((await off.ask({ as: off.relay, body: three, headers: XML })).status, 404);
  });
});

describe('when it cannot be stored', () => {
  for (const [error, status, reason] of [
    [new RelayError('JOURNAL_FULL', '/var/lib/x is full'), 507, 'full'],
    [new RelayError('DISK_RESERVE', '/var is full'), 507, 'full'],
    [new RelayError('JOURNAL_IO', 'EIO: /var/lib/x'), 503, 'busy'],
    [new RelayError('JOURNAL_BUSY', 'busy'), 503, 'busy'],
    // The door has counted it.
    [new RelayError('INVALID_INPUT', 'carries our own delivery mark'), 422, undefined],
    [new TypeError('x is undefined'), 500, 'busy'],
  ] as const) {
    test(`${error.message}: ${status}, never a yes`, async () => {
      shared().door.before = async () => await Promise.reject(error);
      const answer = await post(three);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      if (status === 507) assert.equal(answer.headers['retry-after'], String(httpsLimits.fullRetrySeconds));
      if (status === 503) assert.equal(answer.headers['retry-after'], String(httpsLimits.busyRetrySeconds));
      assert.ok(!answer.text.includes('/var'), 'paths are for the operator’s log');
      assert.ok(shared().logger.events('post-failed').length > 0);
      assert.deepEqual(
        [shared().door.accepted, shared().door.refusals],
        [[], reason === undefined ? [] : [reason, reason, reason]],
      );
    });
  }
});

test('our own delivery coming back is refused and counted, another dispatcher’s is taken', async () => {
  const own = { 'x-idmef-relay': 'Manager.example; notification=k3f9; id=1' };
  assert.equal((await post(three, { headers: own })).status, 403);
  assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['loop']]);
  assert.equal(
    (await post(three, { headers: { 'x-idmef-relay': 'other.example; notification=k3f9' } })).status,
    200,
  );
});
