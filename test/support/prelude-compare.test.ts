/** The comparison sees what is missing, altered or added, and takes nothing for a limit that is none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compareWithManager, type Comparison } from './prelude-compare.ts';

const original =
  '<Alert xmlns="http://iana.org/idmef" messageid="m"><Analyzer analyzerid="a"><Analyzer analyzerid="b"/></Analyzer>' +
  '<CreateTime ntpstamp="0xe1b80d5d.0x40000000">2020-01-02T03:04:05.25-03:30</CreateTime>' +
  '<Target><Service iana_protocol_number="6"><port>0x50</port></Service>' +
  '<File category="current" fstype="ext4"><name>n</name><path>/n</path></File></Target><Classification text="t"/>' +
  '<Assessment><Impact severity="high">two\nlines</Impact></Assessment>' +
  '<ToolAlert><name>tool</name><alertident>1</alertident></ToolAlert></Alert>';

const relays = '<Analyzer analyzerid="1"><Analyzer analyzerid="2">';

const document =
  `<IDMEF-Message><Alert messageid="m">${relays}<Analyzer analyzerid="a"><Analyzer analyzerid="b"/></Analyzer>` +
  '</Analyzer></Analyzer><CreateTime ntpstamp="0xe1b80d5d.0x40000000">2020-01-02T03:04:05.250000-03:-30</CreateTime>' +
  '<AnalyzerTime ntpstamp="0xe1b80d5d.0x40000000">2020-01-02T03:04:05.250000-03:-30</AnalyzerTime>' +
  '<Target decoy="unknown"><Service iana_protocol_number="6" iana_protocol_name="tcp"><port>80</port></Service>' +
  '<File category="current"><name>n</name><path>/n</path></File></Target><Classification text="t"/>' +
  '<Assessment><Impact severity="high" type="other">two\nlines</Impact></Assessment>' +
  '<AdditionalData type="string" meaning="idmef-relay: Target/File/@fstype (fstype)"><string>ext4</string>' +
  '</AdditionalData></Alert></IDMEF-Message>';

const debug = `version: <empty>
alert:
        messageid: m
        analyzer(0): 
                analyzerid: 1
        analyzer(1): 
                analyzerid: 2
        analyzer(2): 
                analyzerid: a
        analyzer(3): 
                analyzerid: b
        create_time: 02/01/2020 03:04:05.250000 -03:-30
        classification:
                text: t
        analyzer_time: 02/01/2020 03:04:05.250000 -03:-30
        target(0): 
                decoy: unknown (0)
                service:
                        iana_protocol_number: 6
                        iana_protocol_name: tcp
                        port: 80
                file(0): 
                        name: n
                        path: /n
                        category: current (1)
        assessment:
                impact:
                        severity: high (4)
                        type: other (0)
                        description: two
lines
        additional_data(0): 
                meaning: idmef-relay: Target/File/@fstype (fstype)
                type: string (0)
                data: ext4
        tool_alert:
                name: tool
                alertident(0): 
                        alertident: 1
`;

function compared(xml: string, record: string): Comparison & { readonly unexpected: number } {
  const manager = { documents: () => [xml], debug: () => record };
  const { comparisons, unexpected } = compareWithManager(manager, [
    { name: 'original', bytes: Buffer.from(original) },
  ]);
  const [comparison] = comparisons;
  assert.ok(comparison !== undefined);
  return { ...comparison, unexpected };
}

test('what arrived whole is complete, and the limits it met are named', () => {
  const { losses, complete, limits } = compared(document, debug);
  assert.deepEqual(losses, []);
  assert.ok(complete);
  assert.deepEqual(limits.toSorted(), [
    'analyzer_time added',
    'moved: fstype',
    'normalize: protocol',
    'not printed by xmlmod',
  ]);
});

const changes: readonly (readonly [name: string, from: string, to: string, path: string])[] = [
  ['altered', '<port>80</port>', '<port>81</port>', 'alert.target(0).service.port'],
  ['missing', '<port>80</port>', '', 'alert.target(0).service.port'],
  ['added', '<port>80</port>', '<port>80</port><protocol>p</protocol>', 'alert.target(0).service.protocol'],
  ['another severity', 'severity="high"', 'severity="low"', 'alert.assessment.impact.severity'],
  ['another order', 'analyzerid="b"', 'analyzerid="c"', 'alert.analyzer(1).analyzerid'],
  ['another second', '04:05.25', '04:06.25', ''],
  ['another offset', '-03:-30', '-03:00', ''],
  ['moved from elsewhere', 'File/@fstype', 'File/@ident', 'alert.target(0).file(0).fstype'],
  ['moved otherwise', '>ext4<', '>ext3<', 'alert.target(0).file(0).fstype'],
  ['an invented protocol', 'iana_protocol_number="6" ', '', 'alert.target(0).service.iana_protocol_number'],
];

for (const [name, from, to, path] of changes) {
  test(`a report with a difference is not complete: ${name}`, () => {
    assert.ok(document.includes(from));
    const { complete, losses, arrived } = compared(document.replaceAll(from, to), debug);
    assert.equal(complete, false);
    if (arrived && path !== '')
      assert.ok(
        losses.some((one) => one.path === path),
        JSON.stringify(losses),
      );
  });
}

test('what xmlmod never prints has to be in the debug report', () => {
  const { losses } = compared(document, debug.replace('name: tool', 'name: fool'));
  assert.deepEqual(losses, [
    { report: 'debug', path: 'alert.tool_alert.name', expected: 'tool', found: 'fool' },
  ]);
});

test('another message is no report of it', () => {
  const { arrived, unexpected } = compared(
    document.replace('messageid="m"', 'messageid="n"'),
    debug.replace('messageid: m', 'messageid: n'),
  );
  assert.deepEqual({ arrived, unexpected }, { arrived: false, unexpected: 1 });
});
