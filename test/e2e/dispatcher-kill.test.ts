/**
 * Kill -9 at random: the dispatcher dies again and again, at last by SIGTERM, under the flags of its launcher, while clients post over HTTPS
 * with API keys and log servers over TCP, and a machine gets everything by webhook.
 *
 * Claims: what was answered 201 is delivered, to the webhook and to the file; what is delivered twice is marked `repeated`; the law of
 * deliveries holds after every kill; the audit log is whole. Lines of syslog have no answer: what is sent when nobody is
 * killed any more arrives. ROUNDS sets the number of kills (default 5). SEED repeats a run.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { isObject, jsonObject } from '../../src/core/json-object.ts';
import { connectControl } from '../../src/dispatcher/control/control-client.ts';
import { freePort } from '../support/free-port.ts';
import { generator } from '../support/generator.ts';
import { portOf, readBody } from '../support/https-host.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { runProgram, startProgram, type Program } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 6;
/** As test/tools/dist.mjs starts it. */
const nodeFlags = ['--disable-proto=delete', '--disallow-code-generation-from-strings'];

test(`kill -9 of alert-dispatcher: ${rounds} rounds, ${CLIENTS} clients, seed ${seed}`, async (t) => {
  const random = generator(seed);
  const site = await makeSite(t);
  let program = await site.start();
  t.after(async () => await program.kill('SIGKILL'));
  const clients = startClients(site, random);

  for (let round = 0; round < rounds; round += 1) {
    // Something must be under way, however busy the machine is.
    const before = clients.promised();
    await until(() => clients.promised() > before, { what: 'an answer' });
    await delay(random() * 600);
    // The last one is asked to end, and ends in order.
    const asked = round === rounds - 1;
    const { code } = await program.kill(asked ? 'SIGTERM' : 'SIGKILL');
    if (asked) assert.equal(code, 0, program.stderr());
    program = await site.start();
    assert.deepEqual(await brokenLaws(site), [], `the law after round ${round + 1}`);
  }
  const promised = await clients.stop();
  const lines = Array.from({ length: 20 }, (_, index) => `syslog-${index}`);
  await sendLines(site.syslogPort, lines);
  promised.push(...lines);

  const { received } = site;
  await until(() => promised.every((title) => received.has(title)), {
    everyMs: 50,
    what: `delivery of ${promised.length} alerts (${received.size} came)\n${program.stderr().slice(-2_000)}`,
  });
  await until(async () => (await pendingOf(site, 'archive')) === 0, {
    what: 'the file',
  });
  assert.deepEqual(await brokenLaws(site), []);
  const exit = await program.kill('SIGTERM');
  assert.equal(exit.code, 0, program.stderr());

  const unmarked = [...received].filter(([, marks]) => marks.filter((repeated) => !repeated).length > 1);
  assert.deepEqual(unmarked, [], 'what comes twice says so');
  const filed = readFileSync(join(site.dir, 'files', 'alerts.jsonl'), 'utf8').split('\n');
  const titles = new Set(filed.map((line) => jsonObject(line)?.['title']));
  assert.deepEqual(
    promised.filter((title) => !titles.has(title)),
    [],
    'the file has all',
  );
  const audit = await runProgram('alert-dispatcher', ['audit', 'verify', ...site.place], { nodeFlags });
  assert.equal(audit.stdout, 'the log is whole\n', audit.stderr);
  const twice = [...received.values()].filter(({ length }) => length > 1).length;
  t.diagnostic(`${promised.length} alerts acknowledged, ${twice} delivered twice and marked`);
});

interface Site {
  readonly dir: string;
  readonly pki: Pki;
  readonly place: readonly string[];
  readonly port: number;
  readonly syslogPort: number;
  readonly key: string;
  /** By title: whether each delivery was marked `repeated`, in order. */
  readonly received: ReadonlyMap<string, readonly boolean[]>;
  start(): Promise<Program>;
}

async function makeSite(t: TestContext): Promise<Site> {
  const dir = realpathSync(tempDir(t));
  const pki = await makePki(join(dir, 'pki'));
  const { received, url } = await startReceiver(t);
  for (const name of ['state', 'files']) mkdirSync(join(dir, name));
  const [port, syslogPort] = [await freePort(), await freePort()];
  const config = {
    endpoints: { disk: { type: 'file', dir: join(dir, 'files') }, hook: { type: 'webhook', url } },
    recipients: { archive: { endpoint: 'disk' }, siem: { endpoint: 'hook', batch: 100 } },
    route: { to: ['archive', 'siem'] },
    sources: {
      https: {
        listen: `127.0.0.1:${port}`,
        cert: pki.server.certFile,
        key: pki.server.keyFile,
        ca: pki.caFile,
        allow_monitor: ['*'],
      },
      rest: { rate: 100_000 },
      syslog: { t: { listen: `127.0.0.1:${syslogPort}`, transport: 'tcp', allow_from: '127.0.0.0/8' } },
    },
  };
  const configFile = join(dir, 'dispatcher.yml');
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o640 });
  const place = ['--config', configFile, '--state', join(dir, 'state')];
  // Without a service: commands make what it needs.
  await runProgram('alert-dispatcher', ['users', 'add', 'ana', '--no-password', ...place], { nodeFlags });
  const { stdout, stderr } = await runProgram('alert-dispatcher', ['keys', 'add', 'ana', ...place], {
    nodeFlags,
  });
  const key = stdout.trim();
  assert.match(key, /^irk_/, stderr);
  return {
    dir,
    pki,
    place,
    port,
    syslogPort,
    key,
    received,
    start: async () => {
      const program = startProgram('alert-dispatcher', ['serve', ...place, '--min-free', '0'], { nodeFlags });
      await program.line(/started: 2 recipients/);
      return program;
    },
  };
}

async function startReceiver(t: TestContext): Promise<{ received: Map<string, boolean[]>; url: string }> {
  const received = new Map<string, boolean[]>();
  const server = createServer((incoming, response) => {
    // A call that was cut off within its body says nothing.
    void take(incoming, received).then(
      () => response.end('ok'),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${portOf(server)}/` };
}

async function take(incoming: IncomingMessage, received: Map<string, boolean[]>): Promise<void> {
  const { messages, repeated } = jsonObject((await readBody(incoming)).toString('utf8')) ?? {};
  for (const message of Array.isArray(messages) ? messages : []) {
    const title = isObject(message) ? String(message['title']) : '';
    received.set(title, [...(received.get(title) ?? []), repeated === true]);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Rejects when the connection breaks before the answer is whole. */
async function ask(
  { pki, port }: Site,
  what: { readonly path: string; readonly body?: string; readonly key?: string; readonly as?: Issued },
  agent: Agent | false = false,
): Promise<Answer> {
  const { path, body, key, as } = what;
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        path,
        ca: pki.caPem,
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(as === undefined ? {} : { cert: as.certPem, key: as.keyPem }),
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          if (incoming.complete)
            resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString() });
          else reject(new Error('the answer is cut off'));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

interface Clients {
  /** How many alerts were answered 201. */
  promised(): number;
  /** Their titles. */
  stop(): Promise<string[]>;
}

/** Each posts one alert after the other; what is not answered 201 is not promised, whatever became of it. */
function startClients(site: Site, random: () => number): Clients {
  const promised: string[] = [];
  let going = true;
  const client = async (name: string): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // oxlint-disable-next-line no-unmodified-loop-condition -- `stop` does
    for (let count = 0; going; count += 1) {
      const title = `${name}-${count}`;
      const body = JSON.stringify({ title, severity: 'low' });
      try {
        const { status, text } = await ask(site, { path: '/api/v1/alerts', body, key: site.key }, agent);
        // "Later" is an answer too, and promises nothing.
        assert.ok([201, 503].includes(status), `${status} ${text}`);
        if (status === 201) promised.push(title);
        await delay(random() * 30);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await delay(20);
      }
    }
    agent.destroy();
  };
  const running = Array.from({ length: CLIENTS }, (_, index) => client(`client${index}`));
  // Whoever fails is heard of at the end.
  void Promise.allSettled(running);
  return {
    promised: () => promised.length,
    async stop() {
      going = false;
      await Promise.all(running);
      return promised;
    },
  };
}

async function sendLines(port: number, titles: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  for (const title of titles) socket.write(`<14>1 2026-01-02T03:04:05Z host app - - - ${title}\n`);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.end();
    socket.resume();
  });
}

async function brokenLaws(site: Site): Promise<string[]> {
  const { status, text } = await ask(site, { path: '/metrics', as: site.pki.client });
  assert.equal(status, 200, text);
  const lines = text.split('\n').filter((line) => line.startsWith('idmef_dispatcher_deliveries_law_broken{'));
  assert.equal(lines.length, 2, text);
  return lines.filter((line) => !line.endsWith(' 0'));
}

async function pendingOf(site: Site, recipient: string): Promise<number | undefined> {
  const control = connectControl(join(site.dir, 'state', 'control.sock'), 'test');
  const { stats } = await control.call('status', {});
  return stats.queues.find((queue) => queue.recipient === recipient)?.pending;
}
