/** The neutral view: what it takes from a message, and what it is when the message lacks it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Severity } from '../../../src/core/severity.ts';
import { composeAlert, type AlertParts } from '../../../src/idmef/compose.ts';
import type { AlertView } from '../../../src/dispatcher/model/alert-view.ts';
import { alertView } from '../../../src/dispatcher/render/alert-view.ts';

const bare: AlertParts = {
  messageid: 'm-1',
  analyzer: { analyzerid: 'a-1', name: '' },
  createTime: Date.UTC(2026, 2, 14, 8, 26, 53),
  classification: 'Scan',
};

async function viewOfXml(inner: string, kind = 'Alert'): Promise<AlertView> {
  return alertView(Buffer.from(`<${kind} xmlns="http://iana.org/idmef" messageid="m">${inner}</${kind}>`));
}

describe('urgency', () => {
  const cases: readonly (readonly [string, string, string, Severity, Severity])[] = [
    ['', '', '', 0, 3],
    ['info', '', '', 1, 1],
    ['low', '', '', 2, 2],
    ['medium', '', '', 3, 3],
    ['high', '', '', 4, 4],
    ['medium', 'succeeded', '', 3, 4],
    ['high', 'succeeded', '', 4, 4],
    ['medium', 'failed', '', 3, 2],
    ['info', 'failed', '', 1, 1],
    ['high', 'failed', 'rating="low"', 4, 2],
    ['high', '', 'rating="low"', 4, 3],
    ['high', '', 'rating="high"', 4, 4],
    ['high', '', 'rating="numeric">0.29', 4, 3],
    ['high', '', 'rating="numeric">0.3', 4, 4],
    ['high', '', 'rating="numeric">.1', 4, 3],
    ['medium', 'succeeded', 'rating="low"', 3, 3],
    ['', 'succeeded', '', 0, 4],
    ['', 'failed', 'rating="low"', 0, 1],
    ['grave', '', '', 0, 3],
  ];
  for (const [severity, completion, confidence, rank, urgency] of cases) {
    test(`${severity || 'unrated'} ${completion} ${confidence} → ${urgency}`, async () => {
      const impact = `<Impact${severity === '' ? '' : ` severity="${severity}"`}${
        completion === '' ? '' : ` completion="${completion}"`
      }/>`;
      const rating =
        confidence === ''
          ? ''
          : `<Confidence ${confidence.includes('>') ? confidence : `${confidence}>`}</Confidence>`;
      const view = await viewOfXml(`<Assessment>${impact}${rating}</Assessment>`);
      assert.deepEqual([view.severity, view.urgency], [rank, urgency]);
    });
  }
});

describe('what is told', () => {
  test('of a whole alert', async () => {
    const view = await alertView(
      await composeAlert({
        ...bare,
        analyzer: { analyzerid: 'a-1', name: 'snort', node: 'ids1' },
        detectTime: bare.createTime - 1_000,
        severity: 'high',
        completion: 'failed',
        sources: [{ address: '198.51.100.7', nodeName: 'evil', port: 4_000 }, { nodeName: 'other' }],
        targets: [{ address: '2001:db8::1', user: 'root', process: 'sshd', serviceName: 'ssh' }],
        references: [{ name: 'CVE-2026-1', url: 'https://cve.example/1' }],
        data: [{ meaning: 'attempts', type: 'integer', value: '37' }],
      }),
    );
    const { message, ...rest } = view;
    assert.equal(message.kind, 'Alert');
    assert.deepEqual(rest, {
      title: 'Scan',
      severity: 4,
      urgency: 3,
      completion: 'failed',
      confidence: '',
      when: bare.createTime - 1_000,
      analyzer: 'snort',
      node: 'ids1',
      sources: [
        { address: '198.51.100.7', name: 'evil', port: '4000', user: '', process: '', file: '' },
        { address: 'other', name: 'other', port: '', user: '', process: '', file: '' },
      ],
      targets: [{ address: '2001:db8::1', name: '', port: 'ssh', user: 'root', process: 'sshd', file: '' }],
      references: [{ name: 'CVE-2026-1', url: 'https://cve.example/1' }],
      details: [{ name: 'attempts', value: '37' }],
      messageid: 'm-1',
      heartbeat: false,
    });
  });

  test('the innermost analyzer is the sensor', async () => {
    const view = await viewOfXml(
      '<Analyzer analyzerid="relay" name="relay"><Analyzer analyzerid="inner-7"><Node><Address><address>192.0.2.9</address></Address></Node></Analyzer></Analyzer>',
    );
    assert.deepEqual([view.analyzer, view.node], ['inner-7', '192.0.2.9']);
  });

  test('files, users by number, lists of ports', async () => {
    const view = await viewOfXml(
      '<Target><User><UserId><number>0</number></UserId></User><Service><portlist>1-1024</portlist></Service>' +
        '<File category="current"><name>passwd</name><path>/etc/passwd</path></File></Target>',
    );
    assert.deepEqual(view.targets, [
      { address: '', name: '', port: '1-1024', user: '0', process: '', file: '/etc/passwd' },
    ]);
  });

  test('a time that is in no year of four digits is none', async () => {
    const create = '<CreateTime>2026-03-14T08:26:53Z</CreateTime>';
    for (const time of ['9999-12-31T23:59:59-12:00', '0000-01-01T00:00:00+12:00']) {
      const view = await viewOfXml(`${create}<DetectTime>${time}</DetectTime>`);
      assert.equal(view.when, bare.createTime, time);
    }
  });

  test('a correlation', async () => {
    const view = await viewOfXml(
      '<CorrelationAlert><name>Sweep</name><alertident analyzerid="a">m-1</alertident><alertident>m-2</alertident></CorrelationAlert>',
    );
    assert.deepEqual(view.correlation, { name: 'Sweep', messageids: ['m-1', 'm-2'] });
  });

  test('a heartbeat', async () => {
    const view = await viewOfXml('<Analyzer analyzerid="a-1"/>', 'Heartbeat');
    assert.deepEqual([view.heartbeat, view.title, view.urgency, view.analyzer], [true, '', 3, 'a-1']);
  });

  test('nothing of an empty alert: no word, no time', async () => {
    const { message, ...rest } = await viewOfXml('');
    assert.equal(message.messageid, 'm');
    assert.deepEqual(rest, {
      title: '',
      severity: 0,
      urgency: 3,
      completion: '',
      confidence: '',
      when: undefined,
      analyzer: '',
      node: '',
      sources: [],
      targets: [],
      references: [],
      details: [],
      messageid: 'm',
      heartbeat: false,
    });
  });
});
