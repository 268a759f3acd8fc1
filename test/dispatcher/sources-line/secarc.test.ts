/** SecARC's POST /alert: the table of A.5.2, everything else refused with a reason, nothing stored before the commit. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import { RelayError } from '../../../src/core/errors.ts';
import { secarcLimits } from '../../../src/core/limits.ts';
import type { LineSource } from '../../../src/dispatcher/sources/line/deps.ts';
import { readSecarcAlert } from '../../../src/dispatcher/sources/line/secarc/secarc-alert.ts';
import { createSecarcSource } from '../../../src/dispatcher/sources/line/secarc/secarc-source.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import { type LineWorld, lineWorld } from './line-world.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}

interface Running {
  readonly world: LineWorld;
  readonly source: LineSource;
  readonly port: number;
  readonly ask: (body: string, method?: string, path?: string) => Promise<Answer>;
}

async function start(t: TestContext, allowed: readonly string[] = ['127.0.0.0/8']): Promise<Running> {
  const world = lineWorld();
  const source = createSecarcSource({ address: '127.0.0.1', port: 0, allowFrom: allowed }, world);
  const { port } = await source.listen();
  t.after(async () => source.close());
  return {
    world,
    source,
    port,
    ask: async (body, method = 'POST', path = '/alert') => {
      const request = httpRequest({ port, host: '127.0.0.1', method, path, agent: false });
      request.setHeader('User-Agent', 'pythonAlertClass');
      request.end(body);
      const response = await new Promise<AsyncIterable<Buffer> & { statusCode?: number; headers: object }>(
        (resolve, reject) => {
          request.once('response', resolve);
          request.once('error', reject);
        },
      );
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return {
        status: response.statusCode ?? 0,
        body: Buffer.concat(chunks).toString(),
        type: String(Reflect.get(response.headers, 'content-type')),
      };
    },
  };
}

function alert(module: string, type: string, severity: unknown, data: unknown, ip = '192.168.1.80'): string {
  return JSON.stringify({ module, alert_type: type, severity, ip, data: JSON.stringify(data) });
}

const ssh = alert('SSH', 'new_connection', 1, { ip: '198.51.100.7', port: '50022' });

describe('secarc', () => {
  for (const [body, expected] of [
    [
      ssh,
      {
        title: 'SSH new connection',
        text: 'New connection from 198.51.100.7 (port 50022)',
        severity: 'info',
        source: ['198.51.100.7', '50022', ''],
        target: ['192.168.1.80', '22', 'ssh'],
      },
    ],
    [
      alert('PerfMonitor', 'cpu', 3, { usage: 97.5 }),
      {
        title: 'High CPU usage',
        text: 'CPU usage is 97.5 percent',
        severity: 'high',
        source: undefined,
        target: ['192.168.1.80', '', ''],
      },
    ],
    [
      alert('WebServer', 'http_404', 2, { ip: '2001:db8::7', count: 51, interval: 1 }),
      {
        title: 'HTTP 404 errors',
        text: 'There are 51 HTTP 404 errors in the last 1 minutes from 2001:db8::7',
        severity: 'medium',
        source: ['2001:db8::7', '', ''],
        target: ['192.168.1.80', '80', 'http'],
      },
    ],
    [
      '{"module":"Own","alert_type":"thing","severity":"2","ip":"10.0.0.1","more":[1]}',
      {
        title: 'Own thing',
        text: '{"module":"Own","alert_type":"thing","severity":"2","ip":"10.0.0.1","more":[1]}',
        severity: 'medium',
        source: undefined,
        target: ['10.0.0.1', '', ''],
      },
    ],
  ] as const) {
    test(`A.5.2: ${expected.title}: 201, and stored`, async (t) => {
      const { world, ask } = await start(t);
      assert.deepEqual(await ask(body), {
        status: 201,
        body: String.raw`"{\"status\": \"OK\"}"` + '\n',
        type: 'application/json',
      });
      const [stored] = world.door.stored;
      assert.deepEqual(stored?.origin, { source: 'secarc', address: '127.0.0.1' });
      const view = await viewMessage(stored.body);
      const party = (each: (typeof view.sources)[number] | undefined): unknown =>
        each && [each.node?.addresses[0]?.address, each.service?.port ?? '', each.service?.name ?? ''];
      assert.deepEqual(
        {
          title: view.classification,
          text: view.additionalData.find(({ meaning }) => meaning === 'body')?.value,
          severity: view.severity,
          source: party(view.sources[0]),
          target: party(view.targets[0]),
        },
        expected,
      );
    });
  }

  test('JSON in a string, as some senders nest it, is the same alert', () => {
    assert.deepEqual(readSecarcAlert(JSON.stringify(ssh)), readSecarcAlert(ssh));
  });

  for (const [what, body, reason] of [
    ['no JSON', 'hello', 'the body is no JSON object'],
    ['nothing', '', 'the body is no JSON object'],
    ['a list', '[]', 'the body is no JSON object'],
    ['no module', '{"alert_type":"cpu","severity":1,"ip":"10.0.0.1"}', 'module is missing'],
    ['no type', '{"module":"SSH","severity":1,"ip":"10.0.0.1"}', 'alert_type is missing'],
    ['severity 4', alert('SSH', 'new_connection', 4, {}), 'severity is not 1, 2 or 3'],
    ['no severity', alert('SSH', 'new_connection', undefined, {}), 'severity is not 1, 2 or 3'],
    ['a name for an address', alert('SSH', 'new_connection', 1, {}, 'host'), 'ip is no address'],
    ['no data', alert('SSH', 'new_connection', 1, undefined), 'data is not what SSH new_connection has'],
    [
      'G-SecARC: argument injection through ip',
      alert('SSH', 'new_connection', 1, { ip: '1.1.1.1 -j ACCEPT', port: 22 }),
      'data is not what SSH new_connection has',
    ],
    [
      'G-SecARC: argument injection through port',
      alert('SSH', 'new_connection', 1, { ip: '1.1.1.1', port: '22; reboot' }),
      'data is not what SSH new_connection has',
    ],
    [
      'a usage that is no number',
      alert('PerfMonitor', 'cpu', 2, { usage: 'x' }),
      'data is not what PerfMonitor cpu has',
    ],
    ['__proto__ as a module', alert('__proto__', 'x', 9, {}), 'severity is not 1, 2 or 3'],
  ] as const) {
    test(`${what}: 400 with the reason, nothing stored`, async (t) => {
      const { world, ask } = await start(t);
      assert.deepEqual(await ask(body), {
        status: 400,
        body: `${JSON.stringify({ message: reason })}\n`,
        type: 'application/json',
      });
      assert.deepEqual([...world.door.refusals], [['invalid', 1]]);
      assert.equal(world.door.stored.length, 0);
    });
  }

  test('other paths are 404, other methods 405, more than an alert 413', async (t) => {
    const { world, ask } = await start(t);
    assert.equal((await ask(ssh, 'POST', '/response')).status, 404);
    assert.equal((await ask('', 'GET')).status, 405);
    assert.equal((await ask('x'.repeat(secarcLimits.bodyBytes + 1))).status, 413);
    assert.equal((await ask('x'.repeat(secarcLimits.bodyBytes * 16))).status, 413);
    assert.deepEqual([...world.door.refusals], [['too-large', 2]]);
    assert.equal(world.door.stored.length, 0);
  });

  test('G-SecARC: unauthenticated /alert: without allow_from it does not start, and strangers are cut off', async (t) => {
    assert.throws(
      () => createSecarcSource({ address: '127.0.0.1', port: 0, allowFrom: [] }, lineWorld()),
      (error) => error instanceof RelayError && error.code === 'CONFIG' && /allow_from/.test(error.message),
    );
    const { world, ask } = await start(t, ['192.0.2.0/24']);
    await assert.rejects(ask(ssh));
    await world.door.untilRefused('not-allowed');
    assert.equal(world.door.stored.length, 0);
  });

  test('a store that fails: 503, and the sender may repeat it', async (t) => {
    const { world, ask } = await start(t);
    world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    assert.equal((await ask(ssh)).status, 503);
    assert.deepEqual([...world.door.refusals], [['full', 1]]);
    world.door.fail = undefined;
    assert.equal((await ask(ssh)).status, 201);
    assert.equal(world.door.stored.length, 1);
  });

  test('201 is said after the commit, also when the source closes meanwhile', async (t) => {
    const { world, ask, source } = await start(t);
    let open: () => void = () => undefined;
    world.door.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      const accept = world.door.accept.bind(world.door);
      world.door.accept = async (batch) => {
        resolve();
        return accept(batch);
      };
    });
    const answer = ask(ssh);
    await asked;
    const closed = source.close();
    open();
    assert.equal((await answer).status, 201);
    await closed;
    assert.equal(world.door.stored.length, 1);
  });

  test('what is no HTTP is answered 400 and counted', async (t) => {
    const { world, port } = await start(t);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('hello\r\n\r\n');
    const [chunk]: unknown[] = await once(socket, 'data');
    assert.match(String(chunk), /^HTTP\/1\.1 400 /);
    assert.equal(world.door.refusals.get('malformed'), 1);
    socket.destroy();
  });

  test('any JSON is an alert or has a reason', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        const read = readSecarcAlert(body);
        assert.ok(read.ok || read.reason !== '');
      }),
    );
  });
});
