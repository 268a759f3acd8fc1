/** Text into alerts: titles, bodies, bounds; strictly valid for whatever characters stand in it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { wrapLimits } from '../../../src/core/limits.ts';
import { firstLine, oneLine, type TextParts, wrapText } from '../../../src/dispatcher/sources/wrap-text.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import type { MessageView } from '../../../src/idmef/message-view.ts';

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
    const any = fc.string({ unit: 'binary', maxLength: 60 });
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
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, limit) => {
        for (const line of [oneLine(text, limit), oneLine(firstLine(text), limit)]) {
          assert.ok(Array.from(line).length <= limit);
          assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e\u2066-\u2069\n]/u);
        }
      }),
    );
  });
});
