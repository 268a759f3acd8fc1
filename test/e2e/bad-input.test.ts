/**
 * Everything a spool should not hold, put into that of one running sensor among healthy alerts, and polled: each
 * healthy alert arrives once, each bad file is where the documentation says with its reason, nothing hangs or is
 * lost sight of, and what is well-formed but invalid waits in quarantine until somebody decides.
 *
 * Run as root the sensor runs as another user, so that files it may not read exist.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { portOf } from '../support/https-host.ts';
import { otherUser, runProgram, type Program } from '../support/program.ts';
import { alertDocument, messageIds } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { assertNoStack, ended } from './expect-fault.ts';

const NS = 'http://iana.org/idmef';
const MIB = 2 ** 20;

/** Files that are set aside: name, content, reason; `late` ones may still be under way and get a minute. */
const corrupt: readonly (readonly [name: string, content: string | Buffer, reason: RegExp, late?: 'late'])[] =
  [
    [
      'malformed',
      `<i:IDMEF-Message xmlns:i="${NS}"><i:Alert></i:IDMEF-Message>`,
      /^not-well-formed$/,
      'late',
    ],
    ['truncated', alertDocument('truncated').slice(0, 200), /^incomplete$/, 'late'],
    ['empty', '', /^empty$/, 'late'],
    [
      'two-roots',
      alertDocument('root-1') + alertDocument('root-2').replace(/^<\?xml.*\n/, ''),
      /^not-well-formed$/,
      'late',
    ],
    ['nul-bytes', Buffer.alloc(4096), /./, 'late'],
    ['nul-inside', alertDocument('nul', 'a\u0000b'), /^character$/, 'late'],
    ['not-utf-8', Buffer.from(alertDocument('latin', 'é'), 'latin1'), /^encoding$/, 'late'],
    ['strange-encoding', alertDocument('ebcdic').replace('UTF-8', 'EBCDIC-99'), /^encoding$/, 'late'],
    ['html', '<html><body>alert</body></html>', /^root$/],
    ['bare-alert', '<Alert messageid="bare"/>', /^root$/],
    ['foreign-namespace', alertDocument('foreign').replace(NS, 'urn:foreign'), /^root$/],
    ['unbound-prefix', alertDocument('unbound').replace('xmlns:idmef', 'xmlns:other'), /^namespace-prefix$/],
    ['deep', alertDocument('deep', `${'<x>'.repeat(200)}${'</x>'.repeat(200)}`), /^limit-depth$/],
    [
      'text-beside',
      alertDocument('beside').replace('</idmef:IDMEF-Message>', 'text</idmef:IDMEF-Message>'),
      /^unexpected-text$/,
    ],
    ['huge-text', alertDocument('huge-text', 'x'.repeat(3 * MIB)), /^limit-text$/],
    ['huge-message', hugeMessage(), /^(?:limit-message|too-large)$/],
    ['many-attributes', `<i:IDMEF-Message xmlns:i="${NS}" ${attributes(1000)}/>`, /^limit-attributes$/],
    ['entity-bomb', withSubset(bomb()), /^internal-subset$/],
    ['external-entity', withSubset('<!ENTITY e SYSTEM "file:///etc/passwd">'), /^internal-subset$/],
    ['parameter-entity', withSubset('<!ENTITY % e SYSTEM "http://127.0.0.1/x"> %e;'), /^internal-subset$/],
    ['undeclared-entity', alertDocument('entity', '&nosuch;'), /^entity$/],
  ];

/** Well-formed, so taken; not valid, so kept on the manager: name, document, rule, path. */
const invalid: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'no-classification',
    alertDocument('bad-1').replace(/<idmef:Classification[^>]*>/, ''),
    'missing-child',
    /^\/Alert$/,
  ],
  [
    'unknown-element',
    alertDocument('bad-2').replace('</idmef:Alert>', '<idmef:Colour>blue</idmef:Colour></idmef:Alert>'),
    'unknown-element',
    /^\/Alert\/Colour/,
  ],
  [
    'no-time',
    alertDocument('bad-3').replace(/<idmef:CreateTime.*<\/idmef:CreateTime>/, ''),
    'missing-child',
    /^\/Alert$/,
  ],
];

test('the whole list of bad input, among healthy alerts', async (t) => {
  const user = otherUser();
  const restricted = typeof user === 'object' && user.uid !== undefined;
  if (typeof user === 'string') t.diagnostic(`files the sensor may not read are left out: ${user}`);
  const world = await makeWorld(tempDir(t));
  const bait = await startBait(t);
  const jump = join(world.dir, 'jump');
  chmodSync(world.dir, 0o755);
  chmodSync(world.pki.server.keyFile, 0o644);
  if (restricted)
    for (const dir of [world.spool, world.sensorState]) chownSync(dir, user.uid ?? 0, user.gid ?? 0);
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1'], {
    ...(typeof user === 'object' ? user : {}),
    nodeFlags: ['--import', new URL('./clock-jump.js', import.meta.url).href],
    env: { CLOCK_JUMP_FILE: jump },
  });
  t.after(() => sensor.kill('SIGKILL'));

  const putAt = performance.now();
  const healthy = putEverything(world, bait.port);
  await putOddities(t, world);
  // Half of it now, the rest when the sensor has certainly looked.
  const half = join(world.spool, 'half-written.xml');
  const whole = alertDocument('half-written');
  writeFileSync(half, whole.slice(0, 150));
  const locked = lockedFile(t, world);
  if (restricted) put(world, 'root-only', alertDocument('root-only'), 0o600);

  await arrivalOf(world, healthy);
  assert.ok(existsSync(half), 'half a file waits');
  appendFileSync(half, whole.slice(150));
  healthy.push('half-written');
  await arrivalOf(world, healthy);
  if (locked !== undefined) {
    assert.ok(existsSync(join(world.spool, 'locked.xml')), 'a locked file waits');
    locked.stdin.end('\n');
    healthy.push('locked');
    await arrivalOf(world, healthy);
  }
  await checkCorrupt(world, sensor, { jump, putAt });
  await checkStatus(world, sensor, restricted);
  if (restricted) {
    chmodSync(join(world.spool, 'root-only.xml'), 0o644);
    writeFileSync(jump, '122000');
    healthy.push('root-only');
    await arrivalOf(world, healthy);
  }
  await checkQuarantine(world);
  assert.equal(bait.connections(), 0, 'nothing was ever fetched');
  assert.equal((await sensor.kill('SIGTERM')).code, 0);
  assertNoStack(sensor.stderr());
  assert.deepEqual(
    ours(world).toSorted(),
    [...healthy, 'bad-2'].toSorted(),
    'each healthy alert once, and the one that was let out',
  );
});

test('the words for what is refused say what is wrong', async (t) => {
  const world = await makeWorld(tempDir(t));
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  t.after(() => sensor.kill('SIGKILL'));
  const words = async (name: string, document: string): Promise<string> => {
    put(world, name, document);
    return (
      (
        await sensor.line(
          new RegExp(`warning: spool file ${name}\\.xml cannot be taken, kept as \\S+: (.*)$`),
        )
      )[1] ?? ''
    );
  };
  const foreign = await words('foreign', alertDocument('foreign').replace(NS, 'urn:foreign'));
  assert.match(foreign, /urn:foreign/, 'the namespace that is foreign');
  const beside = alertDocument('beside').replace('</idmef:IDMEF-Message>', 'text</idmef:IDMEF-Message>');
  assert.match(await words('beside', beside), /\(unexpected-text, 4\.2\.1\)$/, 'rule and section');
});

/** The files of the tables above and the healthy ones between them. Returns the messageids that must arrive. */
function putEverything(world: World, baitPort: number): string[] {
  const healthy: string[] = [];
  const good = (id: string, document: string | Buffer = alertDocument(id)): void => {
    put(world, id, document);
    healthy.push(id);
  };
  for (const [index, [name, content]] of corrupt.entries()) {
    put(world, name, content);
    good(`good-${index}`);
  }
  put(world, 'huge-document', '');
  truncateSync(join(world.spool, 'huge-document.xml'), 64 * MIB + 1);
  for (const [name, content] of invalid) put(world, name, content);
  const utf16 = alertDocument('utf-16', 'é').replace('UTF-8', 'UTF-16');
  good('utf-16', Buffer.from(`\ufeff${utf16}`, 'utf16le'));
  good('latin-1', Buffer.from(alertDocument('latin-1', 'é').replace('UTF-8', 'ISO-8859-1'), 'latin1'));
  const doctype = `?>\n<!DOCTYPE IDMEF-Message SYSTEM "http://127.0.0.1:${baitPort}/idmef.dtd">`;
  good('bare-doctype', alertDocument('bare-doctype').replace('?>', doctype));
  good('prefixless', alertDocument('prefixless').replaceAll('idmef:', '').replace('xmlns:idmef', 'xmlns'));
  // No message at all: taken, nothing to deliver.
  put(world, 'no-message', `<i:IDMEF-Message xmlns:i="${NS}"><!-- nothing --></i:IDMEF-Message>`);
  return healthy;
}

/** What is no file. All of it stays where it is. */
async function putOddities(t: TestContext, { spool, dir }: World): Promise<void> {
  mkdirSync(join(spool, 'directory.xml'));
  symlinkSync(join(dir, 'nowhere'), join(spool, 'dangling.xml'));
  symlinkSync(join(spool, 'loop.xml'), join(spool, 'loop.xml'));
  writeFileSync(join(dir, 'elsewhere'), alertDocument('elsewhere'));
  symlinkSync(join(dir, 'elsewhere'), join(spool, 'link.xml'));
  const fifo = spawnSync('mkfifo', [join(spool, 'fifo.xml')]);
  if (fifo.status !== 0) t.diagnostic('no FIFO: mkfifo is not here');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(spool, 'socket.xml'), resolve));
  t.after(() => server.close());
  writeFileSync(join(spool, 'not-ours.txt'), 'no alert');
  writeFileSync(join(spool, '.hidden.xml'), alertDocument('hidden'));
}

/** flock(1) holds the lock until a line comes. */
function lockedFile(t: TestContext, world: World) {
  if (spawnSync('flock', ['--version']).status !== 0) {
    t.diagnostic('no locked file: flock(1) is not here');
    return undefined;
  }
  const path = join(world.spool, 'locked.xml');
  const temporary = join(world.spool, '.locked');
  const script = 'exec 9>>"$1"; flock -x 9; mv "$1" "$2"; read -r _';
  writeFileSync(temporary, alertDocument('locked'));
  chmodSync(temporary, 0o644);
  const holder = spawn('sh', ['-c', script, 'sh', temporary, path], { stdio: ['pipe', 'ignore', 'inherit'] });
  t.after(() => holder.kill('SIGKILL'));
  return holder;
}

async function checkCorrupt(
  world: World,
  sensor: Program,
  { jump, putAt }: { readonly jump: string; readonly putAt: number },
): Promise<void> {
  const dir = join(world.spool, 'corrupt');
  // The reason is written beside the file when it has been moved.
  const names = (): string[] => {
    const all = readdirSync(dir);
    return all.filter((name) => name.endsWith('.xml') && all.includes(`${name}.reason`));
  };
  const atOnce = corrupt.filter(([, , , late]) => late === undefined).map(([name]) => `${name}.xml`);
  await until(() => names().length >= atOnce.length + 1, {
    what: 'what is complete but refused in corrupt/',
  });
  const early = names();
  assert.deepEqual(
    [...atOnce, 'huge-document.xml'].filter((name) => !early.includes(name)),
    [],
  );
  // Unless this took the minute that the others get.
  if (performance.now() - putAt < 50_000) assert.equal(early.length, atOnce.length + 1, early.join(' '));
  // 61 seconds go by.
  writeFileSync(jump, '61000');
  await until(() => names().length >= corrupt.length + 1, { what: 'what never became readable in corrupt/' });
  for (const [name, content, reason] of corrupt) {
    const words = readFileSync(join(dir, `${name}.xml.reason`), 'utf8');
    assert.match(/^reason: (.*)$/m.exec(words)?.[1] ?? '', reason, name);
    assert.match(words, /^text: .+$/m, name);
    assert.ok(
      readFileSync(join(dir, `${name}.xml`)).equals(Buffer.from(content)),
      `${name} is kept as it was`,
    );
    await sensor.line(
      new RegExp(`warning: spool file ${name}\\.xml cannot be taken, kept as .*${name}\\.xml: .`),
    );
  }
  assert.match(readFileSync(join(dir, 'huge-document.xml.reason'), 'utf8'), /^reason: too-large$/m);
}

async function checkStatus(world: World, sensor: Program, restricted: boolean): Promise<void> {
  const { headers } = await world.ask({ method: 'HEAD' });
  // The link, which is not followed, and the file that may not be read.
  const stuck = restricted ? 2 : 1;
  assert.equal(
    headers['idmef-status'],
    `pending=0, oldest=0, stuck=${stuck}, corrupt=${corrupt.length + 1}, dropped=0, paused=0`,
  );
  assert.match(sensor.stderr(), /error: spool file link\.xml stuck: .*symbolic links are not followed/);
  if (restricted) {
    assert.match(
      sensor.stderr(),
      /error: spool file root-only\.xml stuck: cannot read it: .*; let user id \d+ read it: chmod g\+r/,
    );
  }
  for (const name of [
    'directory.xml',
    'dangling.xml',
    'loop.xml',
    'link.xml',
    'socket.xml',
    'not-ours.txt',
    '.hidden.xml',
  ]) {
    assert.ok(lstatSync(join(world.spool, name)), name);
  }
}

/** The three ways out, and looking. */
async function checkQuarantine(world: World): Promise<void> {
  const profile = ['--profile', `localhost-${world.sensorPort}`, '--state', world.pollerState];
  const quarantine = async (...words: string[]) =>
    await runProgram('idmef', ['quarantine', ...words, ...profile]);
  const listed = await quarantine('list', '--json');
  assert.equal(listed.code, 0, listed.stderr);
  const entries = listed.stdout
    .trim()
    .split('\n')
    .map((line): Entry => JSON.parse(line));
  assert.equal(entries.length, invalid.length);
  const idOf = new Map<string, string>();
  for (const [name, document, rule, path] of invalid) {
    const [messageid = ''] = messageIds(document);
    const found: Entry[] = [];
    for (const entry of entries) {
      const shown = await quarantine('show', String(entry.id));
      assert.equal(shown.code, 0, shown.stderr);
      if (shown.stdout.includes(`messageid="${messageid}"`)) found.push(entry);
    }
    const [entry] = found;
    assert.equal(found.length, 1, name);
    assert.deepEqual([entry?.reason, entry?.detail.problems?.[0]?.rule], [rule, rule]);
    assert.match(entry?.detail.problems?.[0]?.path ?? '', path);
    idOf.set(messageid, String(entry?.id));
  }
  const lines = (await quarantine('list')).stdout;
  for (const [, , rule] of invalid)
    assert.match(lines, new RegExp(`^\\d+\\t\\S+Z\\t${rule}\\t\\d+ bytes\\t/Alert`, 'm'));

  const retried = await quarantine('retry', idOf.get('bad-1') ?? '');
  assert.equal(retried.code, 65);
  assert.match(retried.stderr, /^idmef: error: entry \d+ stays in quarantine: missing-child \/Alert: .*\n$/);
  const forwarded = await quarantine('forward', idOf.get('bad-2') ?? '');
  assert.equal(forwarded.code, 0, forwarded.stderr);
  const dropped = await quarantine('drop', idOf.get('bad-3') ?? '');
  assert.equal(dropped.code, 0, dropped.stderr);
  assert.equal((await quarantine('show', '999')).code, 66);
  assert.equal((await quarantine('forward')).code, 64);
  const drained = world.startPoller(['--drain']);
  assert.equal(await ended(drained), 0, drained.stderr());
  const left = (await quarantine('list')).stdout.trim().split('\n');
  assert.equal(left.length, 1);
  assert.match(left[0] ?? '', new RegExp(`^${idOf.get('bad-1')}\\t`));
}

interface Entry {
  readonly id: number;
  readonly reason: string;
  readonly detail: { readonly problems?: readonly { readonly rule: string; readonly path: string }[] };
}

/** Polls until all of these have arrived. */
async function arrivalOf(world: World, ids: readonly string[]): Promise<void> {
  await until(
    async () => {
      const poller = world.startPoller();
      const code = await ended(poller);
      assert.ok(code === 0 || code === 65, poller.stderr());
      const came = new Set(ours(world));
      return ids.every((id) => came.has(id));
    },
    { what: `arrival of ${ids.length} alerts` },
  );
}

/** Without the alert by which http-proxy reports what it set aside. */
function ours(world: World): string[] {
  return world
    .delivered()
    .flatMap((document) => messageIds(document))
    .filter((id) => !/^[0-9a-f-]{32,36}$/.test(id));
}

function put({ spool }: World, name: string, content: string | Buffer, mode = 0o644): void {
  const temporary = join(spool, `.${name}.tmp`);
  writeFileSync(temporary, content, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, join(spool, `${name}.xml`));
}

/** Listens where an entity or a DTD would be fetched from. */
async function startBait(t: TestContext): Promise<{ port: number; connections(): number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { port: portOf(server), connections: () => connections };
}

function hugeMessage(): string {
  const data = `<idmef:AdditionalData type="string"><idmef:string>${'x'.repeat(1.5 * MIB)}</idmef:string></idmef:AdditionalData>`;
  return alertDocument('huge').replace('</idmef:Alert>', `${data.repeat(3)}</idmef:Alert>`);
}

function attributes(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}=""`).join(' ');
}

function withSubset(subset: string): string {
  return alertDocument('subset', '&e;').replace('?>', `?>\n<!DOCTYPE IDMEF-Message [${subset}]>`);
}

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`);
  return `<!ENTITY e0 "ha">${levels.join('')}<!ENTITY e "&e9;">`;
}
