/** Headers and fragments of Prelude's native protocol: any way a stream comes in pieces, the messages are the same. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import {
  frame,
  FrameReader,
  messageTags,
  type FramedMessage,
} from '../../src/destinations/prelude/frames.ts';
import {
  authPayload,
  capabilities,
  capabilityPayload,
  readAuth,
} from '../../src/destinations/prelude/messages.ts';

const NOW = Date.parse('2020-04-30T08:56:06.250Z');
const TIME = '5eaa92a60003d090';

test('a message has a header of 16 bytes', () => {
  const bytes = frame(messageTags.idmef, 3, Buffer.from('abc'), NOW);
  assert.equal(bytes.toString('hex'), `0100030000000003${TIME}616263`);
});

test('a session opens with AUTH and a capability', () => {
  const wanted = capabilities.readIdmef + capabilities.writeIdmef;
  assert.equal(
    frame(messageTags.capability, 0, capabilityPayload(wanted), NOW).toString('hex'),
    `0106000000000005${TIME}0500000000`,
  );
  assert.equal(authPayload('4294967298').toString('hex'), '06000000080000000100000002');
  const cases: readonly (readonly [string, ReturnType<typeof readAuth>])[] = [
    ['06000000080000000100000002', { analyzerid: '4294967298' }],
    ['0600000008ffffffffffffffff', { analyzerid: '18446744073709551615' }],
    ['0700000000', 'refused'],
    ['0600000007000000010000000002', undefined],
    ['060000000800000001', undefined],
    ['0500000000', undefined],
    ['06', undefined],
    ['', undefined],
  ];
  for (const [hex, said] of cases) {
    assert.deepEqual(readAuth(Buffer.from(hex, 'hex')), said, hex);
  }
});

interface Fragment {
  readonly tag: number;
  readonly priority: number;
  readonly seconds: number;
  readonly payload: Buffer;
}

function written(fragments: readonly Fragment[]): Buffer {
  return Buffer.concat(
    fragments.map(({ tag, priority, seconds, payload }, index) => {
      const bytes = frame(tag, 0, payload, seconds * 1000);
      bytes[2] = priority;
      bytes[3] = index < fragments.length - 1 ? 1 : 0;
      return bytes;
    }),
  );
}

function expected(fragments: readonly Fragment[]): FramedMessage {
  return {
    tag: fragments[0]?.tag ?? -1,
    priority: fragments.find(({ priority }) => priority > 0)?.priority ?? 0,
    seconds: fragments[0]?.seconds ?? -1,
    microseconds: 0,
    payload: Buffer.concat(fragments.map(({ payload }) => payload)),
  };
}

const fragment = fc.record({
  tag: fc.nat(8),
  priority: fc.nat(3),
  seconds: fc.nat(2 ** 32 - 1),
  payload: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
});

test('a stream gives the same messages in whatever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fragment, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      (messages, sizes) => {
        const stream = Buffer.concat(messages.map(written));
        for (const pieces of [sizes, [1], [stream.length + 1]]) {
          const reader = new FrameReader();
          const read: FramedMessage[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = pieces[turn % pieces.length] ?? 1;
            read.push(...reader.read(stream.subarray(at, at + size)));
            at += size;
          }
          assert.equal(reader.fault, undefined);
          assert.deepEqual(read, messages.map(expected));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a large message comes whole, in one piece or in fragments', () => {
  const payload = Buffer.alloc(3_000_000, 'x');
  const one = { tag: 0, priority: 0, seconds: 0, payload };
  const parts = Array.from({ length: 300 }, (_, index) => ({
    ...one,
    payload: payload.subarray(index * 10_000, (index + 1) * 10_000),
  }));
  for (const stream of [written([one]), written(parts)]) {
    const reader = new FrameReader();
    const read = [];
    for (let at = 0; at < stream.length; at += 65_536) {
      read.push(...reader.read(stream.subarray(at, at + 65_536)));
    }
    assert.equal(read.length, 1);
    assert.ok(read[0]?.payload.equals(payload));
  }
});

describe('a stream ends for us with', () => {
  const good = frame(messageTags.idmef, 0, Buffer.from('abc'), NOW);
  const header = (text: string): Buffer => Buffer.from(`${text}${TIME}`, 'hex');
  const first = Buffer.concat([header('0100000100000003'), Buffer.from('abc')]);
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['another version', header('0200000000000003'), /^protocol version 2/],
    ['TLS alerts in clear', Buffer.from('15030300020228'.padEnd(32, '0'), 'hex'), /^protocol version 21/],
    ['a message without content', header('0100000000000000'), /^a message without content/],
    ['too much in one piece', header('0100000000000064'), /^a message of 100 bytes/],
    ['too much in fragments', Buffer.concat([first, header('0100000000000061')]), /^a message of 100 bytes/],
    [
      'another version in a fragment',
      Buffer.concat([first, header('0000000000000001')]),
      /^protocol version 0/,
    ],
  ];
  for (const [name, bytes, fault] of cases) {
    test(name, () => {
      const reader = new FrameReader(100);
      const read = reader.read(Buffer.concat([good, bytes, good]));
      assert.equal(read.length, 1);
      assert.match(reader.fault ?? '', fault);
      assert.deepEqual(reader.read(good), []);
    });
  }

  test('nothing of that just below the limit', () => {
    const reader = new FrameReader(100);
    assert.equal(reader.read(frame(messageTags.idmef, 0, Buffer.alloc(99), NOW)).length, 1);
    assert.equal(reader.fault, undefined);
  });
});

test('what is announced takes no memory before it comes', () => {
  const reader = new FrameReader();
  reader.read(Buffer.from(`0100000006000000${TIME}`, 'hex'));
  const before = process.memoryUsage().arrayBuffers;
  reader.read(Buffer.from('abc'));
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});
