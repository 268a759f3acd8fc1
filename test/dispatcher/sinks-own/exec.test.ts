/** The exec sink with real scripts: what they get, what their end means, and that nothing of them stays behind. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { ownSinkLimits } from '../../../src/core/limits.ts';
import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { SendMessage, Sink, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { createExecType } from '../../../src/dispatcher/sinks/own/exec/exec.ts';
import { exitOutcome } from '../../../src/dispatcher/sinks/own/exec/exit-outcome.ts';
import { distrust } from '../../../src/dispatcher/sinks/own/trusted-path.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { endpoint, manualTimers, message, never, notification, recipient, world } from './sink-world.ts';

const uid = process.getuid?.() ?? 0;

interface Script {
  readonly dir: string;
  readonly path: string;
  readonly sink: Sink;
  readonly send: (messages?: readonly SendMessage[], to?: Recipient) => Promise<SinkAnswer>;
}

async function script(
  t: TestContext,
  text: string,
  params: Record<string, unknown> = {},
  deps = world(),
): Promise<Script> {
  const dir = realpathSync(tempDir(t));
  chmodSync(dir, 0o755);
  const path = join(dir, 'script');
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const sink = await createExecType(uid).create(endpoint('exec', { command: [path], ...params }), deps);
  t.after(() => sink.close());
  return {
    dir,
    path,
    sink,
    send: async (messages = [message(1)], to = recipient()) =>
      await sink.send(notification(messages, to), never),
  };
}

const words = ({ outcome }: SinkAnswer): string =>
  'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;

describe('what a script gets', () => {
  test('the alert as JSON on standard input, PATH and LANG, nothing else', async (t) => {
    const { dir, send } = await script(t, 'cat > "$1/in"; env > "$1/env"; pwd > "$1/cwd"', {});
    const hostile = message(1, { title: '$(touch /tmp/owned); `id` \n"' });
    assert.equal(words(await send([hostile], recipient({ args: [dir, 'one', '$(id)'] }))), 'ok');
    const input: { alerts: { title: string; idmef: string }[] } = JSON.parse(
      readFileSync(join(dir, 'in'), 'utf8'),
    );
    assert.equal(input.alerts[0]?.title, '$(touch /tmp/owned); `id` \n"');
    assert.match(input.alerts[0]?.idmef ?? '', /^<idmef:Alert/);
    const lines = readFileSync(join(dir, 'env'), 'utf8').trimEnd().split('\n');
    // sh adds these itself.
    const own = lines.filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line));
    assert.deepEqual(
      own.map((line) => line.split('=')[0] ?? '').toSorted((a, b) => (a < b ? -1 : 1)),
      ['LANG', 'PATH'],
    );
    assert.equal(readFileSync(join(dir, 'cwd'), 'utf8'), '/\n');
  });

  test('hostile text stands in no argument', async (t) => {
    const { dir, send } = await script(t, 'tr "\\0" "\\n" < /proc/$$/cmdline > "$1/args"');
    await send([message(1, { title: 'needle-4711' })], recipient({ args: [dir, '--fixed'] }));
    const args = readFileSync(join(dir, 'args'), 'utf8');
    assert.match(args, /--fixed/);
    assert.doesNotMatch(args, /needle-4711/);
  });

  test('a script that does not read its input is no failure', async (t) => {
    const { send } = await script(t, 'exit 0');
    assert.equal(words(await send([message(1, { body: Buffer.alloc(1 << 20, 'x') })])), 'ok');
  });
});

describe('what its end means', { concurrency: 4 }, () => {
  const ends: readonly (readonly [string, RegExp])[] = [
    ['exit 0', /^ok$/],
    ['exit 75', /^again: ended with 75$/],
    ['exit 69', /^again: /],
    ['exit 1', /^again: ended with 1$/],
    ['exit 65', /^refused: /],
    ['exit 64', /^broken: /],
    ['exit 78', /^broken: /],
    ['exit 127', /^broken: /],
    ['kill -9 $$', /^again: was ended by SIGKILL$/],
    [
      'echo out; echo "no $(printf "\\033[31m")modem" >&2; exit 75',
      /^again: ended with 75: no \\u001b\[31mmodem out$/,
    ],
  ];
  for (const [text, expected] of ends) {
    test(text, async (t) => {
      const { send } = await script(t, text);
      assert.match(words(await send()), expected);
    });
  }

  test('a script without its interpreter', async (t) => {
    const { path, send } = await script(t, '');
    writeFileSync(path, '#!/nonexistent/interpreter\n');
    assert.match(words(await send()), /^broken: cannot be started/);
  });

  test('a start the system refuses is no bug: for good, or for now', async (t) => {
    const { send } = await script(t, 'exit 0');
    // The kernel takes 128 KiB as one argument.
    const to = recipient({ args: ['x'.repeat(200_000)] });
    assert.match(words(await send([message(1)], to)), /^broken: cannot be started: .*E2BIG/);
    for (const [code, kind] of [
      ['EAGAIN', 'again'],
      ['EMFILE', 'again'],
      ['ETXTBSY', 'again'],
      ['EACCES', 'broken'],
    ] as const) {
      assert.equal(exitOutcome({ kind: 'unstartable', code, output: code }).kind, kind, code);
    }
  });

  test('output beyond 64 KiB is dropped, and does not stop the script', async (t) => {
    const { send } = await script(t, 'head -c 3000000 /dev/zero | tr "\\0" x; exit 75');
    const said = words(await send());
    assert.match(said, /^again: ended with 75: x+…$/);
    assert.ok(said.length < 400);
  });
});

describe('time', { concurrency: 4 }, () => {
  test('a script that does not end is killed, with all it started', async (t) => {
    const timers = manualTimers();
    const { dir, send } = await script(
      t,
      'trap "" TERM; (trap "" TERM; sleep 60) & echo $! > "$1/child"; echo $$ > "$1/self"; wait; sleep 60',
      { timeout: 30 },
      world({ timers }),
    );
    const sending = send([message(1)], recipient({ args: [dir] }));
    await until(() => existsSync(join(dir, 'self')) && readFileSync(join(dir, 'self'), 'utf8') !== '', {
      timeoutMs: 60_000,
    });
    await timers.advance(30_000 + ownSinkLimits.scriptKillMs);
    assert.match(words(await sending), /^again: did not end in time/);
    for (const name of ['self', 'child']) {
      const pid = Number(readFileSync(join(dir, name), 'utf8'));
      await until(() => !isAlive(pid), { what: `the end of the ${name}` });
    }
  });

  test('an abort kills it too', async (t) => {
    const { dir, sink } = await script(t, 'echo $$ > "$1/self"; exec sleep 60');
    const stop = new AbortController();
    const running = sink.send(notification([message(1)], recipient({ args: [dir] })), stop.signal);
    await until(() => existsSync(join(dir, 'self')) && readFileSync(join(dir, 'self'), 'utf8') !== '');
    stop.abort(new Error('shutting down'));
    await assert.rejects(running, /shutting down/);
    const pid = Number(readFileSync(join(dir, 'self'), 'utf8'));
    await until(() => !isAlive(pid));
  });

  test('something left in the background does not hold the answer up', async (t) => {
    const { send } = await script(t, 'sleep 20 & exit 0', { timeout: 15 });
    assert.equal(words(await send()), 'ok');
  });

  test('one after the other', async (t) => {
    const { dir, send } = await script(t, 'mkdir "$1/lock" || exit 65; sleep 0.05; rmdir "$1/lock"');
    const to = recipient({ args: [dir] });
    const results = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => await send([message(n)], to)),
    );
    assert.deepEqual(results.map(words), ['ok', 'ok', 'ok', 'ok']);
  });
});

describe('ntopng', () => {
  test('runs on engage, on release, or always', async (t) => {
    const { dir, send } = await script(t, 'cat > /dev/null; echo run >> "$1/runs"');
    const act = (action: string): SendMessage =>
      message(1, { additionalData: [{ meaning: 'ntopng.action', type: 'string', value: action }] });
    const runs = (): number =>
      existsSync(join(dir, 'runs')) ? readFileSync(join(dir, 'runs'), 'utf8').length / 4 : 0;
    const to = (run_on: string): Recipient => recipient({ args: [dir], run_on });
    await send([act('release')], to('engage'));
    await send([act('engage')], to('release'));
    assert.equal(runs(), 0);
    await send([act('engage')], to('engage'));
    await send([act('release')], to('release'));
    await send([act('store')], to('always'));
    await send([message(1)], to('engage'));
    assert.equal(runs(), 4);
  });

  test('G-NT: a script that was executed raises no alert: the sink has no way to make one', async (t) => {
    const { dir, send } = await script(t, 'cat > /dev/null; echo run >> "$1/runs"');
    for (let n = 0; n < 5; n++) await send([message(n)], recipient({ args: [dir] }));
    assert.equal(readFileSync(join(dir, 'runs'), 'utf8').split('\n').length - 1, 5);
    assert.deepEqual(Object.keys(world()).toSorted(), [
      'hostname',
      'log',
      'outbound',
      'random',
      'timers',
      'version',
    ]);
  });
});

describe('trust', () => {
  test('what others could change is refused at the start and before each run', async (t) => {
    const { dir, path, send } = await script(t, 'exit 0');
    const type = createExecType(uid);
    const refused = async (expected: RegExp): Promise<void> => {
      await assert.rejects(type.create(endpoint('exec', { command: [path] }), world()), expected);
      assert.match(words(await send()), /^broken: /);
    };
    chmodSync(path, 0o775);
    await refused(/may be written by others/);
    chmodSync(path, 0o755);
    chmodSync(dir, 0o775);
    await refused(/may be written by others/);
    chmodSync(dir, 0o755);
    assert.equal(words(await send()), 'ok');
  });

  test('another owner', async (t) => {
    const { path } = await script(t, 'exit 0');
    assert.match(distrust(path, 'file', uid + 1) ?? '', /belongs to user/);
    assert.equal(distrust(path, 'file', uid), undefined);
  });

  test('symbolic links, directories, relative paths, nothing', async (t) => {
    const { dir, path } = await script(t, 'exit 0');
    symlinkSync(path, join(dir, 'link'));
    symlinkSync(dir, join(dir, 'dirlink'));
    mkdirSync(join(dir, 'sub'));
    assert.match(distrust(join(dir, 'link'), 'file', uid) ?? '', /symbolic link/);
    assert.match(distrust(join(dir, 'dirlink', 'script'), 'file', uid) ?? '', /symbolic link/);
    assert.match(distrust(join(dir, 'sub'), 'file', uid) ?? '', /is no file/);
    assert.match(distrust('script', 'file', uid) ?? '', /whole path/);
    assert.match(distrust(join(dir, 'none'), 'file', uid) ?? '', /cannot be looked at/);
    assert.equal(lstatSync(dir).isDirectory(), true);
  });

  test('scripts are for the configuration file only, and root’s by default', async (t) => {
    assert.equal(createExecType().fileOnly, true);
    const { path } = await script(t, 'exit 0');
    if (uid !== 0)
      await assert.rejects(
        createExecType().create(endpoint('exec', { command: [path] }), world()),
        /not to root$/,
      );
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead; only its parent has not noticed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
