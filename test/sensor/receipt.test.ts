/**
 * The implicit receipt of plain consuming answers, cell by cell: which ways of ending an exchange prove that
 * the peer has the answer. Nothing may be lost in any of them; what proves nothing is due again at once.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createTcpTable } from '../../src/os/proc-net.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { PLAIN_GET, rawClient } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import type { TestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** Messages of one answer: small ones fit the buffers between both programs, large ones do not. */
const SIZES = { small: 1, large: 3000 } as const;

interface Cell {
  readonly name: string;
  readonly run: (client: RawClient) => Promise<void>;
  /** Settled afterwards, in answers; undefined: nothing. */
  readonly consumes: boolean;
  readonly sizes?: readonly (keyof typeof SIZES)[];
}

const cells: readonly Cell[] = [
  {
    name: 'reads all, then closes',
    consumes: true,
    run: async (client) => {
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 200);
      client.socket.end();
    },
  },
  {
    name: 'Connection: close, reads all, then closes',
    consumes: true,
    run: async (client) => {
      client.send('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      const answer = await client.answer();
      assert.match(answer?.head ?? '', /^connection: keep-alive$/im);
      client.socket.end();
    },
  },
  {
    name: 'HTTP/1.0, reads all, then closes',
    consumes: true,
    run: async (client) => {
      client.send('GET / HTTP/1.0\r\n\r\n');
      assert.equal((await client.answer())?.status, 200);
      client.socket.end();
    },
  },
  {
    name: 'reads all, then resets',
    consumes: false,
    run: async (client) => {
      client.send(PLAIN_GET);
      await client.answer();
      client.reset();
    },
  },
  {
    name: 'aborts in the middle',
    consumes: false,
    sizes: ['large'],
    run: async (client) => {
      client.send(PLAIN_GET);
      await client.received(100_000);
      client.socket.destroy();
    },
  },
  {
    name: 'half-closes before the answer, reads nothing',
    consumes: false,
    sizes: ['large'],
    run: async (client) => {
      client.socket.pause();
      client.send(PLAIN_GET);
      client.socket.end();
      await until(() => client.socket.writableFinished);
      client.socket.destroy();
    },
  },
  {
    name: 'half-closes before the answer, reads what comes',
    consumes: false,
    run: async (client) => {
      client.send(PLAIN_GET);
      client.socket.end();
      await client.closed;
    },
  },
  {
    name: 'half-closes while most is unread',
    consumes: false,
    sizes: ['large'],
    run: async (client) => {
      client.send(PLAIN_GET);
      await client.received(1);
      client.socket.pause();
      client.socket.end();
      await until(() => client.socket.writableFinished);
      client.socket.destroy();
    },
  },
  {
    name: 'two pipelined requests, the first answer is broken off',
    consumes: false,
    sizes: ['large'],
    run: async (client) => {
      client.send(PLAIN_GET + PLAIN_GET);
      await client.received(100_000);
      client.socket.destroy();
    },
  },
  {
    name: 'two pipelined requests, both answers read, then reset',
    consumes: false,
    run: async (client) => {
      client.send(PLAIN_GET + PLAIN_GET);
      assert.equal((await client.answer())?.status, 200);
      assert.equal((await client.answer())?.status, 404);
      client.reset();
    },
  },
  {
    name: 'two pipelined requests, both answers read, then closed',
    consumes: true,
    run: async (client) => {
      client.send(PLAIN_GET + PLAIN_GET);
      assert.equal((await client.answer())?.status, 200);
      assert.equal((await client.answer())?.status, 404);
      client.socket.end();
    },
  },
  {
    name: 'head of a second request sent ahead, the rest after the answer, then reset',
    consumes: false,
    run: async (client) => {
      client.send(`${PLAIN_GET}HEAD / HTTP/1.1\r\n`);
      assert.equal((await client.answer())?.status, 200);
      client.send('Host: localhost\r\n\r\n');
      await client.received(1);
      client.reset();
    },
  },
  {
    name: 'next request on the same connection, then reset',
    consumes: true,
    run: async (client) => {
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 200);
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 404);
      client.reset();
    },
  },
];

for (const { name, run, consumes, sizes } of cells) {
  for (const size of sizes ?? (['small', 'large'] as const)) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`${name}: ${consumes ? 'receipt' : 'no receipt'} (${size}, ${version})`, async (t) => {
        const sensor = await startTestSensor(t, { pki, consuming: true });
        const count = SIZES[size];
        await sensor.fill(count);
        const client = await rawClient(sensor.port, pki, { minVersion: version, maxVersion: version });
        await run(client);
        await decided(sensor);
        const stats = await sensor.stats();
        assert.equal(stats.settled, consumes ? count : 0);
        assert.equal(stats.pending, consumes ? 0 : count);
        assert.equal(sensor.logger.events('delivered').length, consumes ? 1 : 0);
        client.socket.destroy();
      });
    }
  }
}

/** Every answer's fate is known and done. */
async function decided(sensor: TestSensor): Promise<void> {
  await until(
    () => sensor.logger.events('delivered').length + sensor.logger.events('undelivered').length > 0,
  );
  await until(async () => (await sensor.stats()).leased === 0);
}

test('the connection is not in the kernel table: no receipt', async (t) => {
  const table = createTcpTable();
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    deps: {
      tcpTable: { look: () => undefined, showsListener: (port) => table.showsListener(port) },
    },
  });
  await sensor.fill(2);
  assert.equal((await sensor.ask()).status, 200);
  await decided(sensor);
  assert.equal((await sensor.stats()).pending, 2);
});

test('bytes are unacknowledged when the peer closes: no receipt', async (t) => {
  const table = createTcpTable();
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    deps: {
      tcpTable: {
        look: () => ({ unacknowledged: 17, unread: 0, peerClosed: false }),
        showsListener: (port) => table.showsListener(port),
      },
    },
  });
  await sensor.fill(2);
  const client = await rawClient(sensor.port, pki);
  client.send(PLAIN_GET);
  await client.answer();
  client.send(PLAIN_GET);
  assert.equal((await client.answer())?.status, 200, 'due again, so the same connection gets it again');
  client.socket.end();
  await until(() => sensor.logger.events('undelivered').length === 2);
  assert.equal((await sensor.stats()).pending, 2);
});

test('a server that cannot see its sockets refuses to consume', async (t) => {
  const hidden = { look: () => undefined, showsListener: () => false };
  await assert.rejects(startTestSensor(t, { pki, consuming: true, deps: { tcpTable: hidden } }), {
    code: 'UNSUPPORTED',
    message: '/proc/self/net/tcp does not show the sockets of this process',
  });
  const sensor = await startTestSensor(t, { pki, consuming: false, deps: { tcpTable: hidden } });
  assert.equal((await sensor.ask()).status, 404);
});

test('a keep-alive agent that comes back consumes with its next request', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true, maxBatchSize: 5 });
  await sensor.fill(12);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: pki.caPem,
    cert: pki.client.certPem,
    key: pki.client.keyPem,
  });
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const status = await new Promise<number>((resolve, reject) => {
      get({ host: '127.0.0.1', port: sensor.port, servername: 'localhost', agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      }).once('error', reject);
    });
    statuses.push(status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 404]);
  assert.equal((await sensor.stats()).settled, 12);
  assert.deepEqual(
    sensor.logger.events('delivered').map(({ fields }) => fields['receipt']),
    ['request', 'request', 'request'],
  );
  agent.destroy();
});

test('200 answers aborted at random bytes lose nothing, 200 complete ones consume', async (t) => {
  const batch = 200;
  const sensor = await startTestSensor(t, { pki, consuming: true, maxBatchSize: batch });
  await sensor.fill(batch);
  const length = Number((await sensor.ask({ method: 'HEAD' })).headers['content-length']);
  let seed = 12_345;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  let settled = 0;
  for (let round = 1; round <= 200; round += 1) {
    const client = await rawClient(sensor.port, pki);
    client.send(PLAIN_GET);
    await client.received(1 + random(length));
    const taken = client.bytesRead();
    client.socket.destroy();
    await until(
      () => sensor.logger.events('delivered').length + sensor.logger.events('undelivered').length === round,
    );
    const stats = await sensor.stats();
    if (stats.settled > settled) {
      assert.ok(taken >= length, `settled although the client took ${taken} of ${length} bytes`);
      settled = stats.settled;
      await sensor.fill(batch);
    } else {
      assert.equal(stats.pending, batch);
    }
  }
  const whole = sensor.logger.events('delivered').length;
  t.diagnostic(`${whole} of 200 aborted answers had been taken whole off the network`);
  assert.ok(whole < 50);

  for (let round = 1; round <= 200; round += 1) {
    assert.equal((await sensor.ask()).status, 200);
    settled += batch;
    await until(async () => (await sensor.stats()).settled === settled);
    await sensor.fill(batch);
  }
  assert.equal(sensor.logger.events('undelivered').length, 200 - whole);
});
