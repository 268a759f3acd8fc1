/** Structure and attributes against the DTD: rule, section, path and place of each problem. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AlertParts, alertDocument, briefs, documentOf, problemsOf, read, time } from './documents.ts';

function check(rows: readonly (readonly [name: string, parts: AlertParts, ...expected: string[]])[]): void {
  for (const [name, parts, ...expected] of rows) {
    it(name, () => {
      assert.deepEqual(briefs(alertDocument(parts)), expected);
    });
  }
}

const target = (content: string): AlertParts => ({ sources: `<Target>${content}</Target>` });
const data = (content: string): AlertParts => ({ rest: `<AdditionalData>${content}</AdditionalData>` });
const node = '<Node><name>n</name></Node>';

describe('children that are missing', () => {
  check([
    ['nothing is', {}],
    ['the classification', { classification: '' }, 'error missing-child … <Alert>'],
    ['the analyzer', { head: time }, 'error missing-child … <Alert>'],
    [
      'everything',
      { head: '', classification: '' },
      'error missing-child … <Alert>',
      'error missing-child … <Alert>',
      'error missing-child … <Alert>',
    ],
    [
      'the name of a process',
      target('<Process><pid>1</pid></Process>'),
      'error missing-child …/Target[1]/Process <Proces',
    ],
    ['name or address of a node', target('<Node/>'), 'error missing-child …/Target[1]/Node <Node/>'],
    [
      'the same after a location',
      target('<Node><location>l</location></Node>'),
      'error missing-child …/Target[1]/Node <Node><',
    ],
    [
      'a service with protocol only',
      target('<Service><protocol>p</protocol></Service>'),
      'error missing-child …/Target[1]/Service <Servic',
    ],
    ['a user without ids', target('<User/>'), 'error missing-child …/Target[1]/User <User/>'],
    [
      'a third of an inode',
      target(
        '<File category="current"><name>n</name><path>p</path><Inode><number>1</number><minor-device>1</minor-device></Inode></File>',
      ),
      'error missing-child …/Target[1]/File[1]/Inode <Inode>',
    ],
    ['additional data', data(''), 'error missing-child …/AdditionalData[1] <Additi'],
    [
      'alertident',
      { rest: '<CorrelationAlert><name>n</name></CorrelationAlert>' },
      'error missing-child …/CorrelationAlert <Correl',
    ],
  ]);
  it('says what could stand there', () => {
    const [problem] = problemsOf(read(alertDocument(target('<Service><protocol>p</protocol></Service>'))));
    assert.equal(problem?.expected, 'name, port or portlist');
    assert.equal(problem.got, 'protocol');
    assert.equal(problem.section, '4.2.7.5');
    assert.equal(problem.text, 'Service needs name, port or portlist');
  });
});

describe('children that are too many', () => {
  check([
    [
      'two classifications',
      { classification: '<Classification text="a"/><Classification text="b"/>' },
      'error too-many …/Classification[2] <Classi',
    ],
    [
      'two analyzers in one',
      { head: `<Analyzer analyzerid="a"><Analyzer/><Analyzer/></Analyzer>${time}` },
      'error too-many …/Analyzer/Analyzer[2] <Analyz',
    ],
    [
      'two values',
      data('<string>a</string><string>b</string><string>c</string>'),
      'error too-many …/AdditionalData[1]/string[2] <string',
      'error too-many …/AdditionalData[1]/string[3] <string',
    ],
    [
      'two kinds of alert',
      {
        rest: '<ToolAlert><name>n</name><alertident>1</alertident></ToolAlert><OverflowAlert><program>p</program></OverflowAlert>',
      },
      'error exclusive-child …/OverflowAlert <Overfl',
    ],
    [
      'port and portlist',
      target('<Service><port>1</port><portlist>1</portlist></Service>'),
      'error exclusive-child …/Target[1]/Service/portlist <portli',
    ],
  ]);
});

describe('children in the wrong order', () => {
  check([
    ['time before analyzer', { head: `${time}<Analyzer analyzerid="a"/>` }, 'error child-order … <Analyz'],
    [
      'source after classification',
      { classification: '<Classification text="t"/><Source/>' },
      'error child-order … <Source',
    ],
    [
      'only one problem for many',
      {
        head: `${time}<Analyzer analyzerid="a"/>`,
        classification: '<Assessment/><Classification text="t"/><Source/>',
      },
      'error child-order … <Analyz',
    ],
    ['port and name may change places', target('<Service><port>1</port><name>n</name></Service>')],
    ['name after number of a user', target('<User><UserId><number>1</number><name>n</name></UserId></User>')],
    [
      'protocol first',
      target('<Service><protocol>p</protocol><port>1</port></Service>'),
      'error child-order …/Target[1]/Service <port>1',
    ],
    [
      'missing and out of order',
      { head: '<Analyzer analyzerid="a"/>', classification: '<Classification text="t"/><Source/>' },
      'error missing-child … <Alert>',
      'error child-order … <Source',
    ],
    [
      'address before name',
      target('<Node><Address><address>a</address></Address><name>n</name></Node>'),
      'error child-order …/Target[1]/Node <name>n',
    ],
  ]);
  it('says the order that would do', () => {
    const [problem] = problemsOf(read(alertDocument({ head: `${time}<Analyzer analyzerid="a"/>` })));
    assert.equal(problem?.expected, 'Analyzer, CreateTime, Classification');
    assert.equal(problem.got, 'CreateTime, Analyzer, Classification');
  });
});

describe('children that cannot stand there', () => {
  check([
    [
      'unknown, and not looked into',
      { sources: '<Foo bar="1"><Analyzer/>text<Bar/></Foo>' },
      'error unknown-element …/Foo <Foo ba',
    ],
    [
      'unknown ones are numbered from the second on',
      { sources: '<Foo/><Foo/>' },
      'error unknown-element …/Foo <Foo/><',
      'error unknown-element …/Foo[2] <Foo/>',
    ],
    [
      'known, but not here',
      { sources: '<Source><Address category="x"/></Source>' },
      'error unexpected-child …/Source[1]/Address <Addres',
    ],
    [
      'permission in lower case is of no use',
      target(
        '<File category="current"><name>n</name><path>p</path><FileAccess><UserId type="user-privs"><name>n</name></UserId><permission perms="read"/></FileAccess></File>',
      ),
      'error missing-child …/Target[1]/File[1]/FileAccess[1] <FileAc',
      'error unexpected-child …/Target[1]/File[1]/FileAccess[1]/permission <permis',
    ],
    [
      'an element in a text',
      { sources: `<Source>${node.replace('n<', '<b/>n<')}</Source>` },
      'error unknown-element …/Source[1]/Node/name/b <b/>n</',
    ],
    [
      'a known element in a number',
      target('<Service><port><name/></port></Service>'),
      'error unexpected-child …/Target[1]/Service/port/name <name/>',
    ],
    ['a message in a message', { rest: '<Alert/>' }, 'error unexpected-child …/Alert <Alert/'],
    ['text between elements', { sources: 'hello' }, 'error unexpected-text … hello'],
    [
      'CDATA of white space between elements',
      { sources: '<![CDATA[ ]]>' },
      'error unexpected-text … <![CDAT',
    ],
    ['a reference to white space between elements', { sources: '&#32;' }, 'error unexpected-text … &#32;'],
    ['comments and instructions may', { sources: '<!-- a --><?b c?>' }],
  ]);
  const permission = (content: string): AlertParts =>
    target(
      `<File category="current"><name>n</name><path>p</path><FileAccess><UserId type="user-privs"><name>n</name></UserId>${content}</FileAccess></File>`,
    );
  const path = '…/Target[1]/File[1]/FileAccess[1]/Permission[1]';
  check([
    ['empty is empty', permission('<Permission perms="read"/><Permission perms="write"></Permission>')],
    [
      'not even white space',
      permission('<Permission perms="read"> </Permission>'),
      `error not-empty ${path}  </Perm`,
    ],
    [
      'not even a comment',
      permission('<Permission perms="read"><!-- --></Permission>'),
      `error not-empty ${path} <!-- --`,
    ],
    ['text', permission('<Permission perms="read">x</Permission>'), `error not-empty ${path} x</Perm`],
    [
      'an element, once',
      permission('<Permission perms="read"><a/></Permission>'),
      `error unknown-element ${path}/a <a/></P`,
    ],
  ]);
});

describe('xmltext', () => {
  const xmltext = (content: string): AlertParts => ({
    rest: `<AdditionalData type="xmltext"><xmltext>${content}</xmltext></AdditionalData>`,
  });
  check([
    [
      'anything well-formed',
      xmltext('a<b c="1"/><v:x xmlns:v="urn:v" v:y="2">&lt;</v:x><Alert/><![CDATA[ ]]>'),
    ],
    ['with other namespaces', xmltext('<a xmlns="urn:x"><b><name/></b></a>')],
    [
      'and what follows is looked at again',
      { rest: `${xmltext('<a/>').rest ?? ''}<Foo/>` },
      'error unknown-element …/Foo <Foo/>',
    ],
  ]);
});

describe('namespaces', () => {
  const wrapped = (root: string, content: string): readonly string[] =>
    briefs(`<?xml version="1.0"?>\n<${root}>\n${content}\n</${root.split(' ')[0] ?? ''}>`);
  const alert = (prefix: string, attributes = ''): string =>
    `<${prefix}Alert${attributes}><${prefix}Analyzer/>${time.replaceAll('CreateTime', `${prefix}CreateTime`)}<${prefix}Classification text="t"/></${prefix}Alert>`;
  const rfc = 'xmlns:i="http://iana.org/idmef"';
  const rows: readonly (readonly [name: string, got: readonly string[], ...expected: string[]])[] = [
    ['any prefix', wrapped(`i:IDMEF-Message ${rfc}`, alert('i:'))],
    ['prefix and default mixed', wrapped(`i:IDMEF-Message ${rfc} xmlns="http://iana.org/idmef"`, alert(''))],
    [
      'declared on the message',
      wrapped(`i:IDMEF-Message ${rfc}`, alert('j:', ' xmlns:j="http://iana.org/idmef"')),
    ],
    [
      'none at all',
      wrapped('IDMEF-Message', alert('')),
      'error namespace /… <IDMEF-',
      'error namespace … <Alert>',
    ],
    [
      'the 2004 draft',
      wrapped('IDMEF-Message xmlns="urn:iana:xml:ns:idmef"', alert('')),
      'error namespace /… <IDMEF-',
      'error namespace … <Alert>',
    ],
    [
      'none inside an RFC root is the message alone',
      wrapped(`i:IDMEF-Message ${rfc}`, alert('')),
      'error namespace … <Alert>',
    ],
    [
      'each message has its own',
      wrapped(`i:IDMEF-Message ${rfc}`, alert('') + alert('')),
      'error namespace … <Alert>',
      'error namespace /…/Alert[2] <Alert>',
    ],
    [
      'a part in none',
      wrapped(`i:IDMEF-Message ${rfc}`, alert('i:').replace('<i:Analyzer/>', '<Analyzer/>')),
      'error namespace …/Analyzer <Analyz',
    ],
    [
      'a foreign part',
      wrapped(
        `i:IDMEF-Message ${rfc}`,
        alert('i:').replace('</i:Alert>', '<x:Foo xmlns:x="urn:x"/></i:Alert>'),
      ),
      'error E23 …/Foo <x:Foo ',
    ],
    [
      'a foreign part that sounds like ours',
      wrapped(
        `i:IDMEF-Message ${rfc}`,
        alert('i:').replace('<i:Analyzer/>', '<i:Analyzer/><x:Analyzer xmlns:x="urn:x"/>'),
      ),
      'error E23 …/Analyzer[2] <x:Anal',
    ],
    [
      'a foreign message',
      wrapped(`i:IDMEF-Message ${rfc} xmlns="urn:x"`, alert('')),
      'error unknown-message … <Alert>',
    ],
    [
      'an unknown message',
      wrapped(`i:IDMEF-Message ${rfc}`, '<i:Alarm><a></a></i:Alarm>'),
      'error unknown-message /…/Alarm <i:Alar',
    ],
    ['text beside messages', wrapped(`i:IDMEF-Message ${rfc}`, 'hello'), 'error unexpected-text /… hello'],
  ];
  for (const [name, got, ...expected] of rows) {
    it(name, () => {
      assert.deepEqual(got, expected);
    });
  }
});

describe('the document', () => {
  const rows: readonly (readonly [
    input: string,
    mode: 'strict' | 'lenient' | 'off',
    ...expected: string[],
  ])[] = [
    ['<IDMEF-Message xmlns="http://iana.org/idmef"/>', 'strict', 'warning xml-declaration / <IDMEF-'],
    ['<IDMEF-Message xmlns="http://iana.org/idmef"/>', 'off'],
    [documentOf(''), 'strict'],
    [documentOf('').replace('xmlns=', 'version="1.0" xmlns='), 'strict'],
    [documentOf('').replace('xmlns=', 'version="1.1" xmlns='), 'strict', 'error version /…/@version version'],
    [documentOf('').replace('xmlns=', 'version="0.1" xmlns='), 'off', 'error version / version'],
    [documentOf('').replace('xmlns=', 'foo="1" xmlns='), 'strict', 'error unknown-attribute /…/@foo foo="1"'],
    [
      documentOf('').replace('xmlns=', 'xml:lang="" xmlns='),
      'strict',
      'error bad-nmtoken /…/@xml:lang xml:lan',
    ],
    [
      documentOf('').replace('xmlns=', 'xml:space="x" xmlns='),
      'strict',
      'error bad-keyword /…/@xml:space xml:spa',
    ],
    [
      documentOf('').replace(
        'xmlns=',
        'xsi:schemaLocation="a b" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns=',
      ),
      'strict',
      'error schema-location /…/@xsi:schemaLocation xsi:sch',
    ],
    [
      documentOf('').replace(
        'xmlns=',
        'xsi:schemaLocation="a b" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns=',
      ),
      'lenient',
    ],
    [documentOf('').replaceAll('IDMEF-Message', 'IDMEF-Messages'), 'strict', 'error root / <IDMEF-'],
    [documentOf('').replace('iana.org/idmef', 'example.org'), 'strict', 'error root / <IDMEF-'],
    [documentOf('<Foo/>'), 'off', 'error unknown-message /… <Foo/>'],
    [documentOf('hello'), 'off', 'error unexpected-text /… hello'],
    [documentOf('<Alert xmlns="urn:x"/>'), 'off', 'error unknown-message /… <Alert '],
    [documentOf('<Alert bad="1"><bad/></Alert>'), 'off'],
  ];
  for (const [input, mode, ...expected] of rows) {
    it(`${mode}: ${input.split('\n').slice(-4, -1).join(' ').slice(0, 90) || input}`, () => {
      assert.deepEqual(briefs(input, mode), expected);
    });
  }
  it('a root with messages and leniencies of its own', () => {
    const verdict = read(
      '<IDMEF-Message xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a"/>',
      'lenient',
    );
    assert.ok(verdict.readable && verdict.valid);
    assert.deepEqual(verdict.leniencies, ['ns-none', 'schema-location']);
    assert.deepEqual(
      verdict.problems.map(({ level, rule, path, line, column }) => [level, rule, path, line, column]),
      [['warning', 'xml-declaration', '/', 1, 1]],
    );
  });
});

describe('many problems', () => {
  it('beyond 200 they are counted', () => {
    const verdict = read(alertDocument({ sources: '<Foo/>'.repeat(450) }));
    assert.ok(verdict.readable && !verdict.valid);
    const problems = verdict.messages[0]?.problems ?? [];
    assert.equal(problems.length, 201);
    const last = problems.at(-1);
    assert.equal(last?.rule, 'more-problems');
    assert.equal(last.path, '/IDMEF-Message/Alert[1]');
    assert.match(last.text, /^25[01] more problems are not listed$/);
  });
  it('are in the order of the document', () => {
    const parts = {
      alert: ' foo=""',
      sources: '<Foo/>',
      classification: '<Classification/>',
      rest: '<Bar/>',
    };
    const problems = problemsOf(read(alertDocument(parts)));
    assert.deepEqual(
      problems.map(({ rule, line, column }) => [rule, line, column]),
      [
        ['unknown-attribute', 3, 8],
        ['unknown-element', 5, 1],
        ['missing-attribute', 6, 1],
        ['unknown-element', 7, 1],
      ],
    );
  });
});
