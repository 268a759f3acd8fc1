/** XML from anywhere: read as far as it is XML, inert whatever it declares, bounded whatever its shape. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { xmlLimits } from '../../src/core/limits.ts';
import { parseForeign } from '../../src/idmef/foreign-xml.ts';

async function textOf(xml: string): Promise<string | undefined> {
  return (await parseForeign(xml))?.element.text;
}

describe('parseForeign', () => {
  test('names keep prefix and case, attributes and text are decoded, CDATA is text', async () => {
    const parsed = await parseForeign(
      '<?xml version="1.0"?><!-- c --><rss a="1 &amp; 2"><media:Title>x</media:Title><title>a &lt;b&#62; <![CDATA[&amp;]]></title></rss>',
    );
    assert.equal(parsed?.name, 'rss');
    const { attributes, children } = parsed.element;
    assert.equal(attributes.get('a'), '1 & 2');
    assert.deepEqual([...children.keys()], ['media:Title', 'title']);
    assert.equal(children.get('title')?.[0]?.text, 'a <b> &amp;');
  });

  for (const [what, xml, text] of [
    ['an entity of its own is not expanded', '<!DOCTYPE a [<!ENTITY b "boom">]><a>&b;</a>', '&b;'],
    ['a file is not read', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', undefined],
    [
      'references to nothing stay or are replaced',
      '<a>&nbsp;&#0;&#x110000;&#xD83D;&</a>',
      '&nbsp;\uFFFD\uFFFD\uD83D&',
    ],
    ['no element', 'hello', undefined],
    ['nothing', '', undefined],
  ] as const) {
    test(what, async () => assert.equal(await textOf(xml), text));
  }

  test('a thousand million laughs are none', async () => {
    const lines = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`);
    const xml = `<!DOCTYPE a [<!ENTITY l0 "lol">${lines.join('')}]><a>&l10;</a>`;
    assert.ok(((await textOf(xml)) ?? '').length < 100);
  });

  test('too deep, or too many tags, is not read', async () => {
    assert.equal(
      await parseForeign(`${'<a>'.repeat(xmlLimits.depth + 2)}${'</a>'.repeat(xmlLimits.depth + 2)}`),
      undefined,
    );
    assert.equal(await parseForeign(`<a>${'<b/>'.repeat(xmlLimits.foreignTags)}</a>`), undefined);
  });

  test('names of JavaScript are names', async () => {
    const parsed = await parseForeign('<a><__proto__>x</__proto__><constructor>y</constructor></a>');
    assert.deepEqual([...(parsed?.element.children.keys() ?? [])], ['__proto__', 'constructor']);
  });

  test('any text is read or not, without an error', async () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="',
      '"',
      '/>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<!DOCTYPE',
      '[',
      '>',
      '<?',
      '?>',
      '&',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const parsed = await parseForeign(pieces.join(''));
        assert.ok(parsed === undefined || typeof parsed.name === 'string');
      }),
      { numRuns: 500 },
    );
  });
});
