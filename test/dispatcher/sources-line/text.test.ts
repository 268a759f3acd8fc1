/**
 * Texts and small pure parts: text of HTML and mails, keys taken out of texts, what is said how often, which times are believed; text into
 * alerts, strictly valid for whatever characters stand in it.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { lineLimits, wrapLimits } from '../../../src/core/limits.ts';
import { htmlText } from '../../../src/dispatcher/sources/line/html-text.ts';
import { plausibleTime } from '../../../src/dispatcher/sources/line/plausible-time.ts';
import { Sayings } from '../../../src/dispatcher/sources/line/sayings.ts';
import { redact } from '../../../src/dispatcher/sources/line/redact.ts';
import { readMail } from '../../../src/dispatcher/sources/line/smtp/mail-text.ts';
import { localPart } from '../../../src/dispatcher/sources/line/smtp/transaction.ts';
import { firstLine, oneLine, type TextParts, wrapText } from '../../../src/dispatcher/sources/wrap-text.ts';
import type { MessageView } from '../../../src/idmef/message-view.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { anyText } from '../../support/any-text.ts';
import { ANA_KEY } from './line-world.ts';

describe('htmlText', () => {
  for (const [html, text] of [
    ['plain', 'plain'],
    ['<p>one</p><p>two<br>three</p>', 'one\n\ntwo\nthree'],
    ['a &lt;b&gt; &amp;amp; &#65;&#x42;&nbsp;c &unknown; &#0;', 'a <b> &amp; AB c &unknown; \uFFFD'],
    ['<style>x{}</style><script>if (a < b) evil()</script>seen<!-- not --> too', 'seen too'],
    ['<SCRIPT>evil()</SCRIPT >seen', 'seen'],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['<a href="x">link</a>ed', 'linked'],
    ['cut <b', 'cut'],
    ['cut <!-- never closed', 'cut'],
    ['cut <script> never closed', 'cut'],
    ['a\n  b\t c', 'a b c'],
    ['<!DOCTYPE html><title>t</title><h1>h</h1>', 'h'],
  ] as const) {
    test(JSON.stringify(html), () => assert.equal(htmlText(html), text));
  }

  test('openings without an end take linear time: squares of half a million would not come to an end', () => {
    for (const piece of ['<', '<!--', '<script', '<a ', '&#', '<script></script', '</']) {
      assert.equal(typeof htmlText(piece.repeat(500_000 / piece.length)), 'string');
    }
  });

  test('never throws', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '<!--',
      '-->',
      '<p>',
      '</script>',
      '<script>',
      '&#',
      '&amp;',
      'x',
      '"',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        assert.equal(typeof htmlText(pieces.join('')), 'string');
      }),
    );
  });
});

describe('redact', () => {
  for (const [text, expected] of [
    [`a ${ANA_KEY} b ${ANA_KEY.toUpperCase()}`, 'a [key] b [key]'],
    [`İ ${ANA_KEY}`, 'İ [key]'],
    ['nothing', 'nothing'],
  ] as const) {
    test(JSON.stringify(text), () => assert.equal(redact(text, ANA_KEY), expected));
  }

  test('nothing of a key is left in any text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(ANA_KEY), anyText())), (parts) => {
        assert.ok(!redact(parts.join(''), ANA_KEY).includes(ANA_KEY));
      }),
    );
  });
});

describe('readMail', () => {
  for (const [what, mail, text] of [
    ['subject and text', 'Subject: s\n\nbody\n', 's\n\nbody'],
    ['no subject', '\nbody\n', 'body'],
    ['no body', 'Subject: s\n\n', 's'],
    ['nothing at all', '', ''],
    ['encoded words', 'Subject: =?iso-8859-1?Q?=E9t=E9?=\n\nx', 'été\n\nx'],
    ['quoted-printable', 'Subject: s\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\nc', 's\n\na=bc'],
    ['html alone', 'Subject: s\nContent-Type: text/html\n\n<p>a</p><script>b</script>', 's\n\na'],
    [
      'html beside text',
      'Subject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--',
      's\n\nplain',
    ],
    ['no mail but a line', 'disk full', 'disk full'],
    ['no mail but lines', 'disk full\r\non db1: 99 %\r\n', 'disk full\non db1: 99 %'],
    ['a line that looks like a header', 'ALARM: disk full', 'ALARM: disk full'],
    ['headers alone', 'From: a@b\nTo: c@d\n\n', ''],
  ] as const) {
    test(what, async () => assert.equal((await readMail(Buffer.from(mail)))?.text, text));
  }

  test('a mail nested too deep is none', async () => {
    const nested = Array.from(
      { length: 40 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`,
    );
    assert.equal(await readMail(Buffer.from(nested.join(''))), undefined);
  });

  test('any bytes are a mail or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const mail = await readMail(bytes);
        assert.ok(mail === undefined || typeof mail.text === 'string');
      }),
      { numRuns: 100 },
    );
  });
});

describe('small things', () => {
  for (const [address, local] of [
    ['key@host', 'key'],
    ['key', 'key'],
    ['a@b@host', 'a@b'],
    ['"*"@host', '*'],
    ['"a\\"b"@host', 'a"b'],
    ['', ''],
  ] as const) {
    test(`the local part of ${address} is ${local}`, () => assert.equal(localPart(address), local));
  }

  test('what happens often is said once, and summed up later', () => {
    const clock = manualClock();
    const log = recordingLogger();
    const sayings = new Sayings(log, clock);
    for (let n = 0; n < 5; n += 1) sayings.warn('kind', 'it happened');
    sayings.warn('other', 'else', 3);
    clock.advance(lineLimits.repeatMs);
    sayings.warn('kind', 'it happened');
    assert.deepEqual(
      log.lines.map(({ text }) => text),
      [
        'it happened',
        'else (3 times since it was last said)',
        'it happened (5 times since it was last said)',
      ],
    );
  });

  test('a time is believed from 2000 until tomorrow', () => {
    const now = Date.UTC(2026, 0, 1);
    for (const bad of [Number.NaN, -1, 0, Date.UTC(1999, 11, 31), now + 25 * 3_600_000, Infinity]) {
      assert.equal(plausibleTime(bad, now), undefined);
    }
    for (const good of [Date.UTC(2000, 0, 1), now, now + 23 * 3_600_000])
      assert.equal(plausibleTime(good, now), good);
  });
});

const world = {
  clock: { now: () => Date.parse('2026-11-30T10:00:00Z') },
  random: { bytes: (count: number) => new Uint8Array(count).fill(7) },
  hostname: 'manager.example',
};

async function alertOf(text: string, parts: Partial<TextParts> = {}): Promise<MessageView> {
  const { body } = await wrapText({ origin: { source: 'rest' }, text, ...parts }, world);
  const verdict = validateElement(body);
  assert.ok(verdict.readable && verdict.valid, JSON.stringify(verdict));
  return viewMessage(body);
}

function datum(alert: MessageView, meaning: string): string | number | boolean | undefined {
  return alert.additionalData.find((each) => each.meaning === meaning)?.value;
}

describe('wrapText', () => {
  for (const [text, title] of [
    ['disk full on db1', 'disk full on db1'],
    ['\n\r\n  \t \n  two  words\t\r\nrest', 'two words'],
    ['', 'rest message'],
    ['\u0000\u001b\u202e \n', 'rest message'],
    ['a\u202etxt.exe\u001b[31m', 'a txt.exe [31m'],
    ['&amp; <b> ]]> "quoted"', '&amp; <b> ]]> "quoted"'],
    ['x'.repeat(300), `${'x'.repeat(wrapLimits.titleChars - 1)}…`],
    ['😀'.repeat(300), `${'😀'.repeat(wrapLimits.titleChars - 1)}…`],
    ['😀'.repeat(wrapLimits.titleChars), '😀'.repeat(wrapLimits.titleChars)],
  ] as const) {
    test(`the title of ${JSON.stringify(text.slice(0, 30))}`, async () => {
      const alert = await alertOf(text);
      assert.equal(alert.classification, title);
    });
  }

  test('the body is the text, character for character', async () => {
    const text = 'first\r\n\tsecond &amp; &#10; <tag/>\n\n ünï😀';
    assert.equal(datum(await alertOf(text), 'body'), text);
  });

  test('the analyzer is the source; what the text says of a sender is a display name only', async () => {
    const {
      analyzers: [analyzer],
    } = await alertOf('x', { analyzer: { name: 'sshd\n', class: 'Log', node: 'web1' } });
    assert.equal(analyzer?.analyzerid, 'rest@manager.example');
    assert.equal(analyzer.name, 'sshd');
    assert.equal(analyzer.node?.name, 'web1');
    assert.equal((await alertOf('x')).analyzers[0]?.name, 'rest');
  });

  test('a body beyond its limit is cut, and says so', async () => {
    const alert = await alertOf('&'.repeat(wrapLimits.bodyChars + 5));
    const body = String(datum(alert, 'body'));
    assert.equal(body.length, wrapLimits.bodyChars);
    assert.ok(body.endsWith('&…'));
    assert.equal(datum(alert, 'body cut, characters of the whole'), wrapLimits.bodyChars + 5);
  });

  test('facts are bounded in number and length, empty ones left out', async () => {
    const data = Array.from({ length: wrapLimits.data + 10 }, (_, index) => ({
      meaning: `fact ${index}`,
      type: 'string' as const,
      value: index === 0 ? '' : 'v'.repeat(wrapLimits.datumChars * 2),
    }));
    const alert = await alertOf('x', { data });
    assert.equal(alert.additionalData.length, wrapLimits.data + 1);
    assert.equal(datum(alert, 'fact 0'), undefined);
    assert.equal(String(datum(alert, 'fact 1')).length, wrapLimits.datumChars);
  });

  test('what the door needs goes through; the same parts make the same bytes', async () => {
    const parts: TextParts = {
      text: 'x',
      origin: { source: 'feed' },
      forced: ['a'],
      verbatim: 'x',
      messageid: 'id-1',
      createTime: 1_000_000,
    };
    const one = await wrapText(parts, world);
    const later = { ...world, clock: { now: () => 5 }, random: { bytes: (n: number) => new Uint8Array(n) } };
    assert.deepEqual(one, await wrapText(parts, later));
    assert.deepEqual([one.forced, one.verbatim, one.origin], [['a'], 'x', { source: 'feed' }]);
  });

  test('any text at any place makes a valid alert', async () => {
    const any = anyText(60);
    const wild = fc.oneof(
      any,
      fc.string({
        unit: fc.constantFrom(
          ...Array.from('\u0000\u0008\t\n\r\u001b\u0085\u2028\ud800\udc00\ufffe\uffff&<>]\'";#x0 '),
        ),
        maxLength: 40,
      }),
    );
    await fc.assert(
      fc.asyncProperty(wild, wild, wild, async (text, name, value) => {
        const alert = await alertOf(text, {
          title: name,
          analyzer: { name, node: value },
          data: [{ meaning: name, type: 'string', value }],
        });
        assert.notEqual(alert.classification, '');
      }),
      { numRuns: 50 },
    );
  });

  test('one line is never longer than its limit and holds no control character', () => {
    fc.assert(
      fc.property(anyText(), fc.integer({ min: 1, max: 20 }), (text, limit) => {
        for (const line of [oneLine(text, limit), oneLine(firstLine(text), limit)]) {
          assert.ok(Array.from(line).length <= limit);
          assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e\u2066-\u2069\n]/u);
        }
      }),
    );
  });
});
