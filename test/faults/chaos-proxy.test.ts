/** The chaos proxy does what it says, and heals. */

import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';

import { until } from '../support/until.ts';
import { createChaosProxy, type ChaosProxy } from './chaos-proxy.ts';

async function world(t: TestContext): Promise<{ proxy: ChaosProxy; open: () => Connection }> {
  const echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = echo.address() as AddressInfo;
  const proxy = await createChaosProxy({ target: { port }, seed: 1 });
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => echo.close(resolve));
  });
  return {
    proxy,
    open: () => {
      const socket = connect(proxy.port, '127.0.0.1');
      sockets.push(socket);
      const connection: Connection = { socket, got: 0, fault: '' };
      socket.on('data', (bytes: Buffer) => (connection.got += bytes.length));
      socket.on('error', (error: NodeJS.ErrnoException) => (connection.fault = error.code ?? 'error'));
      return connection;
    },
  };
}

interface Connection {
  readonly socket: Socket;
  got: number;
  fault: string;
}

test('latency and a slow line delay, and nothing is lost', async (t) => {
  const { proxy, open } = await world(t);
  const one = open();
  proxy.set({ latencyMs: 50 });
  const began = performance.now();
  one.socket.write('x'.repeat(100));
  await until(() => one.got === 100);
  assert.ok(performance.now() - began >= 95, 'there and back');
  proxy.set({ bytesPerSecond: 5000 });
  const then = performance.now();
  one.socket.write('x'.repeat(1500));
  await until(() => one.got === 1600);
  assert.ok(performance.now() - then >= 150);
  assert.equal(proxy.faults(), 0);
});

test('a partition holds everything back and lets it through when it is over', async (t) => {
  const { proxy, open } = await world(t);
  const one = open();
  one.socket.write('a');
  await until(() => one.got === 1);
  proxy.set({ partition: true });
  one.socket.write('b'.repeat(10_000));
  await until(() => proxy.faults() > 0);
  assert.equal(one.got, 1);
  proxy.set({});
  await until(() => one.got === 10_001);
});

test('a half-open connection swallows, and is reset at the end', async (t) => {
  const { proxy, open } = await world(t);
  const one = open();
  proxy.set({ silent: true });
  one.socket.write('lost');
  await until(() => proxy.faults() === 1);
  proxy.set({});
  await until(() => one.fault === 'ECONNRESET');
  assert.equal(one.got, 0);
  await until(() => proxy.connections() === 0);
});

test('resets come by chance, or after so many bytes; holding too', async (t) => {
  const { proxy, open } = await world(t);
  proxy.set({ resetChance: 1 });
  const one = open();
  one.socket.write('x');
  await until(() => one.fault === 'ECONNRESET');
  proxy.set({ resetAfterBytes: { toClient: 1000 } });
  const two = open();
  two.socket.write('x'.repeat(5000));
  // With bytes before it, libuv tells a reset as an end.
  await until(() => two.socket.destroyed || two.socket.readableEnded);
  assert.ok(two.got <= 1000);
  proxy.set({ holdAfterBytes: { toServer: 10 } });
  const three = open();
  three.socket.write('x'.repeat(8));
  await until(() => three.got === 8);
  three.socket.write('x'.repeat(8));
  await until(() => proxy.faults() === 3);
  assert.equal(three.got, 8);
  proxy.set({});
  await until(() => three.got === 16);
});
