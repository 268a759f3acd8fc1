/**
 * Messages of Prelude's native protocol as objects again, and as the key of an echo: what was encoded comes back, and
 * bytes of any other kind do no harm.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { preludeLimits } from '../../src/core/limits.ts';
import { decodeMessage, echoKey } from '../../src/idmef/prelude/decode.ts';
import { encodeMessage } from '../../src/idmef/prelude/encode.ts';
import type { PreludeObject } from '../../src/idmef/prelude/model.ts';
import { generator } from '../support/generator.ts';
import { objectsIn, settled } from '../support/prelude-forms.ts';
import { preludeMessage } from '../support/prelude-generator.ts';

/** One field: tag and value, hexadecimal. */
function field(tag: number, value = ''): string {
  const bytes = value.replaceAll(' ', '');
  return `${tag.toString(16).padStart(2, '0')}${(bytes.length / 2).toString(16).padStart(8, '0')}${bytes}`;
}

const END = field(254);
const ALERT = 27;

function payload(...fields: readonly string[]): Buffer {
  return Buffer.from([field(ALERT), ...fields, END, END].join(''), 'hex');
}

/** The one AdditionalData of an alert, with data of that type. */
function data(type: number, value: string, of = 0): string {
  const number = (n: number): string => n.toString(16).padStart(8, '0');
  return [field(0), field(29, number(of)), field(31, number(type)), field(31, value), END].join('');
}

const messages = fc
  .integer({ min: 0, max: 2 ** 31 })
  .map((seed): PreludeObject => preludeMessage(generator(seed)));

describe('what was encoded', () => {
  test('comes back', () => {
    fc.assert(
      fc.property(messages, (message) => {
        assert.deepEqual(decodeMessage(encodeMessage(message)), settled(message));
      }),
      { numRuns: 1000, seed: 4690 },
    );
  });

  test('is known by its messageid, create time and analyzers', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const { messageid, create_time: createTime, analyzer } = message.fields;
        assert.deepEqual(echoKey(encodeMessage(message)), {
          messageid: messageid ?? '',
          createTime,
          analyzerids: objectsIn(analyzer).map(({ fields }) => fields['analyzerid'] ?? ''),
        });
      }),
      { numRuns: 1000, seed: 4690 },
    );
  });

  test('may lie anywhere in memory', () => {
    const bytes = encodeMessage({ class: 'alert', fields: { messageid: 'é' } });
    const view = new Uint8Array(Buffer.concat([Buffer.alloc(3), bytes])).subarray(3);
    assert.deepEqual(decodeMessage(view)?.fields['messageid'], 'é');
    assert.equal(echoKey(view)?.messageid, 'é');
  });
});

test('an echo is told by fields of the message itself, in any order', () => {
  const id = (text: string): string => field(29, Buffer.from(`${text}\0`).toString('hex'));
  const node = [field(10), id('not-this'), END].join('');
  const bytes = payload(
    field(2) + id('nor-this') + END,
    field(18) + node + id('outer') + END,
    field(18) + END,
    field(30, '00000001 00000002 00000003'),
    field(18) + id('inner') + node + END,
    id('message'),
  );
  assert.deepEqual(echoKey(bytes), {
    messageid: 'message',
    createTime: { seconds: 1, microseconds: 2, offsetSeconds: 3 },
    analyzerids: ['outer', '', 'inner'],
  });
});

describe('data of other senders is read as', () => {
  const cases: readonly (readonly [string, string, string | bigint | undefined])[] = [
    ['a character', data(1, '63'), 'c'],
    ['a byte', data(2, 'ff'), '255'],
    ['32 bits', data(3, 'ffffffff'), '4294967295'],
    ['64 bits of a number', data(4, 'fffffffffffffffb', 4), '-5'],
    ['64 bits of an NTP stamp', data(4, 'fffffffffffffffb', 5), 0xffffffff_fffffffbn],
    ['a float', data(5, '3dcccccd'), '0.1'],
    ['text', data(6, 'c3a900'), 'é'],
    ['bytes', data(7, '68656c6c6f'), 'aGVsbG8='],
    ['no bytes', data(7, ''), undefined],
    ['a time', data(8, '5eaac45e 0003d090 ffffcec8'), '2020-04-30T08:58:14.250000-03:30'],
  ];
  for (const [name, bytes, value] of cases) {
    test(name, () => {
      const message = decodeMessage(payload(bytes));
      const [first] = objectsIn(message?.fields['additional_data']);
      assert.deepEqual(first?.class, 'additional_data');
      assert.equal(first?.fields['data'], value);
    });
  }

  test('a buffer of an overflow', () => {
    const message = decodeMessage(
      payload(field(26), field(31, '00000004'), field(31, '0000000000000007'), END),
    );
    const [detail] = objectsIn(message?.fields['overflow_alert']);
    assert.equal(detail?.fields['buffer'], '7');
  });
});

test('a number that is no keyword is left out', () => {
  const message = decodeMessage(payload(field(11), field(30, '00000063'), END));
  assert.deepEqual(message, {
    class: 'alert',
    fields: { source: [{ class: 'source', fields: {} }] },
  });
});

describe('no message:', () => {
  const deep = preludeLimits.depth + 1;
  const cases: Readonly<Record<string, Buffer>> = {
    'no bytes': Buffer.alloc(0),
    'an object that is no message': Buffer.from([field(2), END, END].join(''), 'hex'),
    'no end of the message': Buffer.from([field(ALERT), END].join(''), 'hex'),
    'a byte too many': Buffer.concat([payload(), Buffer.alloc(1)]),
    'two alerts': Buffer.from([field(ALERT), END, field(ALERT), END, END].join(''), 'hex'),
    'an alert with a value': Buffer.from([field(ALERT, '00'), END, END].join(''), 'hex'),
    'an end with a value': payload(field(2), field(254, '00')),
    'an object with a value': payload(field(2, '00'), END),
    'an unknown tag': payload(field(33, '6100')),
    'a tag of another class': payload(field(13), END),
    'text without its zero byte': payload(field(29, '6161')),
    'text without a byte': payload(field(29)),
    'a number too short': payload(field(11), field(30, '000000'), END),
    'a number too long': payload(field(11), field(30, '0000000000'), END),
    'a time too short': payload(field(30, '000000000000000000000000'.slice(2))),
    'more than a second of microseconds': payload(field(30, '00000000 000f4240 00000000')),
    'an offset of more than a day': payload(field(30, '00000000 00000000 00015181')),
    'a field twice': payload(field(29, '6100'), field(29, '6200')),
    'an object twice': payload(field(2), END, field(2), END),
    'empty text as data': payload(data(6, '00')),
    'data of an unknown type': payload(data(9, '61')),
    'data without a value': payload(field(0), field(31, '00000006'), END),
    'data with a value elsewhere': payload(field(0), field(31, '00000006'), field(30, '6100'), END),
    'a length beyond the end': Buffer.from(`${field(ALERT)}1dffffffff00`, 'hex'),
    'objects too deep': payload(
      field(17),
      ...Array.from({ length: deep }, () => field(15) + field(16)),
      ...Array.from({ length: 2 * deep }, () => END),
      END,
    ),
    'too many objects': payload(...Array.from({ length: preludeLimits.parts + 1 }, () => field(18) + END)),
    'too many items': payload(
      field(11),
      field(6),
      ...Array.from({ length: preludeLimits.parts + 1 }, () => field(33, '00')),
      END,
      END,
    ),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, () => assert.equal(decodeMessage(bytes), undefined));
  }

  test('nor a key of an echo, if it does not end where it should', () => {
    for (const name of ['no bytes', 'no end of the message', 'a byte too many', 'two alerts'] as const) {
      assert.equal(echoKey(cases[name]!), undefined, name);
    }
    assert.equal(echoKey(cases['a length beyond the end']!), undefined);
    assert.equal(echoKey(cases['too many objects']!), undefined);
    assert.equal(echoKey(cases['an object that is no message']!), undefined);
  });

  test('at any length but its own', () => {
    const bytes = encodeMessage(preludeMessage(generator(7)));
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(decodeMessage(bytes.subarray(0, length)), undefined);
      assert.equal(echoKey(bytes.subarray(0, length)), undefined);
    }
  });
});

describe('hostile bytes', () => {
  /** Anything that comes of them can be encoded, and is the same after it. */
  function harmless(bytes: Buffer): void {
    const message = decodeMessage(bytes);
    const key = echoKey(bytes);
    if (message === undefined) return;
    assert.notEqual(key, undefined);
    assert.deepEqual(decodeMessage(encodeMessage(message)), settled(message));
  }

  test('of no shape do no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        harmless(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('made from messages do no harm', () => {
    let read = 0;
    const byte = fc.uint8Array({ minLength: 1, maxLength: 1 });
    const piece = fc
      .constantFrom('fe00000000', '1200000000', '1d0000000161', '1dffffffff', '', '00', '7f', 'ff')
      .map((text) => Buffer.from(text, 'hex'));
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.record({ at: fc.nat(), removed: fc.constant(1), put: byte }) },
      { weight: 1, arbitrary: fc.record({ at: fc.nat(), removed: fc.nat(5), put: piece }) },
    );
    fc.assert(
      fc.property(messages, fc.array(change, { minLength: 1, maxLength: 3 }), (message, changes) => {
        let bytes = encodeMessage(message);
        for (const { at, removed, put } of changes) {
          const place = at % bytes.length;
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + removed)]);
        }
        if (decodeMessage(bytes) !== undefined) read += 1;
        harmless(bytes);
      }),
      { numRuns: 3000, seed: 4690 },
    );
    // Otherwise nothing but refusals was looked at.
    assert.ok(read > 100, `${read} were messages`);
  });
});
