/**
 * Each rule by which a message enters Prelude's model, on the smallest message that needs it: what is said, what moves
 * where, and that it comes back.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { xmlLimits } from '../../../src/core/limits.ts';
import { carry } from '../../../src/idmef/prelude/carry.ts';
import { carryRules } from '../../../src/idmef/prelude/carry-rules.ts';
import { objectsOf } from '../../../src/idmef/prelude/kinds.ts';
import type { PreludeObject, PreludeValue } from '../../../src/idmef/prelude/model.ts';
import { rfcMessage } from '../../../src/idmef/prelude/rfc-message.ts';
import { leniencies } from '../../../src/idmef/repair.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import { projectRoot } from '../project-root.ts';
import { alert, type AlertParts } from '../sample.ts';

type Parts = Partial<AlertParts>;

function at(object: PreludeObject, path: string): PreludeValue | undefined {
  let value: PreludeValue | undefined = object;
  for (const step of path.split('.')) {
    if (typeof value !== 'object') return undefined;
    if (Array.isArray(value)) value = (value as readonly PreludeObject[])[Number(step)];
    else value = 'class' in value ? value.fields[step] : undefined;
  }
  return value;
}

/** Meaning and data of what stands in AdditionalData of our own. */
function movedIn(message: PreludeObject): Record<string, PreludeValue | undefined> {
  return Object.fromEntries(
    objectsOf(message.fields['additional_data']).flatMap(({ fields }) => {
      const { meaning, data } = fields;
      return typeof meaning === 'string' && meaning.startsWith('idmef-relay: ')
        ? [[meaning.slice(13), data]]
        : [];
    }),
  );
}

const file = (attributes: string, more = '', category = 'category="current"'): Parts => ({
  target: `<Target/><Target><File ${category} ${attributes}><name>n</name><path>p</path>${more}</File></Target>`,
});
const process = (more: string): Parts => ({
  source: `<Source><Process><name>n</name>${more}</Process></Source>`,
});
const assessment = (content: string): Parts => ({ assessment: `<Assessment>${content}</Assessment>` });
const detected = (text: string, stamp: string): Parts => ({
  times: `<DetectTime ntpstamp="${stamp}">${text}</DetectTime>`,
});
const linked = (depth: number): string =>
  depth === 0
    ? ''
    : `<Linkage category="stream"><File category="current" ident="f"><name>d${depth}</name><path/>${linked(depth - 1)}</File></Linkage>`;

interface Case {
  readonly parts: Parts;
  /** Rule and path of each change. */
  readonly changes: readonly string[];
  readonly moved?: Record<string, string | undefined>;
  readonly fields?: Record<string, PreludeValue | undefined>;
}

const second = (text: string): number => Date.parse(text) / 1000;

const cases: Readonly<Record<string, Case>> = {
  'a file system without a name in Prelude': {
    parts: file('fstype="ext4"'),
    changes: ['fstype Target[2]/File/@fstype'],
    moved: { 'Target[2]/File/@fstype (fstype)': 'ext4' },
    fields: { 'target.1.file.0.fstype': undefined, 'target.1.file.0.category': 'current' },
  },
  'one that has a name': {
    parts: file('fstype="ntfs"'),
    changes: [],
    fields: { 'target.1.file.0.fstype': 'ntfs' },
  },
  'numbers in other spellings are the same numbers': {
    parts: {
      source:
        '<Source><Service ip_version=" 4 "><port>+0080</port></Service></Source>' +
        '<Source><Process><name>n</name><pid>0x1F</pid></Process></Source>' +
        '<Source><Service><port>-0</port></Service></Source>',
    },
    changes: [],
    fields: {
      'source.0.service.port': 80,
      'source.0.service.ip_version': 4,
      'source.1.process.pid': 31,
      'source.2.service.port': 0,
    },
  },
  'the largest numbers': {
    parts: {
      ...file('', '<data-size>18446744073709551615</data-size><disk-size>0x00ffffffffffffffff</disk-size>'),
      ...process('<pid>4294967295</pid>'),
    },
    changes: [],
    fields: {
      'target.1.file.0.data_size': 18_446_744_073_709_551_615n,
      'target.1.file.0.disk_size': 0xffff_ffff_ffff_ffffn,
      'source.0.process.pid': 4_294_967_295,
    },
  },
  'numbers beyond their field': {
    parts: {
      ...file('', '<data-size>18446744073709551616</data-size><disk-size>-1</disk-size>'),
      ...process('<pid>4294967296</pid>'),
    },
    changes: [
      'number Source/Process/pid',
      'number Target[2]/File/data-size',
      'number Target[2]/File/disk-size',
    ],
    moved: {
      'Source/Process/pid (number)': '4294967296',
      'Target[2]/File/data-size (number)': '18446744073709551616',
      'Target[2]/File/disk-size (number)': '-1',
    },
    fields: { 'source.0.process.pid': undefined },
  },
  'a confidence with a comma': {
    parts: assessment('<Confidence>0,35</Confidence>'),
    changes: [],
    fields: { 'assessment.confidence.confidence': Math.fround(0.35) },
  },
  'a confidence that is a word': {
    parts: assessment('<Confidence rating="low">so so</Confidence>'),
    changes: ['confidence Assessment/Confidence'],
    moved: { 'Assessment/Confidence (confidence)': 'so so' },
    fields: { 'assessment.confidence.confidence': undefined },
  },
  'a confidence finer than a float': {
    parts: assessment('<Confidence>0.123456789</Confidence>'),
    changes: ['confidence Assessment/Confidence'],
    moved: { 'Assessment/Confidence (confidence)': '0.123456789' },
    fields: { 'assessment.confidence.confidence': Math.fround(0.123_456_789) },
  },
  'a time before 1970': {
    parts: file('', '<create-time>1969-12-31T23:59:59Z</create-time>'),
    changes: ['time-range Target[2]/File/create-time'],
    moved: { 'Target[2]/File/create-time (time-range)': '1969-12-31T23:59:59Z' },
    fields: { 'target.1.file.0.create_time': undefined },
  },
  'a time before 1970 by its offset alone': {
    parts: file('', '<create-time>1970-01-01T00:59:59+01:00</create-time>'),
    changes: ['time-range Target[2]/File/create-time'],
    moved: { 'Target[2]/File/create-time (time-range)': '1970-01-01T00:59:59+01:00' },
  },
  'the last second': {
    parts: file('', '<modify-time>2106-02-07T06:28:15.999999Z</modify-time>'),
    changes: [],
    fields: {
      'target.1.file.0.modify_time': { seconds: 4_294_967_295, microseconds: 999_999, offsetSeconds: 0 },
    },
  },
  'the second after it': {
    parts: file('', '<modify-time>2106-02-07T06:28:16Z</modify-time>'),
    changes: ['time-range Target[2]/File/modify-time'],
    moved: { 'Target[2]/File/modify-time (time-range)': '2106-02-07T06:28:16Z' },
  },
  'a stamp out of range goes with its text': {
    parts: detected('1969-06-01T00:00:00Z', '0x82c2c180.0x00000000'),
    changes: ['time-range DetectTime'],
    moved: {
      'DetectTime (time-range)': '1969-06-01T00:00:00Z',
      'DetectTime/@ntpstamp (time-range)': '0x82c2c180.0x00000000',
    },
    fields: { detect_time: undefined },
  },
  'seven digits, the last a zero': {
    parts: file('', '<access-time>2024-05-06T07:08:09.1234560Z</access-time>'),
    changes: [],
    fields: {
      'target.1.file.0.access_time': {
        seconds: second('2024-05-06T07:08:09Z'),
        microseconds: 123_456,
        offsetSeconds: 0,
      },
    },
  },
  'seven digits that all count': {
    parts: file('', '<access-time>2024-05-06T07:08:09,1234569Z</access-time>'),
    changes: ['time-fraction Target[2]/File/access-time'],
    fields: {
      'target.1.file.0.access_time': {
        seconds: second('2024-05-06T07:08:09Z'),
        microseconds: 123_456,
        offsetSeconds: 0,
      },
    },
  },
  'midnight as hour 24, a negative half hour': {
    parts: file('', '<access-time>2024-02-28T24:00:00-03:30</access-time>'),
    changes: [],
    fields: {
      'target.1.file.0.access_time': {
        seconds: second('2024-02-29T03:30:00Z'),
        microseconds: 0,
        offsetSeconds: -12_600,
      },
    },
  },
  'a leap second': {
    parts: file('', '<access-time>2016-12-31T23:59:60Z</access-time>'),
    changes: ['leap-second Target[2]/File/access-time'],
    fields: {
      'target.1.file.0.access_time': {
        seconds: second('2017-01-01T00:00:00Z'),
        microseconds: 0,
        offsetSeconds: 0,
      },
    },
  },
  'a stamp that says another time': {
    parts: detected('2000-03-09T10:01:20+01:00', '0xbc71f4f5.0x80000000'),
    changes: ['time-stamp DetectTime'],
    moved: { 'DetectTime (time-stamp)': '2000-03-09T10:01:20+01:00' },
    fields: {
      detect_time: {
        seconds: second('2000-03-09T10:01:25Z'),
        microseconds: 500_000,
        offsetSeconds: 3600,
      },
    },
  },
  'a stamp that only says more': {
    parts: detected('2000-03-09T10:01:25Z', '0xbc71f4f5.0x80000000'),
    changes: [],
    fields: {
      detect_time: { seconds: second('2000-03-09T10:01:25Z'), microseconds: 500_000, offsetSeconds: 0 },
    },
  },
  'a stamp of zero is none': {
    parts: detected('2000-03-09T10:01:25Z', '0x00000000.0x00000000'),
    changes: [],
    fields: { detect_time: { seconds: second('2000-03-09T10:01:25Z'), microseconds: 0, offsetSeconds: 0 } },
  },
  languages: {
    parts: {
      source:
        '<Source xml:lang="de" xml:space="preserve"><Process><name>n</name><arg xml:lang="fr">a</arg></Process></Source>',
    },
    changes: ['language Source/@xml:lang', 'language Source/Process/arg/@xml:lang'],
    moved: { 'Source/@xml:lang (language)': 'de', 'Source/Process/arg/@xml:lang (language)': 'fr' },
  },
  'empty items of lists': {
    parts: {
      ...process('<arg>a</arg><arg/><arg>c</arg><env/>'),
      special: '<CorrelationAlert><name>x</name><alertident/><alertident>2</alertident></CorrelationAlert>',
    },
    changes: [
      'empty-item Source/Process/arg[2]',
      'empty-item Source/Process/env',
      'empty-item CorrelationAlert/alertident[1]',
    ],
    moved: {
      'CorrelationAlert/alertident[1] (empty-item)': undefined,
      'Source/Process/arg[2] (empty-item)': undefined,
      'Source/Process/env (empty-item)': undefined,
    },
    fields: { 'source.0.process.arg': ['a', 'c'] },
  },
  'both kinds of service': {
    parts: {
      target:
        '<Target><Service><name>s</name><SNMPService><oid>1.3</oid></SNMPService>' +
        '<WebService><url>u</url><arg>1</arg><arg/></WebService></Service></Target>',
    },
    changes: ['two-services Target/Service/WebService'],
    moved: {
      'Target/Service/WebService/url (two-services)': 'u',
      'Target/Service/WebService/arg[1] (two-services)': '1',
      'Target/Service/WebService/arg[2] (two-services)': undefined,
    },
    fields: { 'target.0.service.web_service': undefined, 'target.0.service.snmp_service.oid': '1.3' },
  },
  'a file below the fourth linkage': {
    parts: {
      target: `<Target><File category="current"><name>n</name><path>p</path>${linked(4)}</File></Target>`,
    },
    changes: ['nested-file Target/File/Linkage/File/Linkage/File/Linkage/File/Linkage/File'],
    moved: {
      'Target/File/Linkage/File/Linkage/File/Linkage/File/Linkage/File/@category (nested-file)': 'current',
      'Target/File/Linkage/File/Linkage/File/Linkage/File/Linkage/File/@ident (nested-file)': 'f',
      'Target/File/Linkage/File/Linkage/File/Linkage/File/Linkage/File/name (nested-file)': 'd1',
      'Target/File/Linkage/File/Linkage/File/Linkage/File/Linkage/File/path (nested-file)': undefined,
    },
  },
  'nested analyzers, one without anything': {
    parts: { analyzer: '<Analyzer analyzerid="a1"><Analyzer><Analyzer name="x"/></Analyzer></Analyzer>' },
    changes: [],
    fields: {
      analyzer: [
        { class: 'analyzer', fields: { analyzerid: 'a1' } },
        { class: 'analyzer', fields: { analyzerid: '0' } },
        { class: 'analyzer', fields: { name: 'x' } },
      ],
    },
  },
  'nested analyzers, one with nothing but an empty process': {
    parts: {
      analyzer:
        '<Analyzer analyzerid="a1"><Analyzer><Process><name/></Process><Analyzer name="x"/></Analyzer></Analyzer>',
    },
    changes: [],
    fields: {
      analyzer: [
        { class: 'analyzer', fields: { analyzerid: 'a1' } },
        { class: 'analyzer', fields: { process: { class: 'process', fields: {} }, analyzerid: '0' } },
        { class: 'analyzer', fields: { name: 'x' } },
      ],
    },
  },
  'every type of data': {
    parts: {
      data:
        '<AdditionalData meaning="s"><string> s </string></AdditionalData>' +
        '<AdditionalData type="integer"><integer> 007 </integer></AdditionalData>' +
        '<AdditionalData type="ntpstamp"><ntpstamp>0xbc71f4f5.0xef449129</ntpstamp></AdditionalData>' +
        '<AdditionalData type="byte-string"><byte-string/></AdditionalData>' +
        '<AdditionalData type="character"><character> </character></AdditionalData>',
    },
    changes: [],
    fields: {
      'additional_data.0': {
        class: 'additional_data',
        fields: { type: 'string', meaning: 's', data: ' s ' },
      },
      'additional_data.1.data': '007',
      'additional_data.2.data': 0xbc71_f4f5_ef44_9129n,
      'additional_data.3': { class: 'additional_data', fields: { type: 'byte-string' } },
      'additional_data.4.data': ' ',
    },
  },
  'markup stands alone': {
    parts: {
      open: '<i:Alert xmlns:i="http://iana.org/idmef" xmlns="http://iana.org/idmef" xmlns:v="urn:v" messageid="m1">',
      classification: '<Classification text="x"/>',
      data: '<AdditionalData type="xmltext"><xmltext xmlns:w="urn:w">a &lt; b<v:x y="v:z"/><!-- c --><p xmlns:v="urn:other"/></xmltext></AdditionalData></i:Alert>',
    },
    changes: [],
    fields: {
      'additional_data.0.data':
        'a &lt; b<v:x xmlns:v="urn:v" xmlns:w="urn:w" y="v:z"/><!-- c -->' +
        '<p xmlns="http://iana.org/idmef" xmlns:w="urn:w" xmlns:v="urn:other"/>',
    },
  },
  'unset keywords are those of the RFC': {
    parts: { source: '<Source><User><UserId><name>n</name></UserId></User></Source>' },
    changes: [],
    fields: {
      'source.0.spoofed': 'unknown',
      'source.0.user.category': 'unknown',
      'source.0.user.user_id.0.type': 'original-user',
    },
  },
  'blank text of a class is none, that of a string is its own': {
    parts: assessment('<Impact severity="low">\n  </Impact><Action>\n block \n</Action>'),
    changes: [],
    fields: {
      'assessment.impact': { class: 'impact', fields: { severity: 'low', type: 'other' } },
      'assessment.action.0.description': '\n block \n',
    },
  },
};

function xmlOf({ open, ...parts }: Parts): string {
  const xml = alert(open === undefined ? parts : { open, ...parts });
  return open === undefined ? xml : xml.replace(/<\/Alert>$/, '');
}

describe('what a valid message becomes', () => {
  for (const [name, { parts, changes, moved = {}, fields = {} }] of Object.entries(cases)) {
    test(name, () => {
      const bytes = Buffer.from(xmlOf(parts));
      const verdict = validateElement(bytes);
      assert.ok(verdict.readable && verdict.valid, xmlOf(parts));
      const carried = carry(bytes);
      assert.ok(carried.ok);
      const { message } = carried;
      assert.deepEqual(
        carried.changes.map(({ rule, path }) => `${rule} ${path}`),
        changes,
      );
      assert.deepEqual(movedIn(message), moved);
      for (const [path, value] of Object.entries(fields)) assert.deepEqual(at(message, path), value, path);
      const back = rfcMessage(message);
      assert.deepEqual(
        carry(back),
        carried.changes.length === 0 ? carried : { ...carried, changes: again(back) },
      );
      for (const place of Object.keys(moved)) assert.ok(!back.includes(place), `${place} is back`);
    });
  }
});

function again(bytes: Uint8Array): unknown {
  const carried = carry(bytes);
  return carried.ok ? carried.changes : [];
}

const refusals: Readonly<Record<string, readonly [parts: Parts, ...reasons: string[]]>> = {
  'no time of creation': [{ createTime: '' }, 'create-time CreateTime'],
  'an unreadable one': [{ createTime: '<CreateTime>yesterday</CreateTime>' }, 'create-time CreateTime'],
  'one out of range': [
    { createTime: '<CreateTime ntpstamp="0x00000000.0x00000000">2200-01-01T00:00:00Z</CreateTime>' },
    'create-time CreateTime',
  ],
  'an unknown element': [{ source: '<Source><Port/></Source>' }, 'unknown-name Source/Port'],
  'an element of another namespace': [{ source: '<Source xmlns="urn:x"/>' }, 'unknown-name Source'],
  'an unknown attribute': [{ source: '<Source colour="red"/>' }, 'unknown-name Source/@colour'],
  'an unknown keyword': [{ source: '<Source spoofed="maybe"/>' }, 'keyword Source/@spoofed'],
  'an unknown permission': [
    file('', '<FileAccess><UserId><name>n</name></UserId><Permission perms="fly"/></FileAccess>'),
    'keyword Target[2]/File/FileAccess/Permission/@perms',
  ],
  'text among elements': [{ source: '<Source>here</Source>' }, 'structure Source'],
  'elements in a text': [
    { source: '<Source><Process><name>a<b/></name></Process></Source>' },
    'structure Source/Process/name/b',
  ],
  'two where one may be': [
    { source: '<Source><Node><name>a</name></Node><Node><name>b</name></Node></Source>' },
    'structure Source/Node[2]',
  ],
  'two kinds of alert': [
    {
      special:
        '<ToolAlert><name>t</name><alertident>1</alertident></ToolAlert>' +
        '<OverflowAlert><program>p</program></OverflowAlert>',
    },
    'structure OverflowAlert',
  ],
  'two chains of analyzers': [{ analyzer: '<Analyzer/><Analyzer/>' }, 'structure Analyzer[2]'],
  'data without its element': [
    { data: '<AdditionalData type="string">x</AdditionalData>' },
    'structure AdditionalData',
  ],
  'data with two': [
    { data: '<AdditionalData><string>x</string><string>y</string></AdditionalData>' },
    'structure AdditionalData',
  ],
  'more values to move than may be': [
    process('<arg/>'.repeat(xmlLimits.movedValues + 1)),
    `size Source/Process/arg[${xmlLimits.movedValues + 1}]`,
  ],
  'markup that grows beyond a message': [
    {
      data: `<AdditionalData type="xmltext"><xmltext xmlns:a="${'u'.repeat(50_000)}">${'<b/>'.repeat(100)}</xmltext></AdditionalData>`,
    },
    'size AdditionalData/xmltext',
  ],
};

describe('what cannot be held', () => {
  for (const [name, [parts, ...reasons]] of Object.entries(refusals)) {
    test(name, () => {
      const carried = carry(Buffer.from(xmlOf(parts)));
      assert.ok(!carried.ok);
      assert.deepEqual(
        carried.reasons.map(({ rule, path }) => `${rule} ${path}`),
        reasons,
      );
    });
  }
});

const invalid: Readonly<Record<string, Case>> = {
  'a time that is none, beside a stamp': {
    parts: detected('yesterday', '0xbc71f4f5.0x00000000'),
    changes: ['time-unreadable DetectTime'],
    moved: { 'DetectTime (time-unreadable)': 'yesterday' },
    fields: { detect_time: { seconds: second('2000-03-09T10:01:25Z'), microseconds: 0, offsetSeconds: 0 } },
  },
  'a stamp that is none, beside a time': {
    parts: detected('2000-03-09T10:01:25Z', 'never'),
    changes: ['time-unreadable DetectTime'],
    moved: { 'DetectTime/@ntpstamp (time-unreadable)': 'never' },
    fields: { detect_time: { seconds: second('2000-03-09T10:01:25Z'), microseconds: 0, offsetSeconds: 0 } },
  },
  'a number that is none': {
    parts: process('<pid>4 or 5</pid>'),
    changes: ['number Source/Process/pid'],
    moved: { 'Source/Process/pid (number)': '4 or 5' },
  },
  'data of another type': {
    parts: { data: '<AdditionalData type="real"><integer>1</integer></AdditionalData>' },
    changes: ['data-type AdditionalData/@type'],
    moved: { 'AdditionalData/@type (data-type)': 'real' },
    fields: { 'additional_data.0.type': 'integer' },
  },
  'a stamp in data that is none': {
    parts: { data: '<AdditionalData type="ntpstamp"><ntpstamp>now</ntpstamp></AdditionalData>' },
    changes: ['data-type AdditionalData/ntpstamp'],
    fields: { 'additional_data.0.type': 'string', 'additional_data.0.data': 'now' },
  },
  'no Analyzer, no Classification': {
    parts: { analyzer: '', classification: '' },
    changes: [],
    fields: { analyzer: undefined, classification: undefined },
  },
};

describe('what an invalid message becomes', () => {
  for (const [name, { parts, changes, moved = {}, fields = {} }] of Object.entries(invalid)) {
    test(name, () => {
      const bytes = Buffer.from(xmlOf(parts));
      const verdict = validateElement(bytes);
      assert.ok(verdict.readable && !verdict.valid);
      const carried = carry(bytes);
      assert.ok(carried.ok);
      assert.deepEqual(
        carried.changes.map(({ rule, path }) => `${rule} ${path}`),
        changes,
      );
      assert.deepEqual(movedIn(carried.message), moved);
      for (const [path, value] of Object.entries(fields))
        assert.deepEqual(at(carried.message, path), value, path);
    });
  }
});

test('hundreds of cases are not listed one by one', () => {
  const carried = carry(Buffer.from(xmlOf(process('<arg/>'.repeat(1000)))));
  assert.ok(carried.ok);
  assert.equal(carried.changes.length, xmlLimits.problemsPerMessage);
  assert.equal(carried.changes.at(-1)?.rule, 'more-changes');
  assert.equal(objectsOf(carried.message.fields['additional_data']).length, 1000);
});

test('every rule has a case, and no name is a leniency too', () => {
  const named = new Set(
    [
      ...[...Object.values(cases), ...Object.values(invalid)].flatMap(({ changes }) => changes),
      ...Object.values(refusals).flatMap(([, ...reasons]) => reasons),
    ].map((each) => each.split(' ')[0]),
  );
  assert.deepEqual(
    Object.keys(carryRules).filter((rule) => !named.has(rule)),
    ['more-changes'],
  );
  assert.deepEqual(
    leniencies.filter(({ name }) => Object.hasOwn(carryRules, name)),
    [],
  );
});

test('a meaning that looks like ours but has no place stays what it is', () => {
  const meanings = [
    'Source/Node/name (number)',
    'Source[7]/@xml:lang (language)',
    'Source/@colour (language)',
    'Nowhere/name (two-services)',
    'Source/Process/arg[9] (empty-item)',
    'Classification/@text (fstype)',
    '@messageid (language)',
    'Source/Process/name (incomplete-part)',
  ];
  const data = meanings
    .map((meaning) => `<AdditionalData meaning="idmef-relay: ${meaning}"><string>x</string></AdditionalData>`)
    .join('');
  const bytes = Buffer.from(xmlOf({ source: '<Source><Node><name>n</name></Node></Source>', data }));
  const carried = carry(bytes);
  assert.ok(carried.ok);
  const back = rfcMessage(carried.message);
  const verdict = validateElement(back);
  assert.ok(verdict.readable && verdict.valid, back.toString());
  for (const meaning of meanings) assert.ok(back.includes(`idmef-relay: ${meaning}`), meaning);
});

test('the table of rules in ARCHITECTURE.md is that of the code', () => {
  const text = readFileSync(join(projectRoot(), 'ARCHITECTURE.md'), 'utf8');
  const section = text.slice(text.indexOf('\n## Prelude\n'));
  const rows = section
    .slice(0, section.indexOf('\n## ', 1))
    .matchAll(/^\| `([a-z-]+)` +\| (\w+) +\| (.*?) +\|$/gm);
  assert.deepEqual(
    [...rows].map(([, name, effect, meaning]) => [name, effect, meaning]),
    Object.entries(carryRules).map(([name, { effect, meaning }]) => [name, effect, meaning]),
  );
});
