/** White space between elements goes, everything else stays byte for byte. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compact } from '../../src/destinations/compact.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { sampleBatch, sampleMessage } from '../support/sample-alerts.ts';

const cases: readonly (readonly [name: string, input: string, expected: string])[] = [
  ['nothing to do', '<a><b/></a>', '<a><b/></a>'],
  ['between elements', '<a>\n  <b>\n\t<c/>\r\n</b>\n</a>', '<a><b><c/></b></a>'],
  ['text stays', '<a>\n <b> two  words </b>\n</a>', '<a><b> two  words </b></a>'],
  ['white space as the only content stays', '<a> <b>   </b> </a>', '<a><b>   </b></a>'],
  ['mixed content stays', '<a> text <b/> <c/> </a>', '<a> text <b/> <c/> </a>'],
  ['a character reference is text', '<a> &#32; <b/> </a>', '<a> &#32; <b/> </a>'],
  ['CDATA is text', '<a> <![CDATA[ ]]> <b/> </a>', '<a> <![CDATA[ ]]> <b/> </a>'],
  ['CDATA may hold markup', '<a> <b><![CDATA[<x> </x>]]></b> </a>', '<a><b><![CDATA[<x> </x>]]></b></a>'],
  ['comments stay', '<a> <!-- > <x> --> <b/> </a>', '<a><!-- > <x> --><b/></a>'],
  ['processing instructions stay', '<a> <?p <x> ?> <b/> </a>', '<a><?p <x> ?><b/></a>'],
  ['a > in a value does not end a tag', '<a x=" > <b> "> <b/> </a>', '<a x=" > <b> "><b/></a>'],
  [
    'xml:space is obeyed',
    '<a> <b xml:space="preserve"> <c> </c> </b> </a>',
    '<a><b xml:space="preserve"> <c> </c> </b></a>',
  ],
  [
    'and can be given up again',
    '<a xml:space="preserve"> <b xml:space="default"> <c/> </b> </a>',
    '<a xml:space="preserve"> <b xml:space="default"><c/></b> </a>',
  ],
  [
    'foreign XML is not ours',
    '<i:a> <i:xmltext> <x> <y/> </x> </i:xmltext> </i:a>',
    '<i:a><i:xmltext> <x> <y/> </x> </i:xmltext></i:a>',
  ],
  [
    'a name that only begins so is',
    '<a> <xmltexts> <x/> </xmltexts> </a>',
    '<a><xmltexts><x/></xmltexts></a>',
  ],
  ['other scripts', '<a>\n<b>é ü 日本</b>\n</a>', '<a><b>é ü 日本</b></a>'],
];

for (const [name, input, expected] of cases) {
  test(name, () => assert.equal(compact(Buffer.from(input)).toString(), expected));
}

test('real alerts mean the same afterwards', () => {
  for (let n = 0; n < 50; n += 1) {
    const message = sampleMessage(n);
    const small = compact(message);
    assert.ok(small.length < message.length);
    assert.doesNotMatch(small.toString(), />\s+</);
    assert.equal(small.toString().replaceAll(/\s/g, ''), message.toString().replaceAll(/\s/g, ''));
    assert.deepEqual(compact(small), small);
  }
});

test('a compact document is still valid', () => {
  const verdict = readDocument(sampleBatch(0, 20), 'strict');
  assert.ok(verdict.readable && verdict.valid);
  for (const { bytes } of verdict.messages) {
    const body = compact(Buffer.from(bytes)).toString();
    const again = readDocument(
      Buffer.from(`<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef">${body}</idmef:IDMEF-Message>`),
      'strict',
    );
    assert.ok(again.readable && again.valid);
  }
});
