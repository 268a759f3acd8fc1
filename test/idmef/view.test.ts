/**
 * The view: every part of a message arrives, typed, and nothing in a hostile message surprises the parser.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { viewMessage } from '../../src/idmef/view.ts';
import { alert } from './sample.ts';

const NS = 'http://iana.org/idmef';

test('the parts of an alert', async () => {
  const view = await viewMessage(
    Buffer.from(
      alert({
        analyzer:
          '<Analyzer analyzerid="1" name="relay"><Node><name>m</name></Node><Analyzer analyzerid="2" class="NIDS"/></Analyzer>',
        source:
          '<Source><Node><location>l</location><Address category="ipv4-addr"><address> 192.0.2.1\n</address></Address></Node>' +
          '<User><UserId type="target-user"><name>root</name><number>0</number></UserId></User>' +
          '<Service iana_protocol_name="tcp"><port>022</port></Service></Source><Source/>',
        classification:
          '<Classification text="a &lt;b&gt;"><Reference origin="cve"><name>CVE-1</name><url>u</url></Reference></Classification>',
        assessment:
          '<Assessment><Impact severity="high" type="dos">x</Impact><Action>one</Action><Action category="other">two</Action><Confidence rating="low"/></Assessment>',
        special:
          '<ToolAlert><name>t</name><alertident analyzerid="9">1</alertident><alertident>2</alertident></ToolAlert>',
        data:
          '<AdditionalData type="integer" meaning="n"><integer> 7 </integer></AdditionalData>' +
          '<AdditionalData type="integer"><integer>007</integer></AdditionalData>' +
          '<AdditionalData type="integer"><integer>0x1F</integer></AdditionalData>' +
          '<AdditionalData type="integer"><integer>12345678901234567890</integer></AdditionalData>' +
          '<AdditionalData type="real"><real>-1.5</real></AdditionalData>' +
          '<AdditionalData type="boolean"><boolean>true</boolean></AdditionalData>' +
          '<AdditionalData><string> s </string></AdditionalData>' +
          '<AdditionalData type="xmltext"><xmltext><v:a xmlns:v="v"><v:b>&lt;</v:b></v:a></xmltext></AdditionalData>',
      }),
    ),
  );
  assert.equal(view.kind, 'Alert');
  assert.equal(view.messageid, 'm1');
  assert.deepEqual(
    view.analyzers.map(({ analyzerid, node }) => [analyzerid, node?.name]),
    [
      ['1', 'm'],
      ['2', undefined],
    ],
  );
  assert.equal(view.createTime.iso, '2000-03-09T10:01:25.934640Z');
  assert.equal(view.classification, 'a <b>');
  assert.deepEqual(view.references, [{ origin: 'cve', name: 'CVE-1', url: 'u', meaning: '' }]);
  assert.deepEqual(
    [view.severity, view.impactType, view.impact, view.confidence],
    ['high', 'dos', 'x', 'low'],
  );
  assert.deepEqual(
    view.actions.map(({ text }) => text),
    ['one', 'two'],
  );
  assert.equal(view.sources.length, 2);
  assert.equal(view.sources[0]?.node?.addresses[0]?.address, '192.0.2.1');
  assert.equal(view.sources[0]?.users[0]?.number, '0');
  assert.deepEqual([view.sources[0]?.service?.port, view.sources[0]?.service?.protocol], ['022', 'tcp']);
  assert.deepEqual([view.special, view.specialName], ['ToolAlert', 't']);
  assert.deepEqual(view.alertidents, [
    { messageid: '1', analyzerid: '9' },
    { messageid: '2', analyzerid: '' },
  ]);
  assert.deepEqual(
    view.additionalData.map(({ value }) => value),
    [7, '007', '0x1F', '12345678901234567890', -1.5, true, ' s ', '<v:a xmlns:v="v"><v:b>&lt;</v:b></v:a>'],
  );
});

test('the stamp counts where text and stamp differ, the text where the stamp says nothing', async () => {
  const iso = async (createTime: string): Promise<string> =>
    (await viewMessage(Buffer.from(alert({ createTime })))).createTime.iso;
  assert.equal(
    await iso('<CreateTime ntpstamp="0xbc72541d.0x00000000">1999-01-01T00:00:00Z</CreateTime>'),
    '2000-03-09T16:47:25Z',
  );
  assert.equal(
    await iso('<CreateTime ntpstamp="0x00000000.0x00000000"> 1999-01-01T00:00:00Z </CreateTime>'),
    '1999-01-01T00:00:00Z',
  );
  assert.equal(await iso('<CreateTime>yesterday</CreateTime>'), '');
});

test('references, sections and comments inside a value', async () => {
  const view = await viewMessage(
    Buffer.from(
      alert({
        data: `<AdditionalData><string>a&#10;&#x1F600;&amp;lt;<!-- c --><![CDATA[<d>&amp;]]>${'&amp;'.repeat(5000)}</string></AdditionalData>`,
      }),
    ),
  );
  assert.equal(view.additionalData[0]?.value, `a\n😀&lt;<d>&amp;${'&'.repeat(5000)}`);
});

test('names that mean something to JavaScript are names like any other', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    const view = await viewMessage(
      Buffer.from(
        `<Alert xmlns="${NS}" ${name}="x"><${name} a="1">x</${name}><Classification text="t"/></Alert>`,
      ),
    );
    assert.equal(view.classification, 't', name);
  }
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test('prefixed attributes do not stand in for plain ones', async () => {
  const view = await viewMessage(
    Buffer.from(`<i:Alert xmlns:i="${NS}" xmlns:x="u" messageid="1" x:messageid="2" i:messageid="3"/>`),
  );
  assert.equal(view.messageid, '1');
});

test('an extension may hold anything', async () => {
  const inner =
    '<!-- </xmltext> --><?p </xmltext>?><![CDATA[</xmltext>]]><a b="</xmltext>"/><xmltext>n</xmltext>';
  const view = await viewMessage(
    Buffer.from(
      alert({
        data: `<AdditionalData type="xmltext"><xmltext>${inner.replace('</xmltext>"/>', '"/>')}</xmltext></AdditionalData><AdditionalData><string>after</string></AdditionalData>`,
      }),
    ),
  );
  assert.deepEqual(
    view.additionalData.map(({ value }) => value),
    [inner.replace('</xmltext>"/>', '"/>'), 'after'],
  );
});

test('a message that lacks everything has a view', async () => {
  const view = await viewMessage(Buffer.from(`<Heartbeat xmlns="${NS}"/>`));
  assert.equal(view.kind, 'Heartbeat');
  assert.deepEqual([view.analyzers, view.sources, view.additionalData], [[], [], []]);
});
