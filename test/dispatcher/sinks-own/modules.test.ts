/** Own modules of a site: loading, trust, what they get, and that nothing they do wrong is more than a failed delivery. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { ownSinkLimits } from '../../../src/core/limits.ts';
import type { Sink, SinkAnswer, SinkType } from '../../../src/dispatcher/model/sink.ts';
import { loadModules } from '../../../src/dispatcher/sinks/own/modules/load-modules.ts';
import { portOf } from '../../support/https-host.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { projectRoot } from '../../tools/source-files.ts';
import {
  endpoint,
  message,
  never,
  notification,
  realTimers,
  recipient,
  world,
  type World,
} from './sink-world.ts';

const ownerUid = process.getuid?.() ?? 0;

/** The dispatcher's timers keep no process alive. */
let alive: NodeJS.Timeout;
before(() => {
  alive = setInterval(() => undefined, 1_000);
});
after(() => clearInterval(alive));

/** A directory with these modules; a name alone is one of test/fixtures/sinks. */
function directory(t: TestContext, modules: Readonly<Record<string, string>>): string {
  const dir = join(realpathSync(tempDir(t)), 'modules');
  mkdirSync(dir, { mode: 0o755 });
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(dir, name), text, { mode: 0o644 });
  return dir;
}

async function loadOne(t: TestContext, body: string): Promise<SinkType> {
  const dir = directory(t, { 'own.mjs': `export const sink = { name: 'own', ${body} };` });
  const [type] = await loadModules(dir, { timers: realTimers, ownerUid });
  assert.ok(type);
  return type;
}

async function open(
  t: TestContext,
  type: SinkType,
  params: Record<string, unknown> = {},
  deps = world(),
): Promise<Sink> {
  const sink = await type.create(endpoint(type.type, params), deps);
  t.after(() => sink.close());
  return sink;
}

const words = ({ outcome }: SinkAnswer): string =>
  'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;

const once = async (sink: Sink): Promise<SinkAnswer> =>
  await sink.send(notification([message(1)], recipient()), never);

describe('loading', () => {
  test('every module of the directory, by its own name', async (t) => {
    const dir = directory(t, { 'README.txt': 'x', '.hidden.mjs': 'syntax error(' });
    const fixtures = join(projectRoot(), 'test', 'fixtures', 'sinks');
    for (const name of ['email-digest.mjs', 'flow-flood.mjs'])
      copyFileSync(join(fixtures, name), join(dir, name));
    const types = await loadModules(dir, { timers: realTimers, ownerUid });
    assert.deepEqual(
      types.map(({ type, audience, batch, everyMs, secrets, fileOnly }) => ({
        type,
        audience,
        batch,
        everyMs,
        secrets,
        fileOnly,
      })),
      [
        {
          type: 'email-digest',
          audience: 'people',
          batch: 100,
          everyMs: 60_000,
          secrets: ['token'],
          fileOnly: true,
        },
        {
          type: 'flow-flood',
          audience: 'machine',
          batch: 50,
          everyMs: undefined,
          secrets: [],
          fileOnly: true,
        },
      ],
    );
  });

  test('the example that ships', async (t) => {
    const dir = directory(t, {
      'example.mjs': readFileSync(join(projectRoot(), 'config/sinks/example.mjs'), 'utf8'),
    });
    const [type] = await loadModules(dir, { timers: realTimers, ownerUid });
    assert.deepEqual([type?.type, type?.secrets], ['pager', ['token']]);
    assert.equal(type?.endpoint.safeParse({ url: 'https://x/', token: 't' }).success, true);
    assert.equal(type?.endpoint.safeParse({ url: 'https://x/' }).success, false);
  });

  test('the example that ships delivers, and waits as long as its service says', async (t) => {
    const calls: string[] = [];
    let status = 200;
    const service = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (part: string) => {
        calls.push(`${request.headers.authorization} ${part}`);
      });
      request.on('end', () => response.writeHead(status, { 'retry-after': '7' }).end());
    });
    await new Promise<void>((resolve) => {
      service.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => {
      service.closeAllConnections();
      service.close();
    });
    const dir = directory(t, {
      'example.mjs': readFileSync(join(projectRoot(), 'config/sinks/example.mjs'), 'utf8'),
    });
    const [type] = await loadModules(dir, { timers: realTimers, ownerUid });
    assert.ok(type);
    const sink = await open(t, type, { url: `http://127.0.0.1:${portOf(service)}/`, token: 'geheim' });
    const send = async (): Promise<SinkAnswer> =>
      await sink.send(notification([message(1)], recipient({ number: '4711' })), never);
    assert.equal(words(await send()), 'ok');
    assert.deepEqual(calls, [
      'Bearer geheim {"number":"4711","text":"<p>body</p>","id":"key-0123456789abcdef"}',
    ]);
    status = 503;
    assert.deepEqual((await send()).outcome, {
      kind: 'again',
      reason: 'the pager service answers 503',
      retryAfterMs: 7_000,
    });
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['no sink', 'export const other = 1;', /sink/],
    ['a name that is none', "export const sink = { name: 'No Name', send() {} };", /small letters/],
    ['no send', "export const sink = { name: 'x' };", /send/],
    ['a syntax error', 'export const sink = {', /cannot be loaded/],
    ['an error while loading', "throw new Error('no licence');", /no licence/],
    [
      'a parameter that is none',
      "export const sink = { name: 'x', send() {}, params: { endpoint: [{}] } };",
      /endpoint/,
    ],
  ];
  for (const [name, text, expected] of bad) {
    test(`${name} is refused with the module’s path`, async (t) => {
      const dir = directory(t, { 'bad.mjs': text });
      await assert.rejects(loadModules(dir, { timers: realTimers, ownerUid }), (error: Error) => {
        assert.match(error.message, expected);
        assert.ok(error.message.includes(join(dir, 'bad.mjs')));
        return true;
      });
    });
  }

  test('a module that does not end loading', async (t) => {
    const dir = directory(t, { 'slow.mjs': 'await new Promise((r) => setTimeout(r, 60_000).unref());' });
    const timers = { after: (_ms: number, work: () => void) => realTimers.after(20, work) };
    await assert.rejects(loadModules(dir, { timers, ownerUid }), /does not end loading/);
  });

  test('two of one name', async (t) => {
    const text = "export const sink = { name: 'x', send() {} };";
    await assert.rejects(
      loadModules(directory(t, { 'a.mjs': text, 'b.mjs': text }), { timers: realTimers, ownerUid }),
      /has the name 'x' of/,
    );
  });

  test('what others could change is refused', async (t) => {
    const text = "export const sink = { name: 'x', send() {} };";
    const dir = directory(t, { 'x.mjs': text });
    const load = async (uid = ownerUid): Promise<unknown> =>
      await loadModules(dir, { timers: realTimers, ownerUid: uid });
    await load();
    chmodSync(join(dir, 'x.mjs'), 0o664);
    await assert.rejects(load(), /may be written by others/);
    chmodSync(join(dir, 'x.mjs'), 0o644);
    chmodSync(dir, 0o775);
    await assert.rejects(load(), /may be written by others/);
    chmodSync(dir, 0o755);
    await assert.rejects(load(ownerUid + 1), /belongs to user/);
    symlinkSync('/etc/hostname', join(dir, 'y.mjs'));
    await assert.rejects(load(), /symbolic link/);
  });

  test('a changed module is loaded anew', async (t) => {
    const dir = directory(t, { 'x.mjs': "export const sink = { name: 'one', send() {} };" });
    await loadModules(dir, { timers: realTimers, ownerUid });
    writeFileSync(join(dir, 'x.mjs'), "export const sink = { name: 'two', send() {} };");
    const [type] = await loadModules(dir, { timers: realTimers, ownerUid });
    assert.equal(type?.type, 'two');
  });
});

describe('what it answers', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['{ ok: true }', /^ok$/],
    ["{ error: 'busy' }", /^again: busy$/],
    ["{ error: 'busy', retryAfterMs: 5000 }", /^again: busy$/],
    ["{ error: 'never', retry: false }", /^refused: never$/],
    ["{ error: 'a\\r\\nb\\u001b' }", /^again: a b\\u001b$/],
    ['undefined', /^again: .*neither/],
    ["'yes'", /^again: .*neither/],
    ['{ ok: false }', /^again: .*neither/],
    ['{ success: true }', /^again: .*neither/],
    ['{ error: 1 }', /^again: .*neither/],
    ["(() => { throw new Error('boom') })()", /^again: module own failed: boom$/],
    ["Promise.reject('text')", /^again: module own failed: text$/],
  ];
  for (const [result, expected] of rows) {
    test(result, async (t) => {
      const sink = await open(t, await loadOne(t, `send() { return ${result}; }`));
      assert.match(words(await once(sink)), expected);
    });
  }

  test('a wait longer than we grant is cut, not taken for nonsense', async (t) => {
    const sink = await open(t, await loadOne(t, "send() { return { error: 'later', retryAfterMs: 1e9 }; }"));
    assert.deepEqual((await once(sink)).outcome, {
      kind: 'again',
      reason: 'later',
      retryAfterMs: ownSinkLimits.retryAfterMaxMs,
    });
  });

  test('nothing, in time', async (t) => {
    const deps: World = world();
    const type = await loadOne(
      t,
      `timeoutMs: 40, send(batch, { signal, log }) {
         signal.addEventListener('abort', () => log('told'));
         return new Promise((r) => setTimeout(r, 60_000).unref());
       }`,
    );
    const sink = await open(t, type, {}, deps);
    assert.match(words(await once(sink)), /^again: module own failed: no answer within 40 ms$/);
    assert.ok(deps.log.lines.some(({ text }) => text.endsWith('told')));
  });

  test('an abort ends the wait', async (t) => {
    const sink = await open(
      t,
      await loadOne(t, 'send() { return new Promise((r) => setTimeout(r, 60_000).unref()); }'),
    );
    const stop = new AbortController();
    const sending = sink.send(notification([message(1)], recipient()), stop.signal);
    stop.abort(new Error('shutting down'));
    await assert.rejects(sending, /shutting down/);
  });

  test('a module that refuses to start refuses the endpoint', async (t) => {
    const type = await loadOne(t, "onLoad() { throw new Error('no licence'); }, send() {}");
    await assert.rejects(
      type.create(endpoint('own', {}), world()),
      /module own refuses to start: no licence/,
    );
  });

  const availability: readonly (readonly [string, string | undefined])[] = [
    ['true', undefined],
    ['false', 'module own is not available'],
    ["'no modem'", 'no modem'],
    ["(() => { throw new Error('x') })()", 'module own failed: x'],
  ];
  for (const [result, expected] of availability) {
    test(`isAvailable: ${result}`, async (t) => {
      const sink = await open(t, await loadOne(t, `isAvailable() { return ${result}; }, send() {}`));
      assert.equal(await sink.isAvailable?.(), expected);
    });
  }

  test('what it does to its batch reaches nobody else', async (t) => {
    const sink = await open(
      t,
      await loadOne(
        t,
        "send(batch) { batch.alerts[0].view.title = 'x'; batch.alerts[0].origin.source = 'y'; return { ok: true }; }",
      ),
    );
    const one = message(1);
    assert.equal((await sink.send(notification([one], recipient()), never)).outcome.kind, 'ok');
    assert.deepEqual([one.view.title, one.origin.source], ['Brute force attack', 'idmef']);
  });

  test('budget and frequency are a limit', async (t) => {
    const sink = await open(t, await loadOne(t, 'everyMs: 60_000, budget: 30, send() {}'));
    assert.deepEqual(sink.limits(recipient()), [{ key: 'module:my-own', rate: 0.5, burst: 30 }]);
  });
});

describe('ntopng’s two examples', () => {
  const fixture = async (t: TestContext, name: string): Promise<SinkType> => {
    const dir = directory(t, {});
    copyFileSync(join(projectRoot(), 'test', 'fixtures', 'sinks', name), join(dir, name));
    chmodSync(join(dir, name), 0o644);
    const [type] = await loadModules(dir, { timers: realTimers, ownerUid });
    assert.ok(type);
    return type;
  };

  test('e-mail: a hundred alerts are one mail; G-NT: without cc', async (t) => {
    const drop = join(tempDir(t), 'drop');
    const sink = await open(t, await fixture(t, 'email-digest.mjs'), { drop, sender: 'nprobe@example.org' });
    const alerts = Array.from({ length: 100 }, (_, n) => message(n + 1, { title: `<b>${n}` }));
    const result = await sink.send(
      notification(alerts, recipient({ email_recipient: 'ana@example.org' })),
      never,
    );
    assert.equal(words(result), 'ok');
    assert.equal(result.providerRef, 'key-0123456789abcdef.eml');
    const mail = readFileSync(join(drop, 'key-0123456789abcdef.eml'), 'utf8');
    assert.match(mail, /^Subject: 100 alerts - idmef-relay @ soc.example.org\r$/m);
    assert.equal(mail.match(/<br>/g)?.length, 99);
    assert.doesNotMatch(mail, /<b>|Cc:/);
  });

  test('G-NT: what is not delivered stays: the queue is left only after the yes', async (t) => {
    const drop = join(tempDir(t), 'drop');
    const sink = await open(t, await fixture(t, 'email-digest.mjs'), { drop, sender: 'a@b' });
    writeFileSync(drop + 'x', '');
    const gone = await open(t, await fixture(t, 'email-digest.mjs'), {
      drop: join(drop, 'sub'),
      sender: 'a@b',
    });
    assert.equal((await once(sink)).outcome.kind, 'ok');
    assert.equal((await once(gone)).outcome.kind, 'ok');
    const { rmSync } = await import('node:fs');
    rmSync(drop, { recursive: true });
    assert.match(words(await once(gone)), /^again: cannot write the mail: ENOENT/);
  });

  test('flow flood: acts on one type of alert only', async (t) => {
    const deps = world();
    const sink = await open(t, await fixture(t, 'flow-flood.mjs'), {}, deps);
    const typed = (seq: number, type: string) =>
      message(seq, {
        additionalData: [
          { meaning: 'ntopng.alert_type', type: 'string', value: type },
          { meaning: 'ntopng.alert_entity_val', type: 'string', value: '192.0.2.9@0' },
        ],
      });
    const alerts = [typed(1, 'flow_flood'), typed(2, 'syn_flood'), message(3)];
    assert.equal((await sink.send(notification(alerts, recipient()), never)).outcome.kind, 'ok');
    assert.equal(deps.log.lines.length, 1);
    assert.match(
      deps.log.lines[0]?.text ?? '',
      /flood: \[02\/01\/2026 03:04:05\]\[High\]\[Brute force attack\]\(\[198/,
    );
    await sink.send(notification([], recipient(), { form: 'test' }), never);
    assert.match(deps.log.lines[1]?.text ?? '', /flow-flood works/);
    assert.equal(await sink.isAvailable?.(), undefined);
  });
});
