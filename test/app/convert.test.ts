/**
 * `idmef convert`: every form in, one form out, each change and refusal with its file, message and rule.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { runConvert } from '../../src/app/convert.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { alert, document } from '../idmef/sample.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type RecordedIo, recordedIo } from './command-io.ts';

const fstype = alert({
  target: '<Target><File category="current" fstype="ext4"><name>n</name><path>p</path></File></Target>',
});
const late = alert({
  createTime: '<CreateTime ntpstamp="0x00000000.0x00000000">2200-01-01T00:00:00Z</CreateTime>',
});

async function convert(
  to: 'rfc' | 'secef',
  text: string,
): Promise<{ readonly exit: number; readonly io: RecordedIo }> {
  const io = recordedIo([Buffer.from(text)]);
  return { exit: await runConvert({ files: ['-'], to }, io), io };
}

function isStrict(text: string): boolean {
  const verdict = readDocument(Buffer.from(text), 'strict');
  return verdict.readable && verdict.valid;
}

test('to secef: a document a message and line, changes with file, line, message, rule and place', async () => {
  const { exit, io } = await convert('secef', document(alert(), fstype));
  assert.equal(exit, 0);
  const lines = io.said().split('\n');
  assert.equal(lines.length, 3);
  assert.equal(lines[2], '');
  for (const line of lines.slice(0, 2)) assert.match(line, /^<\?xml .*<\/idmef:IDMEF-Message>$/);
  assert.equal(
    io.complained(),
    '<stdin>:2: Alert m1: changed fstype Target/File/@fstype: Prelude knows no such file system: "ext4"\n' +
      'idmef: 2 messages: 2 converted\n',
  );
});

test('and back: the same messages, strictly valid', async () => {
  const { io } = await convert('secef', document(fstype));
  const back = await convert('rfc', io.said());
  assert.equal(back.exit, 0);
  assert.ok(isStrict(back.io.said()), back.io.said());
  assert.match(back.io.said(), /<idmef:File category="current" fstype="ext4"><idmef:name>n</);
  assert.equal(back.io.complained(), 'idmef: 1 message: 1 converted\n');
});

test('what Prelude hands back has everything in its place again', async () => {
  const meaning = 'idmef-relay: Target/File/@fstype (fstype)';
  const moved = alert({
    target: '<Target><File category="current"><name>n</name><path>p</path></File></Target>',
    data: `<AdditionalData meaning="mine"><string>x</string></AdditionalData><AdditionalData type="string" meaning="${meaning}"><string>ext4</string></AdditionalData>`,
  });
  const { io } = await convert('rfc', document(moved));
  assert.ok(isStrict(io.said()));
  assert.match(io.said(), /<File category="current" fstype="ext4"><name>n</);
  assert.match(io.said(), /<AdditionalData meaning="mine"><string>x<\/string><\/AdditionalData><\/Alert>/);
});

test('but not what would be wrong there', async () => {
  const meaning = 'idmef-relay: Source/Service/port (number)';
  const data = `<AdditionalData meaning="${meaning}"><string>x</string></AdditionalData>`;
  const { io } = await convert('rfc', document(alert({ data })));
  assert.ok(io.said().includes(`<Classification text="Teardrop"/>${data}</Alert>`), io.said());
});

test('markup survives the way there and back', async () => {
  const data =
    '<AdditionalData type="xmltext"><xmltext><v:a xmlns:v="urn:v">1 &lt; 2</v:a></xmltext></AdditionalData>';
  const { io } = await convert('secef', document(alert({ data })));
  assert.match(io.said(), /<idmef:xml>&lt;v:a xmlns:v="urn:v"&gt;1 &amp;lt; 2&lt;\/v:a&gt;<\/idmef:xml>/);
  const back = await convert('rfc', io.said());
  assert.match(back.io.said(), /<idmef:xmltext><v:a xmlns:v="urn:v">1 &lt; 2<\/v:a><\/idmef:xmltext>/);
});

test('data that calls itself markup and is none becomes text', async () => {
  const data = '<AdditionalData type="xml"><xml>a &lt; b</xml></AdditionalData>';
  const { exit, io } = await convert('rfc', document(alert({ data })));
  assert.equal(exit, 0);
  assert.match(io.said(), /<idmef:xmltext>a &lt; b<\/idmef:xmltext>/);
});

test('what cannot be converted is said and left out, the rest is there, exit 65', async () => {
  const { exit, io } = await convert('secef', document(alert(), late, alert({ classification: '' })));
  assert.equal(exit, 65);
  assert.equal(io.said().split('\n').length, 2);
  assert.match(io.complained(), /^<stdin>:2: Alert m1: error create-time CreateTime: Prelude needs a time/m);
  assert.match(io.complained(), /^<stdin>:2: Alert m1: error missing-child: Alert needs Classification$/m);
  assert.match(io.complained(), /\nidmef: 3 messages: 1 converted, 2 not\n$/);
});

test('to rfc: Prelude’s own XML, by the leniencies, one document a file', async (t) => {
  const file = join(tempDir(t), 'report.xml');
  writeFileSync(
    file,
    '<IDMEF-Message><Alert messageid="1"><Analyzer analyzerid="7" name="n"/>' +
      '<CreateTime ntpstamp="0xbc71f4f5.0xef449000">2000-03-09T10:01:25.934640-03:-30</CreateTime>' +
      '<Classification text="x"/></Alert><Heartbeat messageid="2"><Analyzer analyzerid="7"/>' +
      '<CreateTime ntpstamp="0xbc71f4f5.0xef449000">2000-03-09T10:01:25Z</CreateTime></Heartbeat></IDMEF-Message>',
  );
  const io = recordedIo();
  assert.equal(await runConvert({ files: [file], to: 'rfc' }, io), 0);
  assert.ok(isStrict(io.said()), io.said());
  assert.match(io.said(), /2000-03-09T10:01:25\.934640-03:30/);
  assert.match(io.complained(), /: note: repaired by ns-none, offset-signed-minutes\n/);
});

test('the dialect of a form that cannot be RFC 4765 is said by the RFC’s rules', async () => {
  const source = '<Source><Service ip-version="4"/></Source>';
  const { exit, io } = await convert('rfc', document(alert({ source, classification: '' })));
  assert.equal(exit, 65);
  assert.equal(io.said(), '');
  assert.match(io.complained(), /error missing-child: Alert needs Classification/);
});

test('a repaired message goes on as it is forwarded', async () => {
  const io = recordedIo();
  assert.equal(await runConvert({ files: [fixturePath('child-order.lenient.xml')], to: 'rfc' }, io), 0);
  assert.ok(isStrict(io.said()));
});

test('an empty document stays one, an unreadable one is said with its place', async () => {
  const io = recordedIo();
  const files = ['/no/such', fixturePath('not-closed.bad.xml'), fixturePath('empty-root.good.xml')];
  assert.equal(await runConvert({ files, to: 'rfc' }, io), 66);
  assert.ok(isStrict(io.said()));
  assert.match(io.complained(), /cannot read \/no\/such: no such file\n/);
  assert.match(io.complained(), /not-closed\.bad\.xml:\d+:\d+: /);
});
