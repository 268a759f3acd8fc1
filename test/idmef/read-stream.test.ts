/**
 * A file of several documents read as one (read-stream.ts), and the characters no document can hold.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { xmlLimits } from '../../src/core/limits.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { writeOutForbidden } from '../../src/idmef/stream/forbidden-characters.ts';
import { readStream } from '../../src/idmef/stream/read-stream.ts';
import type { DocumentVerdict } from '../../src/idmef/verdict.ts';

const alert = (id: string): string =>
  `<IDMEF-Message>\n<Alert messageid="${id}"><Analyzer/></Alert>\n</IDMEF-Message>`;

// oxlint-disable-next-line no-control-regex -- that is what they are
const forbidden = /[\u0001-\u0008\u000B\u000C\u000E-\u001F\uFFFD-\uFFFF]/gu;

/** `1@2 2@7` for messages with their lines, else the problem. */
function brief(verdict: DocumentVerdict): string {
  if (verdict.readable) {
    return [
      ...verdict.messages.map(({ messageid, line }) => `${messageid}@${line}`),
      ...verdict.leniencies,
    ].join(' ');
  }
  const { rule, line, column, text } = verdict.problem;
  return `${verdict.incomplete ? 'incomplete ' : ''}${rule} ${line}:${column} ${text}`;
}

describe('several documents in one file', () => {
  const cases: readonly (readonly [title: string, file: string, expected: string])[] = [
    ['one', alert('1'), '1@2'],
    ['one after another', alert('1') + alert('2') + alert('3'), '1@2 2@4 3@6'],
    [
      'on lines, with declarations',
      `<?xml version="1.0"?>${alert('1')}\n\n<?xml version="1.0"?>${alert('2')}\n`,
      '1@2 2@6',
    ],
    ['one without a message', `<IDMEF-Message/>${alert('1')}`, '1@2'],
    [
      'remarks of Prelude between',
      `${alert('1')}element Alert: validity error : no CreateTime\n${alert('2')}`,
      '1@2 2@5',
    ],
    [
      'text between',
      `${alert('1')}\nx${alert('2')}`,
      'not-well-formed 4:1 1 bytes are no document: text outside of documents',
    ],
    [
      'half a document between',
      `${alert('1')} <IDMEF-Message><Alert>${alert('2')}`,
      'not-well-formed 3:18 22 bytes are no document: another document begins before its end',
    ],
    [
      'half a document at the end',
      `${alert('1')}<IDMEF-Message><Al`,
      'incomplete incomplete 3:17 18 bytes are no document: it is not complete',
    ],
    [
      'a fault inside the second',
      `${alert('1')}<IDMEF-Message><Alert a=1/></IDMEF-Message>`,
      "not-well-formed 3:41 document 2: an attribute needs a quoted value, not '1' (U+0031)",
    ],
    [
      'a fault on a later line of the second',
      `${alert('1')}<IDMEF-Message>\n <x/></IDMEF-Message>`,
      'unknown-message 4:2 document 2: x is not an IDMEF message',
    ],
  ];
  for (const [title, file, expected] of cases) {
    it(title, () => assert.equal(brief(readStream(Buffer.from(file))), expected));
  }

  it('what holds no document at all is refused as without this', () => {
    for (const file of ['', ' ', '<html/>', 'x', '<IDMEF-Message', '<?xml version="1.0"?>', '\0\0\0']) {
      const bytes = Buffer.from(file);
      assert.deepEqual(readStream(bytes), readDocument(bytes, 'off'), JSON.stringify(file));
    }
  });

  it('without this, a file of several documents says that it is followed by something', () => {
    const followed = (file: string): boolean => {
      const verdict = readDocument(Buffer.from(file), 'off');
      assert.ok(!verdict.readable);
      return verdict.followed === true;
    };
    for (const second of [alert('2'), `\n<?xml version="1.0"?>${alert('2')}`, '<IDMEF-Mes', 'x']) {
      assert.ok(followed(alert('1') + second), second);
    }
    assert.ok(!followed('<IDMEF-Message><Alert>'));
    assert.ok(!followed('<IDMEF-Message><Alert a=1/></IDMEF-Message>'));
  });

  it('messages are those of the documents, self-contained', () => {
    const verdict = readStream(
      Buffer.from(
        `<i:IDMEF-Message xmlns:i="http://iana.org/idmef"><i:Alert/></i:IDMEF-Message>${alert('2')}`,
      ),
    );
    assert.ok(verdict.readable);
    assert.deepEqual(
      verdict.messages.map(({ bytes }) => Buffer.from(bytes).toString()),
      ['<i:Alert xmlns:i="http://iana.org/idmef"/>', '<Alert messageid="2"><Analyzer/></Alert>'],
    );
  });
});

describe('bytes that no XML document can hold', () => {
  const cases: readonly (readonly [title: string, from: string | Buffer, to: string])[] = [
    ['control characters', 'a\u0001b\u001B[31m\u007F', 'a\\x01b\\x1b[31m\u007F'],
    ['no characters', '\uFFFE-\uFFFF-\uFFFD', '\\xef\\xbf\\xbe-\\xef\\xbf\\xbf-\uFFFD'],
    ['latin 1', Buffer.from('caf\u00E9 \u00FF', 'latin1'), 'caf\\xe9 \\xff'],
    ['half a character', Buffer.from([0x61, 0xe2, 0x82, 0x62]), 'a\\xe2\\x82b'],
    [
      'too long a form, half a pair, beyond Unicode',
      Buffer.from('c080eda080f5808080', 'hex'),
      '\\xc0\\x80\\xed\\xa0\\x80\\xf5\\x80\\x80\\x80',
    ],
    ['half a character at the end', Buffer.from([0x61, 0xf0, 0x9f]), 'a\\xf0\\x9f'],
  ];
  for (const [title, from, to] of cases) {
    it(title, () => {
      const bytes = Buffer.from(from);
      assert.equal(writeOutForbidden(bytes)?.toString(), to);
    });
  }

  it('is nothing in a good document', () => {
    for (const good of ['', 'plain\t\r\n', 'é 日本 😀 \uFFFD']) {
      assert.equal(writeOutForbidden(Buffer.from(good)), undefined);
    }
  });

  it('NUL, and what another encoding means, is not ours to say', () => {
    assert.equal(writeOutForbidden(Buffer.from('a\0\u0001')), undefined);
    assert.equal(writeOutForbidden(Buffer.from('<?xml version="1.0" encoding="UTF-16"?>\u0001')), undefined);
    assert.ok(writeOutForbidden(Buffer.from('<?xml version="1.0" encoding="utf-8"?>\u0001')) !== undefined);
  });

  it('a document of nothing else costs a moment, not memory without end', () => {
    const started = performance.now();
    assert.equal(writeOutForbidden(Buffer.alloc(4_000_000, 1))?.length, 16_000_000);
    assert.equal(writeOutForbidden(Buffer.alloc(xmlLimits.documentBytes, 1)), undefined);
    assert.ok(performance.now() - started < 10_000);
  });

  it('always leaves valid characters only, and those that were valid as they were', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.filter((code) => code !== 0)),
        (bytes) => {
          const mended = writeOutForbidden(Buffer.from(bytes));
          const text = (mended ?? Buffer.from(bytes)).toString();
          assert.doesNotMatch(text, forbidden);
          assert.equal(
            text.replace(/\\x[0-9a-f]{2}/g, ''),
            new TextDecoder('utf-8', { ignoreBOM: true })
              .decode(bytes)
              .replace(forbidden, '')
              .replace(/\\x[0-9a-f]{2}/g, ''),
          );
        },
      ),
    );
  });

  it('an alert with them is read from a stream, and only from a stream', () => {
    const file = Buffer.from(alert('a\u0001'));
    assert.equal(brief(readStream(file)), 'a\\x01@2 forbidden-characters');
    assert.ok(!readDocument(file, 'lenient').readable);
    assert.equal(brief(readStream(Buffer.concat([file, file]))), 'a\\x01@2 a\\x01@4 forbidden-characters');
    assert.match(
      brief(readStream(Buffer.from('<IDMEF-Message><Alert>\u0001</Al\u0001ert></IDMEF-Message>'))),
      /^character/,
    );
  });
});
