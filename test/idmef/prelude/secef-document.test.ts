/**
 * The dialect to the letter, and that nothing a gateway's parser misreads can stand in it.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { xmlLimits } from '../../../src/core/limits.ts';
import { carry } from '../../../src/idmef/prelude/carry.ts';
import type { PreludeObject } from '../../../src/idmef/prelude/model.ts';
import { readSecef } from '../../../src/idmef/prelude/read-secef.ts';
import { secefDocument } from '../../../src/idmef/prelude/secef-document.ts';
import { classes, enums } from '../../../src/idmef/prelude/table.ts';
import { readDocument } from '../../../src/idmef/read-document.ts';
import { childElements, ownText } from '../../../src/idmef/tree-edit.ts';
import { parseTree, type TreeElement } from '../../../src/idmef/tree.ts';
import { validDocument } from '../generator.ts';
import { plain, render } from '../render.ts';
import { alert } from '../sample.ts';

const RUNS = Number(process.env['GENERATED_DOCUMENTS'] ?? 150);

const head =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef" version="1.0">';
const time = { seconds: 0, microseconds: 120_000, offsetSeconds: -12_600 };

function written(fields: PreludeObject['fields']): string {
  const document = secefDocument({ class: 'alert', fields }).toString();
  const [start, end] = [`${head}<idmef:Alert`, '</idmef:IDMEF-Message>'];
  assert.ok(document.startsWith(start) && document.endsWith(end), document);
  return document.slice(start.length, -end.length).replaceAll('idmef:', '');
}

const exact: readonly (readonly [name: string, fields: PreludeObject['fields'], expected: string])[] = [
  ['nothing', {}, '/>'],
  [
    'a time, its offset and its stamp',
    { create_time: time },
    '><CreateTime ntpstamp="0x83aa7e80.0x1eb851eb">1969-12-31T20:30:00.12-03:30</CreateTime></Alert>',
  ],
  [
    'a time beyond all stamps',
    { create_time: { seconds: 4_294_967_295, microseconds: 0, offsetSeconds: 0 } },
    '><CreateTime>2106-02-07T06:28:15Z</CreateTime></Alert>',
  ],
  [
    'analyzers, the outermost first',
    {
      analyzer: [
        { class: 'analyzer', fields: { analyzerid: '1' } },
        {
          class: 'analyzer',
          fields: { analyzerid: '2', process: { class: 'process', fields: { name: 'p', arg: ['-x', ' '] } } },
        },
      ],
    },
    '><Analyzer analyzerid="1"/><Analyzer analyzerid="2"><Process><name>p</name><arg>-x</arg><arg> </arg></Process></Analyzer></Alert>',
  ],
  [
    'a service by its other names',
    {
      source: [
        {
          class: 'source',
          fields: {
            service: {
              class: 'service',
              fields: {
                ip_version: 4,
                iana_protocol_number: 6,
                iana_protocol_name: 'tcp',
                portlist: '1-5,9',
                snmp_service: {
                  class: 'snmp_service',
                  fields: { security_level: 0, context_engine_id: '8000' },
                },
              },
            },
          },
        },
      ],
    },
    '><Source><Service ip-version="4" iana-protocol-number="6" iana-protocol-name="tcp" portlist="1-5,9">' +
      '<snmp-service><securityLevel>0</securityLevel><context-engine-id>8000</context-engine-id></snmp-service>' +
      '</Service></Source></Alert>',
  ],
  [
    'every Action and alertident',
    {
      assessment: {
        class: 'assessment',
        fields: {
          impact: { class: 'impact', fields: { severity: 'low', description: 'a\n"b"' } },
          action: [
            { class: 'action', fields: { category: 'other', description: 'x' } },
            { class: 'action', fields: { category: 'taken-offline' } },
          ],
          confidence: { class: 'confidence', fields: { rating: 'numeric', confidence: Math.fround(0.35) } },
        },
      },
      correlation_alert: {
        class: 'correlation_alert',
        fields: {
          name: 'c',
          alertident: [
            { class: 'alertident', fields: { alertident: '1', analyzerid: 'a' } },
            { class: 'alertident', fields: { alertident: '2' } },
          ],
        },
      },
    },
    '><Assessment><Impact severity="low" description="a&#10;&quot;b&quot;"/>' +
      '<action category="other" description="x"/><action category="taken-offline"/>' +
      '<Confidence rating="numeric" confidence="0.35"/></Assessment>' +
      '<CorrelationAlert><name>c</name><Alertident alertident="1" analyzerid="a"/><Alertident alertident="2"/></CorrelationAlert></Alert>',
  ],
  [
    'permissions as text',
    {
      target: [
        {
          class: 'target',
          fields: {
            file: [
              {
                class: 'file',
                fields: {
                  data_size: 18_446_744_073_709_551_615n,
                  file_access: [{ class: 'file_access', fields: { permission: ['read', 'execute'] } }],
                },
              },
            ],
          },
        },
      ],
    },
    '><Target><File><data-size>18446744073709551615</data-size><FileAccess><permission>read</permission>' +
      '<permission>execute</permission></FileAccess></File></Target></Alert>',
  ],
  [
    'data: markup as text, a stamp as a string, and none',
    {
      additional_data: [
        { class: 'additional_data', fields: { type: 'xml', data: '<a b="&amp;"/>\r' } },
        {
          class: 'additional_data',
          fields: { type: 'ntpstamp', meaning: 'm', data: 0xbc71_f4f5_0000_0001n },
        },
        { class: 'additional_data', fields: { type: 'byte-string' } },
      ],
    },
    '><AdditionalData type="xml"><xml>&lt;a b="&amp;amp;"/&gt;&#13;</xml></AdditionalData>' +
      '<AdditionalData type="string" meaning="m"><string>0xbc71f4f5.0x00000001</string></AdditionalData>' +
      '<AdditionalData type="byte-string"><byte-string/></AdditionalData></Alert>',
  ],
];

describe('the dialect', () => {
  for (const [name, fields, expected] of exact) {
    test(name, () => assert.equal(written(fields), expected));
  }
});

const tokens: Readonly<Record<string, RegExp>> = {
  integer: /^(?:0|-?[1-9][0-9]*)$/,
  float: /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?$/,
  time: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/,
};

/** Element and attribute of the dialect → what its text has to look like. */
const kinds = new Map<string, RegExp>();
const keywords = new Map<string, readonly string[]>();
for (const spec of Object.values(classes)) {
  for (const field of Object.values(spec.fields)) {
    if (field.kind === 'object') continue;
    const place = `${spec.secef ?? spec.element}/${field.secef ?? field.rfc}`;
    if (field.kind === 'enum') keywords.set(place, Object.keys(enums[field.of]));
    const pattern = tokens[/^u?int/.test(field.kind) ? 'integer' : field.kind];
    if (pattern !== undefined) kinds.set(place, pattern);
  }
}

/** What a gateway would misread in an element and below it. */
function faults(element: TreeElement): string[] {
  const found: string[] = [];
  const children = childElements(element);
  if (children.length > 0 && ownText(element) !== '') found.push(`text beside elements in ${element.local}`);
  for (const { name, value } of element.attributes) {
    const place = `${element.local}/@${name}`;
    if (/[\t\n\r]/.test(element.start ?? '')) found.push(`a line break in ${element.start ?? ''}`);
    if (value === '' && name !== 'xmlns:idmef') found.push(`nothing in ${place}`);
    if (kinds.get(place)?.test(value) === false) found.push(`${place}=${value}`);
    if (keywords.get(place)?.includes(value) === false) found.push(`${place}=${value}`);
  }
  for (const child of children) {
    const text = ownText(child);
    const place = `${element.local}/${child.local}`;
    if (kinds.get(place)?.test(text) === false) found.push(`${place}: ${text}`);
    found.push(...faults(child));
  }
  return found;
}

test('no number, time, keyword or space that a gateway misreads can stand in it', () => {
  let looked = 0;
  fc.assert(
    fc.property(validDocument(), (root) => {
      const verdict = readDocument(render(root, plain), 'strict');
      assert.ok(verdict.readable);
      for (const { bytes } of verdict.messages) {
        const carried = carry(bytes);
        if (!carried.ok) continue;
        looked += 1;
        const document = secefDocument(carried.message);
        assert.deepEqual(faults(parseTree(document.subarray(document.indexOf('<idmef:')))), []);
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 60_000 },
  );
  assert.ok(looked > RUNS / 4, `${looked} messages`);
});

test('the check above sees what is wrong', () => {
  const wrong = [
    '<Process><pid>010</pid></Process>',
    '<Process><pid> 1</pid></Process>',
    '<Process><pid>0x1f</pid></Process>',
    '<Alert><CreateTime>2024-05-06T07:08:09.1234567Z</CreateTime></Alert>',
    '<Alert><CreateTime>2024-05-06T24:00:00Z</CreateTime></Alert>'.replace('24:00:00', '23:59:60'),
    '<Confidence confidence="nan"/>',
    '<Confidence confidence="0,5"/>',
    '<Source spoofed=" yes"/>',
    '<Source>\n<Node/></Source>',
    '<Impact description="a\nb"/>',
  ];
  for (const xml of wrong) assert.equal(faults(parseTree(Buffer.from(xml))).length, 1, xml);
});

test('what a message may be is within what libxml2 reads', () => {
  // 256 levels, 10,000,000 bytes of text. The dialect is as deep as the message and moves the text, it does not make any.
  assert.ok(xmlLimits.depth < 256);
  assert.ok(xmlLimits.messageBytes < 10_000_000);
});

describe('the dialect, read', () => {
  const cases: readonly (readonly [name: string, xml: string, isDialect: boolean, ok: boolean])[] = [
    ['plain RFC 4765 has nothing of it', alert(), false, true],
    [
      'a name of its own',
      alert({ source: '<Source><Service ip-version="4"><port>1</port></Service></Source>' }),
      true,
      true,
    ],
    [
      'an attribute for a text',
      alert({ assessment: '<Assessment><Impact description="x"/></Assessment>' }),
      true,
      true,
    ],
    [
      'analyzers beside each other',
      alert({ analyzer: '<Analyzer name="a"/><Analyzer name="b"/>' }),
      true,
      true,
    ],
    ['nested ones', alert({ analyzer: '<Analyzer><Analyzer/></Analyzer>' }), false, false],
    [
      'markup as text',
      alert({ data: '<AdditionalData type="xml"><xml>&lt;a/&gt;</xml></AdditionalData>' }),
      true,
      true,
    ],
    [
      'markup as such',
      alert({ data: '<AdditionalData type="xml"><xml><a/></xml></AdditionalData>' }),
      true,
      false,
    ],
    ['xmltext', alert({ data: '<AdditionalData type="xmltext"><xmltext/></AdditionalData>' }), false, false],
    [
      'more analyzers than can be nested',
      alert({ analyzer: '<Analyzer/>'.repeat(xmlLimits.depth + 1) }),
      true,
      false,
    ],
  ];
  for (const [name, xml, isDialect, ok] of cases) {
    test(name, () => {
      const read = readSecef(Buffer.from(xml));
      assert.equal(read.isDialect, isDialect);
      assert.equal(read.carried.ok, ok);
    });
  }
});
