/** Typed values and prose rules: rule, path and place of each problem, errors and warnings. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AlertParts, alertDocument, briefs, problemsOf, read, time } from './documents.ts';

function check(rows: readonly (readonly [name: string, parts: AlertParts, ...expected: string[]])[]): void {
  for (const [name, parts, ...expected] of rows) {
    it(name, () => {
      assert.deepEqual(briefs(alertDocument(parts)), expected);
    });
  }
}

const source = (content: string, attributes = ''): AlertParts => ({
  sources: `<Source${attributes}>${content}</Source>`,
});
const service = (content: string, attributes = ''): AlertParts =>
  source(`<Service${attributes}>${content}</Service>`);
const file = (content: string, attributes = ' category="current"'): AlertParts => ({
  sources: `<Target><File${attributes}><name>n</name><path>p</path>${content}</File></Target>`,
});
const data = (type: string, content: string): AlertParts => ({
  rest: `<AdditionalData type="${type}"><${type}>${content}</${type}></AdditionalData>`,
});
const assessment = (content: string): AlertParts => ({ rest: `<Assessment>${content}</Assessment>` });
const address = (category: string, text: string): AlertParts =>
  source(`<Node><Address category="${category}"><address>${text}</address></Address></Node>`);

describe('attributes', () => {
  check([
    ['unknown', source('', ' foo="1"'), 'error unknown-attribute …/Source[1]/@foo foo="1"'],
    ['known elsewhere', source('', ' decoy="yes"'), 'error unknown-attribute …/Source[1]/@decoy decoy="'],
    ['of another namespace', source('', ' xmlns:v="urn:v" v:a="1"'), 'error E23 …/Source[1]/@v:a v:a="1"'],
    [
      'of our namespace, prefixed',
      source('', ' xmlns:i="http://iana.org/idmef" i:spoofed="no"'),
      'error unknown-attribute …/Source[1]/@i:spoofed i:spoof',
    ],
    [
      'missing',
      { classification: '<Classification/>' },
      'error missing-attribute …/Classification/@text <Classi',
    ],
    ['empty is not missing', { classification: '<Classification text=""/>' }],
    ['keyword', source('', ' spoofed="maybe"'), 'error bad-keyword …/Source[1]/@spoofed spoofed'],
    [
      'keyword in another case',
      source('', ' spoofed="Yes"'),
      'error bad-keyword …/Source[1]/@spoofed spoofed',
    ],
    ['empty keyword', source('', ' spoofed=""'), 'error bad-keyword …/Source[1]/@spoofed spoofed'],
    ['keyword with white space around it', source('', ' spoofed=" \n yes\t"')],
    ['keyword with a reference', source('', ' spoofed="y&#101;s"')],
    [
      'keyword with white space inside',
      source('', ' spoofed="y es"'),
      'error bad-keyword …/Source[1]/@spoofed spoofed',
    ],
    [
      'integer',
      service('<port>1</port>', ' ip_version="four"'),
      'error bad-integer …/Source[1]/Service/@ip_version ip_vers',
    ],
    ['integer with white space', service('<port>1</port>', ' ip_version=" 0x4 "')],
    [
      'integer out of range',
      service('<port>1</port>', ' ip_version="99"'),
      'warning number-range …/Source[1]/Service/@ip_version ip_vers',
    ],
    [
      'protocol number',
      service('<port>1</port>', ' iana_protocol_number="256"'),
      'warning number-range …/Source[1]/Service/@iana_protocol_number iana_pr',
    ],
    [
      'vlan',
      source('<Node><Address vlan-num="4096"><address>a</address></Address></Node>'),
      'warning number-range …/Source[1]/Node/Address[1]/@vlan-num vlan-nu',
    ],
    ['xml:lang', source('', ' xml:lang="de-CH" xml:space="preserve"')],
    ['no xml:lang', source('', ' xml:lang="d e"'), 'error bad-nmtoken …/Source[1]/@xml:lang xml:lan'],
    ['no xml:space', source('', ' xml:space="keep"'), 'error bad-keyword …/Source[1]/@xml:space xml:spa'],
    [
      'xml:id is not declared',
      source('', ' xml:id="a"'),
      'error unknown-attribute …/Source[1]/@xml:id xml:id=',
    ],
    [
      'xml: on Classification and Reference',
      {
        classification:
          '<Classification text="t" xml:lang="en"><Reference xml:space="default"><name>n</name><url>u</url></Reference></Classification>',
      },
    ],
    [
      'schema location',
      source('', ' xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="a"'),
      'error schema-location …/Source[1]/@x:schemaLocation x:schem',
    ],
    ['declarations are no attributes', source('', ' xmlns:v="urn:v" xmlns="http://iana.org/idmef"')],
  ]);
});

describe('data types in their elements', () => {
  const inData = (rule: string): string => `error ${rule} …/AdditionalData[1]/`;
  check([
    ['integer', data('integer', ' 0x10 ')],
    ['no integer', data('integer', ' ten '), `${inData('bad-integer')}integer ten </i`],
    ['real', data('real', '-567,89e-03')],
    ['no real', data('real', 'INF'), `${inData('bad-real')}real INF</re`],
    ['character, not trimmed', data('character', ' ')],
    ['character by reference', data('character', '&#x1F600;')],
    ['character in CDATA', data('character', '<![CDATA[<]]>')],
    ['no character', data('character', 'ab'), `${inData('bad-character')}character ab</cha`],
    ['none for a character', data('character', ''), `${inData('bad-character')}character <charac`],
    ['boolean', data('boolean', '\ntrue\n')],
    ['no boolean', data('boolean', 'TRUE'), `${inData('bad-boolean')}boolean TRUE</b`],
    ['byte', data('byte', 'QQ==')],
    ['two bytes', data('byte', 'QUI='), `${inData('bad-byte')}byte QUI=</b`],
    ['bytes', data('byte-string', 'QUJD\nQUI=')],
    ['no bytes', data('byte-string', 'QUJ'), `${inData('bad-byte-string')}byte-string QUJ</by`],
    ['date and time', data('date-time', '2000-03-09T15:31:07Z')],
    ['no date', data('date-time', '2001-02-29T15:31:07Z'), `${inData('bad-datetime')}date-time 2001-02`],
    ['stamp', data('ntpstamp', '0xbc72423b.0x00000000')],
    ['no stamp', data('ntpstamp', '0xbc72423b.0x0'), `${inData('bad-ntpstamp')}ntpstamp 0xbc724`],
    ['ports', data('portlist', ' 5-25,37 ')],
    ['no ports', data('portlist', '5 25'), `${inData('bad-portlist')}portlist 5 25</p`],
    ['string', data('string', '')],
    ['with a comment inside', data('integer', '1<!-- 2 -->3')],
    ['with an instruction inside', data('integer', '<?a b?> 1 ')],
    ['by references', data('date-time', '2000&#45;03-09T15:31:07&#x5A;')],
    ['empty', service('<port/>'), 'error bad-integer …/Source[1]/Service/port <port/>'],
    ['blank', service('<port> </port>'), 'error bad-integer …/Source[1]/Service/port <port> '],
    ['port', service('<port>65536</port>'), 'warning number-range …/Source[1]/Service/port 65536</'],
    ['negative port', service('<port>-1</port>'), 'warning number-range …/Source[1]/Service/port -1</por'],
    [
      'port list out of range',
      service('<portlist>1-70000</portlist>'),
      'warning number-range …/Source[1]/Service/portlist 1-70000',
    ],
    [
      'port list backwards',
      service('<portlist>25-5</portlist>'),
      'warning portlist-order …/Source[1]/Service/portlist 25-5</p',
    ],
    [
      'size of an overflow',
      { rest: '<OverflowAlert><program>p</program><size>1k</size><buffer>QQ==</buffer></OverflowAlert>' },
      'error bad-integer …/OverflowAlert/size 1k</siz',
    ],
    [
      'time of a file',
      file('<create-time>yesterday</create-time>'),
      'error bad-datetime …/Target[1]/File[1]/create-time yesterd',
    ],
  ]);
  it('every leaf of a heartbeat', () => {
    const document = alertDocument({}).replace(
      /<Alert>[^]*<\/Alert>/,
      `<Heartbeat><Analyzer/>${time}<HeartbeatInterval>ten</HeartbeatInterval></Heartbeat>`,
    );
    assert.deepEqual(briefs(document), ['error bad-integer /…/Heartbeat[1]/HeartbeatInterval ten</He']);
  });
  it('says what it wanted and got', () => {
    const [problem] = problemsOf(read(alertDocument(data('boolean', ' Y&amp;N\n'))));
    assert.deepEqual(problem, {
      level: 'error',
      rule: 'bad-boolean',
      section: '4.2.4.6',
      path: '/IDMEF-Message/Alert[1]/AdditionalData[1]/boolean',
      line: 7,
      column: 42,
      expected: 'true or false',
      got: '"Y&N"',
      text: 'the text of boolean is neither true nor false',
    });
  });
});

describe('times', () => {
  const head = (create: string): AlertParts => ({ head: `<Analyzer analyzerid="a"/>${create}` });
  const at = (stamp: string, text: string): AlertParts =>
    head(`<CreateTime ntpstamp="${stamp}">${text}</CreateTime>`);
  check([
    ['agree', at('0xbc72423b.0x00000000', '2000-03-09T15:31:07Z')],
    ['agree with white space', at(' 0xbc72423b.0x00000000 ', '\n2000-03-09T15:31:07Z\n')],
    ['E1: differ', at('0xbc72423f.0x00000000', '2000-03-09T15:31:07Z'), 'warning E1 …/CreateTime 2000-03'],
    ['E2: zero', at('0x00000000.0x00000000', '2000-03-09T15:31:07Z'), 'warning E2 …/CreateTime 2000-03'],
    [
      'bad stamp says nothing of E1',
      at('0xbc72423b.0x0', '2000-03-09T15:31:07Z'),
      'error bad-ntpstamp …/CreateTime/@ntpstamp ntpstam',
    ],
    [
      'bad text says nothing of E1',
      at('0xbc72423b.0x00000000', 'now'),
      'error bad-datetime …/CreateTime now</Cr',
    ],
    [
      'no stamp',
      head('<CreateTime>2000-03-09T15:31:07Z</CreateTime>'),
      'error missing-attribute …/CreateTime/@ntpstamp <Create',
    ],
    [
      'no stamp after one that differs',
      head(`${time}<DetectTime>2001-03-09T15:31:07Z</DetectTime>`),
      'error missing-attribute …/DetectTime/@ntpstamp <Detect',
    ],
    [
      'nothing',
      head('<CreateTime ntpstamp="0xbc72423b.0x00000000"/>'),
      'error bad-datetime …/CreateTime <Create',
    ],
  ]);
});

describe('prose rules', () => {
  const user = (attributes: string): AlertParts =>
    file(`<FileAccess><UserId${attributes}><name>n</name></UserId><Permission perms="read"/></FileAccess>`);
  const reference = (attributes: string): AlertParts => ({
    classification: `<Classification text="t"><Reference${attributes}><name>n</name><url>u</url></Reference></Classification>`,
  });
  const userPath = '…/Target[1]/File[1]/FileAccess[1]/UserId/@type';
  check([
    ['E7: ident with analyzerid', source('', ' ident="s1"')],
    [
      'E7: ident without analyzerid',
      { ...source('', ' ident="s1"'), analyzer: '' },
      'error E7 …/Source[1]/@ident ident="',
    ],
    [
      'E7: ident with analyzerid 0',
      { ...source('', ' ident="s1"'), analyzer: ' analyzerid="0"' },
      'error E7 …/Source[1]/@ident ident="',
    ],
    [
      'E7: once for a message',
      { ...source('', ' ident="s1"'), analyzer: '', classification: '<Classification ident="c1" text="t"/>' },
      'error E7 …/Source[1]/@ident ident="',
    ],
    ['E7: ident 0 is none', { ...source('', ' ident="0"'), analyzer: '' }],
    [
      'E7: the id of a nested analyzer does not count',
      { head: `<Analyzer><Analyzer analyzerid="x"/></Analyzer>${time}`, ...source('', ' ident="1"') },
      'error E7 …/Source[1]/@ident ident="',
    ],
    [
      'E7: idents before the analyzer',
      { head: time, sources: '<Source ident="1"/><Analyzer analyzerid="a"/>' },
      'error child-order … <Analyz',
    ],
    [
      'E6: same thing again',
      {
        sources:
          '<Source ident="1"><Node><name>n</name></Node></Source>\n<Source ident="1">\n <Node><name>n</name></Node>\n</Source>',
      },
    ],
    [
      'E6: another thing',
      {
        sources:
          '<Source ident="1"><Node><name>n</name></Node></Source><Source ident="1"><Node><name>m</name></Node></Source>',
      },
      'warning E6 …/Source[2]/@ident ident="',
    ],
    ['E6: another class', { sources: '<Source ident="1"><Node ident="1"><name>n</name></Node></Source>' }],
    ['E12: right', user(' type="other-privs"')],
    ['E12: another type', user(' type="current-user"'), `error E12 ${userPath} <UserId`],
    ['E12: the default', user(''), `error E12 ${userPath} <UserId`],
    ['E12: a wrong keyword is one problem', user(' type="boss"'), `error bad-keyword ${userPath} type="b`],
    ['E12: elsewhere any type', source('<User><UserId><name>n</name></UserId></User>')],
    ['E13: right', reference(' origin="vendor-specific" meaning="m"')],
    [
      'E13: another origin',
      reference(' origin="cve" meaning="m"'),
      'error E13 …/Classification/Reference[1]/@meaning meaning',
    ],
    [
      'E13: the default',
      reference(' meaning="m"'),
      'error E13 …/Classification/Reference[1]/@meaning meaning',
    ],
    ['E14: right', assessment('<Confidence>0.5</Confidence>')],
    ['E14: comma', assessment('<Confidence rating="numeric"> 1,0 </Confidence>')],
    ['E14: too much', assessment('<Confidence>75</Confidence>'), 'error E14 …/Assessment/Confidence 75</Con'],
    [
      'E14: negative',
      assessment('<Confidence>-0.1</Confidence>'),
      'error E14 …/Assessment/Confidence -0.1</C',
    ],
    [
      'E14: no number',
      assessment('<Confidence>sure</Confidence>'),
      'error E14 …/Assessment/Confidence sure</C',
    ],
    ['E14: empty', assessment('<Confidence/>'), 'error E14 …/Assessment/Confidence <Confid'],
    ['E14: rated', assessment('<Confidence rating="high"/>')],
    [
      'E14: rated, with text',
      assessment('<Confidence rating="high">x</Confidence>'),
      'warning confidence-text …/Assessment/Confidence x</Conf',
    ],
    ['E15: right', { rest: '<AdditionalData><string>s</string></AdditionalData>' }],
    [
      'E15: another type',
      { rest: '<AdditionalData type="real"><integer>1</integer></AdditionalData>' },
      'error E15 …/AdditionalData[1] <intege',
    ],
    [
      'E15: the default',
      { rest: '<AdditionalData><integer>1</integer></AdditionalData>' },
      'error E15 …/AdditionalData[1] <intege',
    ],
    ['C7: registered', file('', ' category="current" fstype="ntfs"')],
    [
      'C7: not registered',
      file('', ' category="current" fstype="tmpfs"'),
      'warning fstype …/Target[1]/File[1]/@fstype fstype=',
    ],
    ['address', address('ipv4-addr', '192.0.2.1')],
    ['address with white space', address('ipv6-addr', '\n::1\n')],
    [
      'no address',
      address('ipv4-addr', '/10.0.0.2'),
      'warning address-format …/Source[1]/Node/Address[1]/address /10.0.0',
    ],
    ['address of no format', address('mac', 'whatever')],
  ]);
});
