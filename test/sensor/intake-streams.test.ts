/**
 * Spool files of several documents, with and without the option that takes them (--intake-streams).
 */

import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { spoolLimits, xmlLimits } from '../../src/core/limits.ts';
import { readStream } from '../../src/idmef/stream/read-stream.ts';
import { type SpoolWorld, spoolWorld, type SpoolWorldOptions } from './spool-world.ts';

const alert = (id: string): string =>
  `<IDMEF-Message><Alert messageid="${id}"><Analyzer/></Alert></IDMEF-Message>`;

const option: SpoolWorldOptions = {
  delete: true,
  settings: { streams: true },
  deps: { readDocument: readStream },
};

function reasonOf(world: SpoolWorld, name: string): string {
  return readFileSync(join(world.spool, 'corrupt', `${name}.reason`), 'utf8');
}

test('without the option such a file is set aside, and its reason names the option', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'x.xml'), alert('1') + alert('2'));
  world.pass(250);
  world.pass(59_000);
  assert.deepEqual(world.names(), ['x.xml']);
  world.pass(1_250);
  assert.deepEqual(world.files(), { found: 1, 'refused:not-well-formed': 1 });
  assert.match(reasonOf(world, 'x.xml'), /^reason: not-well-formed\ntext: .*--intake-streams\)?$/m);
  assert.deepEqual(world.owed(), []);
});

test('a file with one document does not hear of the option', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'x.xml'), '<IDMEF-Message><Alert></IDMEF-Message>');
  world.pass(250);
  world.pass(60_250);
  assert.doesNotMatch(reasonOf(world, 'x.xml'), /intake-streams/);
});

test('all documents of a file are taken together, in order, and the file is removed', (t) => {
  const world = spoolWorld(t, option);
  writeFileSync(join(world.spool, 'x.xml'), ['1', '2', '3'].map(alert).join('\n'));
  world.run();
  assert.deepEqual(world.names(), ['x.xml']);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['1', '2', '3']);
  assert.deepEqual(world.names(), []);
  assert.deepEqual(world.files(), { found: 1, taken: 1 });
});

test('a file is not taken while it grows, also when it ends with a whole document', (t) => {
  const world = spoolWorld(t, option);
  const path = join(world.spool, 'x.xml');
  const text = ['1', '2', '3'].map(alert).join('');
  writeFileSync(path, '');
  for (let at = 0; at < text.length; at += 24) {
    appendFileSync(path, text.slice(at, at + 24));
    world.pass(spoolLimits.streamQuietMs - 250);
    assert.deepEqual(world.owed(), [], `after ${at + 24} bytes`);
  }
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['1', '2', '3']);
  assert.deepEqual(world.files(), { found: 1, taken: 1 });
});

test('half a document at the end is waited for; then the file is set aside whole', (t) => {
  const world = spoolWorld(t, option);
  const path = join(world.spool, 'x.xml');
  writeFileSync(path, `${alert('1')}<IDMEF-Message><Al`);
  world.pass(250);
  world.pass(30_000);
  assert.deepEqual(world.owed(), []);
  appendFileSync(path, 'ert');
  world.pass(250);
  world.pass(50_000);
  assert.deepEqual(world.names(), ['x.xml']);
  world.pass(10_250);
  assert.deepEqual(world.owed(), []);
  assert.deepEqual(world.files(), { found: 1, 'refused:incomplete': 1 });
  assert.match(reasonOf(world, 'x.xml'), /21 bytes are no document: it is not complete/);
});

test('one document that cannot be taken keeps the whole file out, and says which', (t) => {
  const world = spoolWorld(t, option);
  writeFileSync(
    join(world.spool, 'x.xml'),
    `${alert('1')}\n<IDMEF-Message><x/></IDMEF-Message>${alert('3')}`,
  );
  world.pass(250);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), []);
  assert.match(reasonOf(world, 'x.xml'), /^text: line 2, column 16: document 2: x is not an IDMEF message/m);
});

test('a file that is mended in corrupt/ is taken', (t) => {
  const world = spoolWorld(t, option);
  writeFileSync(join(world.spool, 'x.xml'), `${alert('1')}<IDMEF-Message><x/></IDMEF-Message>`);
  world.pass(250);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(readdirSync(join(world.spool, 'corrupt')).toSorted(), ['x.xml', 'x.xml.reason']);
  writeFileSync(join(world.spool, 'corrupt/x.xml'), alert('1') + alert('2'));
  world.pass(spoolLimits.fullPassMs);
  world.pass(250);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['1', '2']);
});

test('single documents are taken as ever, two seconds later', (t) => {
  const world = spoolWorld(t, option);
  world.put('a');
  writeFileSync(join(world.spool, 'page.xml'), '<html/>');
  world.run();
  assert.deepEqual(world.owed(), []);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['a']);
  assert.match(reasonOf(world, 'page.xml'), /^reason: root$/m);
});

test('bytes that XML cannot hold are written out, and that is said', (t) => {
  const world = spoolWorld(t, option);
  writeFileSync(join(world.spool, 'x.xml'), alert('a\u0001') + alert('2'));
  world.pass(250);
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['a\\x01', '2']);
  assert.match(
    world.log.events('spool-mended')[0]?.text ?? '',
    /spool file x\.xml holds bytes that XML cannot hold/,
  );
});

test('a restart before the file is removed takes nothing twice', (t) => {
  const world = spoolWorld(t, { ...option, delete: false });
  writeFileSync(join(world.spool, 'x.xml'), alert('1') + alert('2'));
  world.run();
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['1', '2']);
  world.kill(option);
  world.run();
  world.pass(spoolLimits.streamQuietMs);
  assert.deepEqual(world.owed(), ['1', '2']);
  assert.deepEqual(world.names(), []);
});

test('a stream file has the limit of any spool file', (t) => {
  const world = spoolWorld(t, option);
  const path = join(world.spool, 'x.part');
  writeFileSync(path, Buffer.alloc(xmlLimits.documentBytes + 1, alert('1')));
  renameSync(path, join(world.spool, 'x.xml'));
  world.pass(250);
  world.pass(spoolLimits.streamQuietMs);
  assert.match(reasonOf(world, 'x.xml'), /^reason: too-large$/m);
});
