/** Each limit of xmlLimits at its edge: one less is read, one more is refused under the limit's own rule. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { xmlLimits } from '../../src/core/limits.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { read } from './documents.ts';

const inside = (content: string): string =>
  '<IDMEF-Message xmlns="http://iana.org/idmef"><Alert><AdditionalData><xmltext>' +
  `${content}</xmltext></AdditionalData></Alert></IDMEF-Message>`;

/** Elements open around the content of `inside`, the root not counted. */
const LEVELS = 3;

function attributes(count: number): string {
  return Array.from({ length: count }, (_, index) => ` a${index}=""`).join('');
}

function declarations(count: number): string {
  return Array.from({ length: count }, (_, index) => ` xmlns:p${index}="u"`).join('');
}

describe('limits, on the last allowed step and one beyond', () => {
  const rows: readonly (readonly [rule: string, good: string, bad: string])[] = [
    [
      'limit-depth',
      inside('<a>'.repeat(xmlLimits.depth - LEVELS) + '</a>'.repeat(xmlLimits.depth - LEVELS)),
      inside('<a>'.repeat(xmlLimits.depth - LEVELS + 1) + '</a>'.repeat(xmlLimits.depth - LEVELS + 1)),
    ],
    [
      'limit-attributes',
      inside(`<a${attributes(xmlLimits.attributes)}/>`),
      inside(`<a${attributes(xmlLimits.attributes + 1)}/>`),
    ],
    [
      'limit-namespaces',
      inside(`<a${declarations(xmlLimits.namespaces - 1)}/>`),
      inside(`<a${declarations(xmlLimits.namespaces)}/>`),
    ],
    [
      'limit-name',
      inside(`<${'n'.repeat(xmlLimits.nameBytes)}/>`),
      inside(`<${'n'.repeat(xmlLimits.nameBytes + 1)}/>`),
    ],
    [
      'limit-name',
      inside(`<a ${'é'.repeat(xmlLimits.nameBytes / 2)}=""/>`),
      inside(`<a ${'é'.repeat(xmlLimits.nameBytes / 2)}b=""/>`),
    ],
    [
      'limit-attribute-value',
      inside(`<a b="${'v'.repeat(xmlLimits.attributeValueBytes)}"/>`),
      inside(`<a b="${'v'.repeat(xmlLimits.attributeValueBytes + 1)}"/>`),
    ],
    ['limit-text', inside('t'.repeat(xmlLimits.textBytes)), inside('t'.repeat(xmlLimits.textBytes + 1))],
    ['limit-text', inside(' '.repeat(xmlLimits.textBytes)), inside(' '.repeat(xmlLimits.textBytes + 1))],
    [
      'limit-text',
      inside(`<![CDATA[${'t'.repeat(xmlLimits.textBytes)}]]>`),
      inside(`<![CDATA[${'t'.repeat(xmlLimits.textBytes + 1)}]]>`),
    ],
  ];
  for (const [rule, good, bad] of rows) {
    it(`${rule} (${bad.slice(70, 90)}…)`, () => {
      const fine = read(good, 'off');
      assert.ok(fine.readable, fine.readable ? '' : fine.problem.text);
      const verdict = read(bad, 'off');
      assert.ok(!verdict.readable && !verdict.incomplete);
      assert.equal(verdict.problem.rule, rule);
      assert.match(`${verdict.problem.text} ${verdict.problem.expected}`, /\d/);
    });
  }

  it('limit-message counts the element with what it inherits', () => {
    const message = (bytes: number): string => {
      const shell =
        '<Alert xmlns="http://iana.org/idmef"><AdditionalData><xmltext></xmltext></AdditionalData></Alert>';
      const chunks = '<a/>'.repeat(Math.floor((bytes - shell.length) / 4));
      const text = `${chunks}${'x'.repeat(bytes - shell.length - chunks.length)}`;
      return shell.replace(' xmlns="http://iana.org/idmef"', '').replace('<xmltext>', `<xmltext>${text}`);
    };
    const root = (content: string): string =>
      `<IDMEF-Message xmlns="http://iana.org/idmef">${content}</IDMEF-Message>`;
    const good = read(root(message(xmlLimits.messageBytes)), 'off');
    assert.ok(good.readable);
    assert.equal(good.messages[0]?.bytes.length, xmlLimits.messageBytes);
    const bad = read(root(message(xmlLimits.messageBytes + 1)), 'off');
    assert.ok(!bad.readable && !bad.incomplete);
    assert.equal(bad.problem.rule, 'limit-message');
    const endless = read(root(message(xmlLimits.messageBytes + 200)).slice(0, -40), 'off');
    assert.ok(!endless.readable && !endless.incomplete);
    assert.equal(endless.problem.rule, 'limit-message');
  });

  it('limit-messages', () => {
    const root = (count: number): string =>
      `<IDMEF-Message xmlns="http://iana.org/idmef">${'<Alert/>'.repeat(count)}</IDMEF-Message>`;
    assert.ok(read(root(xmlLimits.messages), 'off').readable);
    const verdict = read(root(xmlLimits.messages + 1), 'off');
    assert.ok(!verdict.readable && !verdict.incomplete);
    assert.equal(verdict.problem.rule, 'limit-messages');
  });

  it('limit-document, unless the caller allows more', () => {
    const input = Buffer.alloc(xmlLimits.documentBytes + 1, 0x20);
    Buffer.from('<IDMEF-Message xmlns="http://iana.org/idmef"/>').copy(input);
    const verdict = readDocument(input, 'off');
    assert.ok(!verdict.readable && !verdict.incomplete);
    assert.equal(verdict.problem.rule, 'limit-document');
    assert.ok(readDocument(input, 'off', { maxDocumentBytes: input.length }).readable);
  });
});
