/** A message as a Subject: the outline of one pass and the tree say the same of every path, whatever the message looks like. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { outlineOf } from '../../../src/idmef/criteria/outline.ts';
import { parsePath, type Path } from '../../../src/idmef/criteria/paths.ts';
import { readTree } from '../../../src/idmef/criteria/read-element.ts';
import { readSlots } from '../../../src/idmef/criteria/read-path.ts';
import { classes, type ClassName } from '../../../src/idmef/prelude/table.ts';
import { parseTree } from '../../../src/idmef/tree.ts';
import { sampleMessage } from '../../support/sample-alerts.ts';
import { wholeMessages } from '../../support/whole-rfc.ts';
import { messages } from './messages.ts';

function path(text: string): Path {
  const parsed = parsePath(text);
  assert.ok(parsed.ok, text);
  return parsed.path;
}

function leaves(of: ClassName, from: string, above: readonly ClassName[]): Path[] {
  return Object.entries(classes[of].fields).flatMap(([name, spec]) => {
    const here = `${from}.${name}`;
    if (spec.kind !== 'object') return [path(here)];
    return above.includes(spec.of)
      ? [path(here)]
      : [path(here), ...leaves(spec.of, here, [...above, spec.of])];
  });
}

const paths = [...leaves('alert', 'alert', ['alert']), ...leaves('heartbeat', 'heartbeat', ['heartbeat'])];

const samples: readonly Buffer[] = [
  ...Object.values(messages),
  ...Array.from({ length: 20 }, (_, n) => sampleMessage(n)),
  ...wholeMessages().messages.map(({ text }) => Buffer.from(text)),
];

describe('outline', () => {
  test('has what the tree has', () => {
    let outlined = 0;
    let values = 0;
    for (const body of samples) {
      const outline = outlineOf(body);
      if (outline === undefined) continue;
      outlined += 1;
      const tree = readTree(parseTree(body));
      for (const one of paths) {
        const slots = readSlots(outline, one, true);
        assert.deepEqual(slots, readSlots(tree, one, true), one.text);
        values += slots.filter((slot) => slot !== undefined).length;
      }
    }
    assert.ok(outlined > 20 && values > 1900, `${outlined} messages, ${values} values`);
  });

  const unusual: readonly (readonly [what: string, change: (text: string) => string])[] = [
    [
      'a comment',
      (text) => text.replace('<i:Classification', '<!-- <i:Classification text="no"/> --><i:Classification'),
    ],
    ['a processing instruction', (text) => text.replace('<i:Classification', '<?a <i:b?><i:Classification')],
    ['CDATA', (text) => text.replace('tried a lot', '<![CDATA[tried a lot]]>')],
    [
      'a second prefix',
      (text) =>
        text
          .replaceAll('i:Classification', 'j:Classification')
          .replace('<j:Classification', '<j:Classification xmlns:j="http://iana.org/idmef"'),
    ],
    [
      'xmltext',
      (text) =>
        text.replace(
          '</i:Alert>',
          '<i:AdditionalData type="xml"><i:xmltext>a<b/></i:xmltext></i:AdditionalData></i:Alert>',
        ),
    ],
  ];
  for (const [what, change] of unusual) {
    test(`${what} is read from the tree`, () => {
      const original = messages['scan']!;
      const changed = Buffer.from(change(original.toString()));
      assert.notDeepEqual(changed, original);
      assert.equal(outlineOf(changed), undefined);
      for (const text of [
        'alert.classification.text',
        'alert.assessment.impact.description',
        'alert.source.node.address.address',
      ]) {
        assert.deepEqual(createSubject(changed).values(text), createSubject(original).values(text), text);
      }
    });
  }

  test('other spellings of the same message', () => {
    const original = messages['scan']!.toString();
    const spelled: readonly string[] = [
      original.replaceAll('i:', '').replace('xmlns:i', 'xmlns').replace('xmlns:', 'xmlns'),
      original.replaceAll(/="([^"']*)"/g, " =\n '$1'"),
      original.replaceAll('><', '>\n  <'),
      original.replaceAll('Port Scan', 'Port&#x20;Sc&#97;n'),
      original.replaceAll('name="Relay"', 'name="Relay" class2="a>b</x>"'),
    ];
    for (const text of spelled) {
      assert.notEqual(text, original);
      const subject = createSubject(Buffer.from(text));
      assert.ok(outlineOf(Buffer.from(text)) !== undefined, text.slice(0, 80));
      assert.deepEqual(subject.values('alert.classification.text'), ['Port Scan *x* [y]']);
      assert.deepEqual(subject.values('alert.analyzer.analyzerid'), ['relay', 'probe-7']);
      assert.deepEqual(subject.values('alert.source(0).node.address.address'), ['10.0.0.1', '10.0.0.2']);
      assert.deepEqual(subject.values('alert.target.service.web_service.url'), [
        'https://www.example/a?b=c&d',
      ]);
    }
  });
});

describe('values', () => {
  const subject = createSubject(messages['scan']!);
  const cases: readonly (readonly [path: string, values: readonly string[]])[] = [
    ['alert.messageid', ['m1']],
    ['heartbeat.messageid', []],
    ['alert.source.spoofed', ['no']],
    ['alert.source(*).node.address(0).address', ['10.0.0.1', '192.168.1.1']],
    ['alert.create_time', ['2024-03-04T05:06:07.5Z']],
    ['alert.additional_data("note").data', ['hello World', 'second note']],
    ['alert.additional_data.type', ['string', 'integer', 'real', 'boolean', 'string']],
    ['alert.assessment.impact.description', ['tried a lot']],
    ['alert.assessment.action.description', ['blocked', 'called']],
    ['alert.assessment.action.category', ['block-installed']],
    ['alert.source(2).process.arg', ['-sS', '-p 1-100']],
  ];
  for (const [text, values] of cases) {
    test(text, () => {
      assert.deepEqual(subject.values(text), values);
    });
  }

  test('markup of xmltext', () => {
    const text = messages['bare']!.toString().replace(
      '</i:Alert>',
      '<i:AdditionalData type="xml" meaning="raw"><i:xmltext><e xmlns="urn:e">1</e></i:xmltext></i:AdditionalData></i:Alert>',
    );
    const values = createSubject(Buffer.from(text)).values("alert.additional_data('raw').data");
    assert.equal(values.length, 1);
    assert.match(values[0]!, /^<e .*>1<\/e>$/);
  });

  test('of what is no path', () => {
    assert.throws(
      () => subject.values('alert.nothing'),
      new RangeError(
        'alert.nothing: alert has no "nothing": it has messageid, analyzer, create_time, classification, detect_time, analyzer_time, source, target, assessment, additional_data, tool_alert, correlation_alert, overflow_alert',
      ),
    );
  });
});
