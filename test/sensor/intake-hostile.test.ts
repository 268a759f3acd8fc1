/**
 * A hostile spool: whatever is put there under a name ending in .xml, a hundred times each, healthy alerts go on
 * flowing, nothing blocks, nothing is lost sight of, and the law of files holds.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { alertDocument } from '../support/spool-writer.ts';
import { type SpoolWorld, spoolWorld } from './spool-world.ts';

const TIMES = 100;

interface Kind {
  readonly name: string;
  readonly make: (path: string, world: SpoolWorld) => void;
  /** What status and counters say when 61 s have passed. */
  readonly stuck?: number;
  readonly refused?: string;
  readonly left: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'directory', make: (path) => mkdirSync(path), refused: 'not-a-file', left: true },
  {
    name: 'dangling link',
    make: (path) => symlinkSync('/nowhere/x', path),
    refused: 'not-a-file',
    left: true,
  },
  { name: 'link to itself', make: (path) => symlinkSync(path, path), refused: 'not-a-file', left: true },
  {
    name: 'link to a file elsewhere',
    make: (path, world) => {
      writeFileSync(join(world.done, 'secret'), alertDocument('secret'));
      symlinkSync(join(world.done, 'secret'), path);
    },
    refused: 'not-a-file',
    stuck: TIMES,
    left: true,
  },
  { name: '0 bytes', make: (path) => writeFileSync(path, ''), refused: 'empty', left: false },
  { name: 'NUL bytes', make: (path) => writeFileSync(path, Buffer.alloc(100)), refused: 'any', left: false },
  {
    name: 'truncated',
    make: (path) => writeFileSync(path, alertDocument('t').slice(0, 200)),
    refused: 'incomplete',
    left: false,
  },
  {
    name: 'entity bomb',
    make: (path) => writeFileSync(path, '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'),
    refused: 'any',
    left: false,
  },
  { name: 'HTML', make: (path) => writeFileSync(path, '<html/>'), refused: 'any', left: false },
];

for (const kind of kinds) {
  test(`${TIMES} × ${kind.name}`, (t) => {
    const world = spoolWorld(t, { delete: true });
    for (let n = 0; n < TIMES; n += 1) {
      kind.make(join(world.spool, `bad${n}.xml`), world);
      world.put(`good${n}`);
    }
    world.run();
    assert.equal(world.owed().length, TIMES, 'healthy alerts are not held up');
    world.pass(61_000);
    world.pass(30_000);
    const left = world.names().filter((name) => name.endsWith('.xml'));
    assert.equal(left.length, kind.left ? TIMES : 0);
    const counters = world.files();
    const refused = Object.entries(counters).filter(([name]) => name.startsWith('refused:'));
    assert.equal(
      refused.reduce((sum, [, count]) => sum + count, 0),
      TIMES,
      JSON.stringify(counters),
    );
    if (kind.refused !== 'any')
      assert.equal(counters[`refused:${kind.refused}`], TIMES, JSON.stringify(counters));
    assert.equal(world.intake.status.stuck, kind.stuck ?? 0);
    assert.equal(world.intake.status.corrupt, kind.left ? 0 : TIMES);
    assert.equal(world.owed().length, TIMES);
    assert.equal(
      world.log.events('spool-stuck').length,
      kind.stuck === undefined ? 0 : 1,
      'one line for one cause',
    );
  });
}

test('a FIFO and a socket do not block (S6)', async (t) => {
  const world = spoolWorld(t, { delete: true });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(world.spool, 'socket.xml'), resolve));
  t.after(() => server.close());
  const made = spawnSync(
    'mkfifo',
    Array.from({ length: TIMES }, (_, n) => join(world.spool, `fifo${n}.xml`)),
  );
  if (made.error !== undefined) t.diagnostic(`no FIFO tested: ${made.error.message}`);
  world.put('good');
  world.run();
  assert.deepEqual(world.owed(), ['good']);
  const expected = made.error === undefined ? TIMES + 1 : 1;
  assert.equal(world.files()['refused:not-a-file'], expected);
  world.pass(30_000);
  assert.equal(world.log.events('spool-skipped').length, expected, 'said once');
});

test('names that are not UTF-8, or strange, survive done/ and corrupt/', (t) => {
  const names = [
    Buffer.from([0xff, 0xfe, 0x2e, 0x78, 0x6d, 0x6c]),
    Buffer.from('é "quote" \\ \n new.xml'),
    Buffer.from(`${'x'.repeat(251)}.xml`),
    Buffer.from('-rf.xml'),
    Buffer.from('日本.xml'),
  ];
  const inDir = (dir: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${dir}/`), name]);
  const world = spoolWorld(t, { move: true });
  names.forEach((name, n) => writeFileSync(inDir(world.spool, name), alertDocument(`id${n}`)));
  world.run();
  assert.equal(world.owed().length, names.length);
  const sorted = (list: Buffer[]): string[] => list.map((name) => name.toString('hex')).toSorted();
  assert.deepEqual(sorted(readdirSync(world.done, 'buffer')), sorted(names));
  const short = names.filter((name) => name.length < 240);
  for (const name of short) writeFileSync(inDir(world.spool, name), '<html/>');
  world.pass(3_000);
  const kept = readdirSync(join(world.spool, 'corrupt'), 'buffer').filter(
    (name) => !name.toString('latin1').endsWith('.reason'),
  );
  assert.deepEqual(sorted(kept), sorted(short));
  for (const line of world.log.lines) assert.doesNotMatch(line.text, /\n/);
});

test('only *.xml without a leading dot is looked at', (t) => {
  const world = spoolWorld(t, { delete: true });
  for (const name of ['.hidden.xml', 'a.xml.tmp', 'README', 'b.XML', '.xml']) {
    writeFileSync(join(world.spool, name), alertDocument(name));
  }
  world.run();
  assert.deepEqual(world.owed(), []);
  assert.equal(world.names().length, 5);
  assert.deepEqual(world.files(), {});
});

test(`${TIMES} × vanishing between list and open`, (t) => {
  const world = spoolWorld(t, { delete: true, onRead: () => removeNext() });
  let next = 0;
  const removeNext = (): void => {
    // The first read of the batch takes away all of the doomed ones, which are younger.
    if (next > 0) return;
    for (; next < TIMES; next += 1) unlinkSync(join(world.spool, `doomed${next}.xml`));
  };
  world.put('a-good');
  for (let n = 0; n < TIMES; n += 1) world.put(`doomed${n}`);
  world.run();
  world.pass(250);
  assert.deepEqual(world.owed(), ['a-good']);
  assert.deepEqual(world.files(), { found: TIMES + 1, taken: 1, 'refused:vanished': TIMES });
  assert.deepEqual(
    world.log.lines.filter(({ level }) => level === 'error' || level === 'warning'),
    [],
  );
});

test(`${TIMES} × replaced by a link, a directory or another file before it is opened`, (t) => {
  let act = (): void => undefined;
  const world = spoolWorld(t, { delete: true, onRead: () => act() });
  writeFileSync(join(world.done, 'secret'), alertDocument('secret'));
  world.put('a-first');
  const ids = ['a-first'];
  for (let n = 0; n < TIMES; n += 1) world.put(`x${n}`, `old${n}`);
  act = () => {
    act = () => undefined;
    for (let n = 0; n < TIMES; n += 1) {
      const path = join(world.spool, `x${n}.xml`);
      rmSync(path);
      if (n % 3 === 0) symlinkSync(join(world.done, 'secret'), path);
      else if (n % 3 === 1) mkdirSync(path);
      else {
        writeFileSync(path, alertDocument(`new${n}`));
        ids.push(`new${n}`);
      }
    }
  };
  world.run();
  world.pass(250);
  assert.deepEqual(world.owed().toSorted(), ids.toSorted());
  assert.equal(readFileSync(join(world.done, 'secret'), 'utf8'), alertDocument('secret'));
  assert.equal(world.intake.status.waiting, 0);
  world.files();
});

test('a file larger than files may be goes to corrupt/ unread', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'huge.xml'), '');
  truncateSync(join(world.spool, 'huge.xml'), 100 * 1024 * 1024);
  world.put('good');
  world.run();
  assert.deepEqual(world.owed(), ['good']);
  assert.deepEqual(world.files(), { found: 2, taken: 1, 'refused:too-large': 1 });
});

test('a message larger than messages may be goes to corrupt/', (t) => {
  const world = spoolWorld(t, { delete: true });
  const item = `<idmef:AdditionalData type="string"><idmef:string>${'x'.repeat(1024 * 1024)}</idmef:string></idmef:AdditionalData>`;
  writeFileSync(
    join(world.spool, 'big.xml'),
    alertDocument('big').replace('</idmef:Alert>', `${item.repeat(5)}</idmef:Alert>`),
  );
  world.run();
  assert.deepEqual(world.names(), ['corrupt']);
  assert.equal(world.intake.status.corrupt, 1);
});

test('a spool of 100 × 100 undecided and decided files is not read again and again', (t) => {
  let reads = 0;
  const world = spoolWorld(t, { onRead: () => (reads += 1) });
  for (let n = 0; n < 500; n += 1)
    writeFileSync(join(world.spool, `half${n}.xml`), alertDocument('x').slice(0, 100));
  for (let n = 0; n < 500; n += 1) world.put(`whole${n}`);
  world.run();
  assert.equal(reads, 1000);
  for (let n = 0; n < 200; n += 1) world.pass(250);
  assert.equal(reads, 1000, 'unchanged files are not read again within 60 s');
});

test('corrupt/ replaced by a link is not followed', (t) => {
  const world = spoolWorld(t, { delete: true });
  symlinkSync(world.done, join(world.spool, 'corrupt'));
  writeFileSync(join(world.spool, 'x.xml'), '<html/>');
  world.run();
  assert.deepEqual(readdirSync(world.done), []);
  assert.equal(world.intake.status.stuck, 1);
  unlinkSync(join(world.spool, 'corrupt'));
  world.pass(30_000);
  world.pass(250);
  assert.equal(world.intake.status.stuck, 0);
  assert.equal(world.intake.status.corrupt, 1);
});

test('the spool vanishes and comes back', (t) => {
  const world = spoolWorld(t, { delete: true });
  world.put('a');
  world.run();
  renameSync(world.spool, `${world.spool}.away`);
  world.pass(250);
  world.pass(1_000);
  assert.match(world.intake.status.paused ?? '', /spool directory .*: gone; mkdir /);
  assert.equal(world.log.events('intake-paused').length, 1, 'said once');
  renameSync(`${world.spool}.away`, world.spool);
  world.put('b');
  world.pass(1_000);
  assert.equal(world.intake.status.paused, undefined);
  assert.equal(world.log.events('intake-resumed').length, 1);
  assert.deepEqual(world.owed(), ['a', 'b']);
  chmodSync(world.spool, 0o755);
  assert.ok(statSync(world.spool).isDirectory());
});
