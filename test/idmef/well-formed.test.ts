/** Well-formedness and forbidden features: what is read, what is refused under which rule, and what merely ends too early. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sampleAlert } from '../support/sample-alerts.ts';
import { documentOf, read } from './documents.ts';

const root = 'xmlns="http://iana.org/idmef"';
const inside = (content: string): string =>
  `<IDMEF-Message ${root}><Alert><AdditionalData><xmltext>${content}</xmltext></AdditionalData></Alert></IDMEF-Message>`;

/** `good`, `incomplete`, or the rule that refuses the document; mode off. */
function outcome(input: string | Uint8Array): string {
  const verdict = read(input, 'off');
  if (verdict.readable) return 'good';
  return verdict.incomplete ? 'incomplete' : verdict.problem.rule;
}

function table(name: string, rows: readonly (readonly [input: string, expected: string])[]): void {
  describe(name, () => {
    for (const [input, expected] of rows) {
      it(`${expected}: ${JSON.stringify(input.length > 90 ? `${input.slice(0, 87)}…` : input)}`, () => {
        assert.equal(outcome(input), expected);
      });
    }
  });
}

describe('XML declaration and prolog', () => {
  const rest = `<IDMEF-Message ${root}/>`;
  table('declaration', [
    [rest, 'good'],
    [`<?xml version="1.0"?>${rest}`, 'good'],
    [`<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n${rest}`, 'good'],
    [`<?xml version = "1.1"?>${rest}`, 'good'],
    [`<?xml version="2.0"?>${rest}`, 'not-well-formed'],
    [`<?xml?>${rest}`, 'not-well-formed'],
    [`<?xml encoding="UTF-8"?>${rest}`, 'not-well-formed'],
    [`<?xml version="1.0" standalone="maybe"?>${rest}`, 'not-well-formed'],
    [`<?xml version="1.0" standalone="yes" encoding="UTF-8"?>${rest}`, 'not-well-formed'],
    [`<?xml version="1.0"encoding="UTF-8"?>${rest}`, 'not-well-formed'],
    [`<?xml version="1.0" encoding="UTF 8"?>${rest}`, 'not-well-formed'],
    [`<?xml version="1.0">${rest}`, 'not-well-formed'],
    [` <?xml version="1.0"?>${rest}`, 'not-well-formed'],
    [`<!-- --><?xml version="1.0"?>${rest}`, 'not-well-formed'],
    [`${rest}<?XML?>`, 'not-well-formed'],
    [`<?xml-stylesheet href="a"?>${rest}`, 'good'],
  ]);
  table('comments and instructions', [
    [`<!-- a - b -->${rest}<!---->`, 'good'],
    [`<!-- a -- b -->${rest}`, 'not-well-formed'],
    [`<!-- a --->${rest}`, 'not-well-formed'],
    [`<!- a -->${rest}`, 'not-well-formed'],
    [`<?a?>${rest}<?b c d?>`, 'good'],
    [`<?a??>${rest}`, 'not-well-formed'],
    [`<? a?>${rest}`, 'not-well-formed'],
    [`<?a:b c?>${rest}`, 'not-well-formed'],
    [`<!-- \u0001 -->${rest}`, 'character'],
    [`<?a \u0001?>${rest}`, 'character'],
    [`text${rest}`, 'not-well-formed'],
    [`${rest}text`, 'not-well-formed'],
    [`${rest}&amp;`, 'not-well-formed'],
    [`${rest}${rest}`, 'not-well-formed'],
    [`${rest}</IDMEF-Message>`, 'not-well-formed'],
    [`<![CDATA[x]]>${rest}`, 'not-well-formed'],
  ]);
  table('document type', [
    [`<!DOCTYPE IDMEF-Message>${rest}`, 'good'],
    [`<!DOCTYPE idmef:IDMEF-Message SYSTEM "idmef-message.dtd">${rest}`, 'good'],
    [
      `<!DOCTYPE IDMEF-Message PUBLIC "-//IETF//DTD RFC XXXX IDMEF v1.0//EN" 'idmef-message.dtd' >${rest}`,
      'good',
    ],
    [`<!DOCTYPE IDMEF-Message []>${rest}`, 'good'],
    [`<!DOCTYPE IDMEF-Message SYSTEM "x" [\n ] >${rest}`, 'good'],
    [`<!DOCTYPE IDMEF-Message [<!ENTITY a "b">]>${rest}`, 'internal-subset'],
    [`<!DOCTYPE IDMEF-Message [%a;]>${rest}`, 'internal-subset'],
    [`<!DOCTYPE IDMEF-Message [<!-- -->]>${rest}`, 'internal-subset'],
    [`<!DOCTYPE IDMEF-Message PUBLIC "a">${rest}`, 'not-well-formed'],
    [`<!DOCTYPE IDMEF-Message PUBLIC "{}" "a">${rest}`, 'not-well-formed'],
    [`<!DOCTYPE IDMEF-Message SYSTEM>${rest}`, 'not-well-formed'],
    [`<!DOCTYPE IDMEF-MessageSYSTEM "a" "b">${rest}`, 'not-well-formed'],
    [`<!DOCTYPE >${rest}`, 'not-well-formed'],
    [`<!DOCTYPEIDMEF-Message>${rest}`, 'not-well-formed'],
    [`<!doctype IDMEF-Message>${rest}`, 'not-well-formed'],
    [`<!DOCTYPE a><!DOCTYPE a>${rest}`, 'not-well-formed'],
    [`${rest}<!DOCTYPE a>`, 'not-well-formed'],
    [inside('<!DOCTYPE a>'), 'not-well-formed'],
  ]);
});

table('elements', [
  [inside('<a></a><b/><c />'), 'good'],
  [inside('<a\n></a\n>'), 'good'],
  [inside('<_a-b.c1/>'), 'good'],
  [inside('<été/><名/><ΐ·/>'), 'good'],
  [inside('<-a/>'), 'not-well-formed'],
  [inside('<1/>'), 'not-well-formed'],
  [inside('<a×/>'), 'not-well-formed'],
  [inside('<·a/>'), 'not-well-formed'],
  [inside('< a/>'), 'not-well-formed'],
  [inside('<a>'), 'not-well-formed'],
  [inside('</a>'), 'not-well-formed'],
  [inside('<a></b>'), 'not-well-formed'],
  [inside('<a></aa>'), 'not-well-formed'],
  [inside('<aa></a>'), 'not-well-formed'],
  [inside('<a></ a>'), 'not-well-formed'],
  [inside('<a></a b>'), 'not-well-formed'],
  [inside('<a / >'), 'not-well-formed'],
  [inside('<a<b/>'), 'not-well-formed'],
  [inside('<!ELEMENT a ANY>'), 'not-well-formed'],
]);

table('attributes', [
  [inside(`<a b="1" c='2'/>`), 'good'],
  [inside(`<a b = "it's" c='"'/>`), 'good'],
  [inside('<a b=""/>'), 'good'],
  [inside('<a b="]]>"/>'), 'good'],
  [inside('<a b=1/>'), 'not-well-formed'],
  [inside('<a b/>'), 'not-well-formed'],
  [inside('<a b="1"c="2"/>'), 'not-well-formed'],
  [inside('<a b="1" b="2"/>'), 'not-well-formed'],
  [inside('<a b="<"/>'), 'not-well-formed'],
  [inside('<a b="&"/>'), 'not-well-formed'],
  [inside('<a b="&lt;&#60;&#x3C;"/>'), 'good'],
  [inside('<a b="\u0007"/>'), 'character'],
  [inside('<a =""/>'), 'not-well-formed'],
  [inside('<a "b"/>'), 'not-well-formed'],
]);

table('text and references', [
  [inside('a > b ] ]] "\''), 'good'],
  [inside('a ]]> b'), 'not-well-formed'],
  [inside('<![CDATA[ <&]]]>'), 'good'],
  [inside('<![CDATA[ \u0000 ]]>'), 'character'],
  [inside('<![cdata[ ]]>'), 'not-well-formed'],
  [inside('&amp;&lt;&gt;&quot;&apos;'), 'good'],
  [inside('&#9;&#xA;&#xd7FF;&#xE000;&#x10FFFF;&#0065;'), 'good'],
  [inside('&#0;'), 'character'],
  [inside('&#x1F;'), 'character'],
  [inside('&#xD800;'), 'character'],
  [inside('&#xFFFE;'), 'character'],
  [inside('&#x110000;'), 'character'],
  [inside('&#99999999999999999999;'), 'character'],
  [inside('&#X41;'), 'not-well-formed'],
  [inside('&#;'), 'not-well-formed'],
  [inside('&#x;'), 'not-well-formed'],
  [inside('&#65'), 'not-well-formed'],
  [inside('&amp'), 'not-well-formed'],
  [inside('& '), 'not-well-formed'],
  [inside('&nbsp;'), 'entity'],
  [inside('&AMP;'), 'entity'],
  [inside('&am;'), 'entity'],
  [inside('&lol9;'), 'entity'],
  [inside('<a b="&xxe;"/>'), 'entity'],
  [inside('\u0000'), 'character'],
  [inside('\u000b'), 'character'],
  [inside('\ufffe'), 'character'],
  [inside('\uffff'), 'character'],
  [inside('\ufffd \uffe0 \u007f \u0085 \u{1F600}'), 'good'],
]);

table('namespaces', [
  [inside('<a:b xmlns:a="urn:x"><a:c/></a:b>'), 'good'],
  [inside('<a:b/>'), 'namespace-prefix'],
  [inside('<b a:c=""/>'), 'namespace-prefix'],
  [inside('<a:b xmlns:a="urn:x"/><a:b/>'), 'namespace-prefix'],
  [inside('<a xmlns:p="u" xmlns:q="u" p:b="" q:b=""/>'), 'not-well-formed'],
  [inside('<a xmlns:p="u" xmlns:q="v" p:b="" q:b="" b=""/>'), 'good'],
  [inside('<a xmlns:p="u" xmlns:q="&#117;" p:b="" q:b=""/>'), 'not-well-formed'],
  [inside('<a xmlns="u" xmlns="v"/>'), 'not-well-formed'],
  [inside('<a xmlns:p="u" xmlns:p="v"/>'), 'not-well-formed'],
  [inside('<a xmlns:p=""/>'), 'not-well-formed'],
  [inside('<a xmlns=""><b/></a>'), 'good'],
  [inside('<a xml:lang="de" xml:space="preserve"/>'), 'good'],
  [inside('<xml:a/>'), 'good'],
  [inside('<xmlns:a/>'), 'namespace-prefix'],
  [inside('<a xmlns:xmlns="u"/>'), 'not-well-formed'],
  [inside('<a xmlns:xml="http://www.w3.org/XML/1998/namespace"/>'), 'good'],
  [inside('<a xmlns:xml="u"/>'), 'not-well-formed'],
  [inside('<a xmlns:b="http://www.w3.org/XML/1998/namespace"/>'), 'not-well-formed'],
  [inside('<a xmlns="http://www.w3.org/XML/1998/namespace"/>'), 'not-well-formed'],
  [inside('<a xmlns:b="http://www.w3.org/2000/xmlns/"/>'), 'not-well-formed'],
  [inside('<a:b:c xmlns:a="u"/>'), 'not-well-formed'],
  [inside('<:a/>'), 'not-well-formed'],
  [inside('<a:/>'), 'not-well-formed'],
  [inside('<a:1 xmlns:a="u"/>'), 'not-well-formed'],
  [inside('<a xmlns:="u"/>'), 'not-well-formed'],
]);

describe('input that merely ends too early', () => {
  const whole = [
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<?pi x?><!-- c -->',
    '<!DOCTYPE IDMEF-Message PUBLIC "-//IETF//DTD" "idmef.dtd" [ ]>\n',
    '<i:IDMEF-Message xmlns:i="http://iana.org/idmef" version = \'1.0\'>\n<i:Alert messageid="é&amp;&#x41;">',
    '<i:Analyzer/><!-- - --><?a b?><i:AdditionalData type="xmltext"><i:xmltext><x y="1"/>été 名 \u{1F600} &gt; ]] ',
    '<![CDATA[ ]] ]]></i:xmltext ></i:AdditionalData></i:Alert>\n</i:IDMEF-Message  >',
  ].join('');
  const bytes = Buffer.from(whole);
  it('every proper prefix of a document is incomplete', () => {
    assert.equal(outcome(bytes), 'good');
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(outcome(bytes.subarray(0, length)), 'incomplete', `after ${length} bytes`);
    }
  });
  it('every proper prefix of a sample alert is incomplete, in every mode', () => {
    const sample = sampleAlert(2);
    const end = sample.lastIndexOf('>') + 1;
    for (let length = 0; length < end; length += 1) {
      for (const mode of ['strict', 'lenient', 'off'] as const) {
        const verdict = read(sample.subarray(0, length), mode);
        assert.ok(!verdict.readable && verdict.incomplete, `after ${length} bytes, ${mode}`);
      }
    }
    assert.ok(read(sample.subarray(0, end)).readable);
  });
  it('every proper prefix in UTF-16 is incomplete', () => {
    const text = `\ufeff<?xml version="1.0" encoding="UTF-16"?><IDMEF-Message ${root}><!-- \u{1F600} --></IDMEF-Message>`;
    const little = Buffer.from(text, 'utf16le');
    for (const utf16 of [little, Buffer.from(little).swap16()]) {
      assert.equal(outcome(utf16), 'good');
      for (let length = 0; length < utf16.length; length += 1) {
        assert.equal(outcome(utf16.subarray(0, length)), 'incomplete', `after ${length} bytes`);
      }
    }
  });
  it('says where it ends', () => {
    const verdict = read('<IDMEF-Message xmlns="http://iana.org/idmef">\n<Alert>\n <Source>\n');
    assert.ok(!verdict.readable);
    assert.equal(verdict.problem.path, '/IDMEF-Message/Alert[1]/Source[1]');
    assert.deepEqual([verdict.problem.line, verdict.problem.column], [4, 1]);
  });
});

describe('where a document is broken', () => {
  const rows: readonly (readonly [content: string, path: string, place: string])[] = [
    ['<Alert>\n<Source>\n  <a></b>', '/IDMEF-Message/Alert[1]/Source[1]/a', '5:6'],
    ['<Alert/>\n<Alert><Source a="1" a="2"/>', '/IDMEF-Message/Alert[2]', '4:22'],
    ['<Alert>é\u{1F600}&x;', '/IDMEF-Message/Alert[1]', '3:10'],
  ];
  for (const [content, path, place] of rows) {
    it(place, () => {
      const verdict = read(documentOf(content));
      assert.ok(!verdict.readable && !verdict.incomplete);
      assert.equal(verdict.problem.path, path);
      assert.equal(`${verdict.problem.line}:${verdict.problem.column}`, place);
    });
  }
});
