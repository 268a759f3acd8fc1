/** Syslog messages as they come: RFC 5424's and RFC 3164's examples, what senders make of them, AlertGateway's form, frames of a stream. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { syslogLimits } from '../../../src/core/limits.ts';
import { FrameReader } from '../../../src/dispatcher/sources/line/syslog/frame-reader.ts';
import { readKeyedPost } from '../../../src/dispatcher/sources/line/syslog/keyed-post.ts';
import {
  readSyslog,
  type SyslogMessage,
} from '../../../src/dispatcher/sources/line/syslog/syslog-message.ts';
import { anyText } from '../../support/any-text.ts';
import { ANA_KEY } from './line-world.ts';

const NOW = new Date(2026, 10, 30, 10, 0, 0).getTime();

function local(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  return new Date(year, month - 1, day, hour, minute, second).getTime();
}

const cases: readonly (readonly [string, Partial<SyslogMessage>])[] = [
  [
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed for lonvick on /dev/pts/8",
    {
      format: 'rfc5424',
      facility: 4,
      severity: 2,
      when: Date.UTC(2003, 9, 11, 22, 14, 15, 3),
      host: 'mymachine.example.com',
      app: 'su',
      pid: '',
      msgid: 'ID47',
      text: "'su root' failed for lonvick on /dev/pts/8",
    },
  ],
  [
    "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
    { when: Date.UTC(2003, 7, 24, 12, 14, 15), pid: '8710', text: "%% It's time to make the do-nuts." },
  ],
  [
    '<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application"][examplePriority@32473 class="high"]',
    {
      data: [
        { element: 'exampleSDID@32473', name: 'iut', value: '3' },
        { element: 'exampleSDID@32473', name: 'eventSource', value: 'Application' },
        { element: 'examplePriority@32473', name: 'class', value: 'high' },
      ],
      text: '',
    },
  ],
  [
    '<165>1 - - - - - [a x="\\"\\]\\\\ \\n"][b] text',
    {
      format: 'rfc5424',
      when: undefined,
      host: '',
      data: [
        { element: 'a', name: 'x', value: '"]\\ \\n' },
        { element: 'b', name: '', value: '' },
      ],
      text: 'text',
    },
  ],
  ['<13>1 - - - - - - ', { format: 'rfc5424', text: '' }],
  ['<13>1 - - - - - -', { format: 'rfc5424', text: '' }],
  ['<13>1 - - - - - [a x="1" broken] text', { format: 'rfc5424', data: [], text: '[a x="1" broken] text' }],
  ['<13>1 yesterday h a p m - text', { format: 'text', text: '1 yesterday h a p m - text' }],
  [
    "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    {
      format: 'rfc3164',
      facility: 4,
      severity: 2,
      when: local(2026, 10, 11, 22, 14, 15),
      host: 'mymachine',
      app: 'su',
      text: "'su root' failed for lonvick on /dev/pts/8",
    },
  ],
  [
    '<38>Nov  3 09:00:01 web1 sshd[4711]: Failed password for root',
    {
      when: local(2026, 11, 3, 9, 0, 1),
      host: 'web1',
      app: 'sshd',
      pid: '4711',
      text: 'Failed password for root',
    },
  ],
  ['<13>Dec 31 23:59:59 h a: last year', { when: local(2025, 12, 31, 23, 59, 59), text: 'last year' }],
  [
    '<13>Nov 30 10:00:00 ana: without a host',
    { format: 'rfc3164', host: '', app: 'ana', text: 'without a host' },
  ],
  ['<13>Nov 30 10:00:00 h no tag here', { host: 'h', app: '', text: 'no tag here' }],
  ['<13>Nov 30 10:00:00 2001:db8::1 a: b', { host: '2001:db8::1', app: 'a', text: 'b' }],
  [
    '<13>2026-11-30T09:59:59.123456+01:00 h a[1]: as rsyslog forwards',
    {
      format: 'rfc3164',
      when: Date.UTC(2026, 10, 30, 8, 59, 59, 123),
      app: 'a',
      pid: '1',
      text: 'as rsyslog forwards',
    },
  ],
  ['<13>Error: no time', { format: 'text', app: '', severity: 5, facility: 1, text: 'Error: no time' }],
  ['no priority', { format: 'text', severity: 5, facility: 1, text: 'no priority' }],
  ['<192>too high', { format: 'text', severity: 5, text: '<192>too high' }],
  ['<013>leading zero', { format: 'text', text: '<013>leading zero' }],
  ['<0>kernel is gone', { facility: 0, severity: 0, text: 'kernel is gone' }],
  ['<191>', { facility: 23, severity: 7, text: '' }],
  ['', { text: '' }],
  [
    '<14>Nov 30 10:00:00 fw CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1',
    { host: 'fw', text: 'CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1', app: '' },
  ],
];

describe('readSyslog', () => {
  for (const [text, expected] of cases) {
    test(JSON.stringify(text).slice(0, 70), () => {
      const message = readSyslog(text, NOW);
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual([name, Reflect.get(message, name)], [name, value]);
      }
    });
  }

  test('every text is a message, and its words are not lost', () => {
    const piece = fc.constantFrom(
      '<',
      '13',
      '>',
      '1 ',
      '-',
      ' ',
      'Nov 30 10:00:00 ',
      'host ',
      'app',
      '[1]',
      ': ',
      '[a b="c"]',
      '\\',
      '"',
      ']',
      'ü',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      anyText(),
    );
    fc.assert(
      fc.property(text, (each) => {
        const message = readSyslog(each, NOW);
        assert.ok(message.severity >= 0 && message.severity <= 7 && message.facility <= 23);
        assert.ok(each.endsWith(message.text));
      }),
      { numRuns: 300 },
    );
  });

  test('RFC 5424 comes back as it was written', () => {
    const name = fc.stringMatching(/^[!#-<>-Z^-~]{1,20}$/).filter((word) => word !== '-');
    const value = anyText(20);
    const params = fc.array(fc.record({ element: name, name, value }, { noNullPrototype: true }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        fc.nat(191),
        name,
        name,
        name,
        name,
        params,
        value,
        (pri, host, app, pid, msgid, data, text) => {
          const written = data.map(
            (param) => `[${param.element} ${param.name}="${param.value.replace(/["\\\]]/g, '\\$&')}"]`,
          );
          const sd = written.join('') || '-';
          const message = readSyslog(`<${pri}>1 - ${host} ${app} ${pid} ${msgid} ${sd} ${text}`, NOW);
          assert.deepEqual(
            [message.facility * 8 + message.severity, message.host, message.app, message.pid, message.msgid],
            [pri, host, app, pid, msgid],
          );
          // A byte order mark before the text only says that it is UTF-8.
          assert.deepEqual([message.data, message.text], [data, text.replace(/^\uFEFF/, '')]);
        },
      ),
    );
  });
});

describe('readKeyedPost', () => {
  const json = `{"token":"${ANA_KEY}","channel":"ops"}`;
  for (const [text, expected] of [
    ['<13>disk full', { kind: 'none' }],
    [
      `<13>disk full|ALERTGW|${json}`,
      { kind: 'post', text: '<13>disk full', token: ANA_KEY, channel: 'ops' },
    ],
    [`|ALERTGW|${json}`, { kind: 'post', text: '', token: ANA_KEY, channel: 'ops' }],
    [`a|ALERTGW|b|ALERTGW| ${json}\n`, { kind: 'post', text: 'a|ALERTGW|b', token: ANA_KEY, channel: 'ops' }],
    ['x|ALERTGW|', { kind: 'malformed' }],
    [`x|ALERTGW|{"token":"${ANA_KEY}"`, { kind: 'malformed' }],
    ['x|ALERTGW|[]', { kind: 'malformed' }],
    ['x|ALERTGW|null', { kind: 'malformed' }],
    ['x|ALERTGW|"text"', { kind: 'malformed' }],
    ['x|ALERTGW|{"token":1,"channel":"ops"}', { kind: 'malformed' }],
    ['x|ALERTGW|{"token":"","channel":"ops"}', { kind: 'malformed' }],
    ["x|ALERTGW|{'token':'k','channel':'ops'}", { kind: 'malformed' }],
  ] as const) {
    test(`${text.slice(0, 40)} is ${expected.kind}`, () => assert.deepEqual(readKeyedPost(text), expected));
  }
});

/** All frames of a stream that comes in these chunks and then ends. */
function framesOf(chunks: readonly Buffer[]): readonly string[] {
  const reader = new FrameReader();
  const frames: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      frames.push(next.kind === 'frame' ? next.bytes.toString() : next.kind);
    }
  }
  for (let next = reader.end(); next !== undefined; next = reader.end()) {
    if (next === 'cut') {
      frames.push('cut');
      break;
    }
    frames.push(next.kind === 'frame' ? next.bytes.toString() : next.kind);
  }
  return frames;
}

describe('FrameReader', () => {
  const large = `<13>${'x'.repeat(syslogLimits.frameBytes)}`;
  for (const [stream, frames] of [
    ['<13>a\n<13>b\n', ['<13>a', '<13>b']],
    ['5 <13>a6 <13>bc', ['<13>a', '<13>bc']],
    ['5 <13>a\n<13>line\n6 <13>\nb', ['<13>a', '<13>line', '<13>\nb']],
    ['<13>last without an end', ['<13>last without an end']],
    ['<13>a\r\n\r\n\0<13>b\n', ['<13>a\r', '<13>b']],
    ['10 <13>cut', ['cut']],
    ['2026-11-30 a date\n', ['2026-11-30 a date']],
    ['1234567890 ten digits\n', ['1234567890 ten digits']],
    ['0 zero\n', ['0 zero']],
    ['12', ['12']],
    ['', []],
    [`${large}\n<13>after\n`, ['too-large', '<13>after']],
    [`${large.length} ${large}<13>after\n`, ['too-large', '<13>after']],
    [large, ['too-large']],
    ['999999999 <never', ['too-large']],
    ['99999 bottles of beer\n<13>after\n', ['99999 bottles of beer', '<13>after']],
    ['5 ', ['5 ']],
    [`${'x'.repeat(syslogLimits.frameBytes)}\n`, ['x'.repeat(syslogLimits.frameBytes)]],
  ] as const) {
    test(`${JSON.stringify(stream.slice(0, 30))}, whole and byte by byte`, () => {
      const bytes = Buffer.from(stream);
      assert.deepEqual(framesOf([bytes]), frames);
      const step = bytes.length > 1000 ? 997 : 1;
      const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, n) =>
        bytes.subarray(n * step, (n + 1) * step),
      );
      assert.deepEqual(framesOf(chunks), frames);
    });
  }

  test('messages come out as they went in, however framed and cut', () => {
    const message = fc.stringMatching(/^<\d{1,3}>[a-z0-9 ]{0,30}$/);
    const framed = fc.record({ message, counted: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(framed),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        (all, cuts) => {
          const stream = Buffer.from(
            all
              .map(({ message: text, counted }) => (counted ? `${text.length} ${text}` : `${text}\n`))
              .join(''),
          );
          const chunks: Buffer[] = [];
          for (let at = 0, n = 0; at < stream.length; n += 1) {
            const size = cuts[n % cuts.length] ?? 1;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          assert.deepEqual(
            framesOf(chunks),
            all.map(({ message: text }) => text),
          );
        },
      ),
    );
  });

  test('any bytes in any cuts give the same frames as the whole', () => {
    const bytes = fc
      .array(fc.constantFrom(0, 10, 13, 32, 48, 49, 51, 60, 120))
      .map((each) => Buffer.from(each));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 5 }), (stream, size) => {
        const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, n) =>
          stream.subarray(n * size, (n + 1) * size),
        );
        assert.deepEqual(framesOf(chunks), framesOf(stream.length === 0 ? [] : [stream]));
      }),
      { numRuns: 300 },
    );
  });
});
