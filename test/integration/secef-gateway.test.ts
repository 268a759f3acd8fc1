/**
 * The test gateway behaves as the seed's did: status and number of messages at the manager, case by case, so that what
 * other suites show with it says something about the original.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sharedPath } from '../idmef/project-root.ts';
import { makePki } from '../support/pki.ts';
import { noPrelude, startPreludeManager } from '../support/prelude-manager.ts';
import { startSecefGateway } from '../support/secef-gateway.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { noCorpus } from '../support/valid-corpus.ts';

const RFC = 'xmlns="http://iana.org/idmef"';
const HEAD = '<Analyzer analyzerid="a"/><CreateTime>2020-01-02T03:04:05Z</CreateTime>';
const CLASS = '<Classification text="t"/>';

const root = (content: string, attributes = RFC): string =>
  `<IDMEF-Message ${attributes}>${content}</IDMEF-Message>`;
const alert = (content: string): string => root(`<Alert messageid="m">${content}</Alert>`);
const alertWith = (content: string): string => alert(HEAD + CLASS + content);
const created = (time: string): string =>
  alert(`<Analyzer analyzerid="a"/><CreateTime>${time}</CreateTime>${CLASS}`);
const source = (content: string): string => alertWith(`<Source>${content}</Source>`);
const service = (content: string): string => source(`<Service>${content}</Service>`);
const fileWith = (content: string): string =>
  alertWith(`<Target><File category="current"><name>n</name><path>/n</path>${content}</File></Target>`);
const assessment = (content: string): string => alertWith(`<Assessment>${content}</Assessment>`);
const data = (type: string, value: string): string =>
  alertWith(`<AdditionalData type="${type}" meaning="x"><${type}>${value}</${type}></AdditionalData>`);
const good = alertWith('');
const bad = alertWith('<Bad/>');
const user = '<UserId type="user-privs"><name>u</name></UserId>';

/** Name, document, status, messages that the manager got; the last row's content type is another one. */
const cases: readonly (readonly [string, string, number, number, string?])[] = [
  ['minimal', good, 200, 1],
  ['no CreateTime', alert(`<Analyzer analyzerid="a"/>${CLASS}`), 200, 1],
  ['no Analyzer', alert(`<CreateTime>2020-01-02T03:04:05Z</CreateTime>${CLASS}`), 200, 1],
  ['no Classification', alert(HEAD), 200, 1],
  ['CreateTime with a fraction', created('2020-01-02T03:04:05.123456Z'), 200, 1],
  ['CreateTime with seven digits', created('2020-01-02T03:04:05.1234567Z'), 500, 0],
  ['CreateTime without zone', created('2020-01-02T03:04:05'), 200, 1],
  ['CreateTime of garbage', created('yesterday'), 500, 0],
  [
    'nested Analyzer',
    alert(
      `<Analyzer analyzerid="a"><Analyzer analyzerid="b"/></Analyzer><CreateTime>2020-01-02T03:04:05Z</CreateTime>${CLASS}`,
    ),
    500,
    0,
  ],
  ['Analyzers beside each other', alert(`<Analyzer analyzerid="b"/>${HEAD}${CLASS}`), 200, 1],
  ['white space in Analyzer', alert(`<Analyzer analyzerid="a">\n</Analyzer>${CLASS}`), 500, 0],
  ['white space in Alert', alert(`\n${HEAD}\n${CLASS}\n`), 200, 1],
  ['white space in Source', source('\n<Node><name>n</name></Node>'), 500, 0],
  [
    'several Addresses',
    source(
      '<Node><Address><address>192.0.2.1</address></Address><Address><address>192.0.2.2</address></Address></Node>',
    ),
    200,
    1,
  ],
  ['two Sources', alertWith('<Source/><Source/>'), 200, 1],
  ['User', source('<User><UserId type="current-user"><name>u</name></UserId></User>'), 200, 1],
  ['Process', source('<Process><name>p</name><arg>a</arg><arg>b</arg><env>E=1</env></Process>'), 200, 1],
  ['Service', service('<name>http</name><port>80</port><protocol>tcp</protocol>'), 200, 1],
  ['portlist', service('<portlist>1,2</portlist>'), 500, 0],
  ['portlist as an attribute', source('<Service portlist="1,2"/>'), 200, 1],
  ['ip_version', source('<Service ip_version="4"><port>1</port></Service>'), 500, 0],
  ['ip-version', source('<Service ip-version="4"><port>1</port></Service>'), 200, 1],
  ['WebService', service('<port>1</port><WebService><url>/</url><arg>a</arg></WebService>'), 200, 1],
  ['SNMPService', service('<port>1</port><SNMPService><oid>1</oid></SNMPService>'), 500, 0],
  ['snmp-service', service('<port>1</port><snmp-service><oid>1</oid></snmp-service>'), 200, 1],
  [
    'contextEngineID',
    service('<port>1</port><snmp-service><contextEngineID>1</contextEngineID></snmp-service>'),
    500,
    0,
  ],
  [
    'context-engine-id',
    service('<port>1</port><snmp-service><context-engine-id>1</context-engine-id></snmp-service>'),
    200,
    1,
  ],
  [
    'File with all parts',
    fileWith(
      `<FileAccess>${user}</FileAccess><Linkage category="hard-link"><name>l</name><path>/l</path></Linkage>` +
        '<Inode><number>1</number><major-device>1</major-device><minor-device>1</minor-device></Inode>' +
        '<Checksum algorithm="MD5"><value>v</value></Checksum>',
    ),
    200,
    1,
  ],
  ['permission', fileWith(`<FileAccess>${user}<permission>read</permission></FileAccess>`), 200, 1],
  ['Permission', fileWith(`<FileAccess>${user}<Permission perms="read"/></FileAccess>`), 500, 0],
  [
    'fstype not registered',
    alertWith('<Target><File category="current" fstype="ext4"><name>n</name><path>/n</path></File></Target>'),
    500,
    0,
  ],
  ['Impact', assessment('<Impact severity="high"/>'), 200, 1],
  ['Impact with text', assessment('<Impact severity="high">text</Impact>'), 500, 0],
  ['unknown severity', assessment('<Impact severity="critical"/>'), 500, 0],
  ['Action with text', assessment('<Action category="other">text</Action>'), 200, 1],
  ['Confidence', assessment('<Confidence rating="low"/>'), 200, 1],
  ['Confidence with text', assessment('<Confidence rating="numeric">0.5</Confidence>'), 500, 0],
  [
    'Reference',
    alert(
      `${HEAD}<Classification text="t"><Reference origin="cve"><name>n</name><url>u</url></Reference></Classification>`,
    ),
    200,
    1,
  ],
  ['data: string', data('string', 's'), 200, 1],
  ['data: byte', data('byte', 'AA=='), 200, 1],
  ['data: character', data('character', 'c'), 200, 1],
  ['data: date-time', data('date-time', '2020-01-02T03:04:05Z'), 200, 1],
  ['data: integer', data('integer', '5'), 200, 1],
  ['data: ntpstamp', data('ntpstamp', '0xbc72423b.0x00000000'), 200, 1],
  ['data: portlist', data('portlist', '1'), 200, 1],
  ['data: real', data('real', '0.5'), 200, 1],
  ['data: boolean', data('boolean', 'true'), 200, 1],
  ['data: byte-string', data('byte-string', 'AAAA'), 200, 1],
  ['data: xml', data('xml', '&lt;a/>'), 200, 1],
  ['data: xmltext', data('xmltext', 'a'), 500, 0],
  ['data: empty', data('string', ''), 200, 1],
  ['data: of 64 KiB', data('string', 'x'.repeat(65_536)), 200, 1],
  [
    'data: without type',
    alertWith('<AdditionalData meaning="x"><string>s</string></AdditionalData>'),
    200,
    1,
  ],
  ['data: direct text', alertWith('<AdditionalData meaning="x">s</AdditionalData>'), 500, 0],
  [
    'CorrelationAlert',
    alertWith('<CorrelationAlert><name>n</name><alertident>1</alertident></CorrelationAlert>'),
    200,
    1,
  ],
  ['ToolAlert', alertWith('<ToolAlert><name>n</name><alertident>1</alertident></ToolAlert>'), 200, 1],
  ['OverflowAlert', alertWith('<OverflowAlert><program>p</program><size>1</size></OverflowAlert>'), 200, 1],
  ['foreign element', alertWith('<x:y xmlns:x="urn:x">text</x:y>'), 200, 1],
  ['unknown element', bad, 500, 0],
  ['unknown attribute', alertWith('<Source colour="red"/>'), 500, 0],
  ['xml:lang', alertWith('<Source xml:lang="en"/>'), 500, 0],
  ['text that is not ASCII', data('string', 'é日本'), 200, 1],
  ['CDATA and entities', data('string', '<![CDATA[<]]>&amp;'), 200, 1],
  ['comment', alertWith('<!-- c -->'), 200, 1],
  ['empty messageid', root(`<Alert messageid="">${HEAD}${CLASS}</Alert>`), 200, 1],
  ['no namespace', root(`<Alert>${HEAD}${CLASS}</Alert>`, ''), 200, 0],
  ['namespace of the draft', root(`<Alert>${HEAD}${CLASS}</Alert>`, 'xmlns="urn:iana:xml:ns:idmef"'), 200, 1],
  ['another namespace', root(`<Alert>${HEAD}${CLASS}</Alert>`, 'xmlns="urn:x"'), 200, 0],
  ['version', root(`<Alert>${HEAD}${CLASS}</Alert>`, `${RFC} version="1.0"`), 200, 1],
  ['empty root', root(''), 200, 0],
  ['DOCTYPE', `<!DOCTYPE IDMEF-Message PUBLIC "-//IETF//DTD" "idmef-message.dtd">${good}`, 200, 1],
  ['bare Alert', `<Alert ${RFC}>${HEAD}${CLASS}</Alert>`, 200, 1],
  ['heartbeat', root(`<Heartbeat messageid="h">${HEAD}</Heartbeat>`), 200, 1],
  [
    'good, bad, good',
    root([good, bad, good].map((one) => one.slice(one.indexOf('<Alert'), -16)).join('')),
    500,
    1,
  ],
  ['the same again', good, 200, 1],
  ['content type with charset', good, 415, 0, 'text/xml; charset=utf-8'],
  ['application/xml', good, 415, 0, 'application/xml'],
  ['application/text', good, 200, 1, 'application/text'],
];

test('answers and forwards as the seed does', { skip: noPrelude() }, async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const manager = await startPreludeManager(join(dir, 'manager'));
  t.after(() => manager.remove());
  const profile = await manager.register('idmef:w');
  const record = join(dir, 'record');
  const gateway = await startSecefGateway({ pki, record, profile });
  t.after(() => gateway.stop());

  let forwarded = 0;
  for (const [name, document, status, messages, contentType] of cases) {
    await t.test(name, async () => {
      const answered = await gateway.post(document, contentType);
      const now = gateway.records().length;
      const sent = now - forwarded;
      forwarded = now;
      assert.deepEqual({ answered, sent }, { answered: status, sent: messages }, gateway.program.stderr());
    });
  }
  const expected = cases.reduce((sum, [, , , messages]) => sum + messages, 0);
  await until(() => manager.documents().length >= expected, { what: `${expected} messages at the manager` });
  await manager.stop();
  assert.equal(manager.documents().length, expected);
});

test('answers documents from the field as the index says', { skip: noPrelude() || noCorpus() }, async (t) => {
  const dir = tempDir(t);
  const gateway = await startSecefGateway({
    pki: await makePki(join(dir, 'pki')),
    record: join(dir, 'record'),
  });
  t.after(() => gateway.stop());
  const [head = '', ...lines] = readFileSync(sharedPath('corpus', 'INDEX.tsv'), 'utf8').trimEnd().split('\n');
  const column = head.split('\t').indexOf('secef_gateway_as_is');
  assert.ok(lines.length > 100);
  let before = 0;
  for (const line of lines) {
    const cells = line.split('\t');
    const file = cells[0] ?? '';
    const status = await gateway.post(readFileSync(sharedPath('corpus', file)));
    const now = gateway.records().length;
    assert.match(cells[column] ?? '', new RegExp(`^${status} sent=${now - before}\\b`), file);
    before = now;
  }
});

test('the last of several Actions and alertidents wins', { skip: noPrelude() }, async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const gateway = await startSecefGateway({ pki, record: join(dir, 'record') });
  t.after(() => gateway.stop());
  const post = async (document: string): Promise<unknown> => {
    assert.equal(await gateway.post(document), 200, gateway.program.stderr());
    return gateway.records().at(-1)?.['alert'];
  };
  const two = (name: string): string =>
    assessment(`<${name} category="other">one</${name}><${name} category="other">two</${name}>`);
  const correlated = (ident: string): string =>
    alertWith(`<CorrelationAlert><name>n</name>${ident}</CorrelationAlert>`);
  const length = (value: unknown, ...path: readonly string[]): number => {
    let at = value;
    for (const key of path) at = Reflect.get(Object(at), key);
    return Array.isArray(at) ? at.length : 0;
  };
  assert.equal(length(await post(two('Action')), 'assessment', 'action'), 1);
  assert.equal(
    length(
      await post(
        assessment('<action category="other" description="1"/><action category="other" description="2"/>'),
      ),
      'assessment',
      'action',
    ),
    2,
  );
  const ends = await post(correlated('<alertident>1</alertident><alertident>2</alertident>'));
  assert.equal(length(ends, 'correlation_alert', 'alertident'), 1);
  const both = await post(correlated('<Alertident alertident="1"/><Alertident alertident="2"/>'));
  assert.equal(length(both, 'correlation_alert', 'alertident'), 2);
});
