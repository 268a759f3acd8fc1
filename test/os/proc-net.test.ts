/** Rows of /proc/self/net/tcp and tcp6 → bytes not acknowledged; once against the running kernel. */

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { createTcpTable } from '../../src/os/proc-net.ts';
import type { PortPair } from '../../src/os/proc-net.ts';
import { until } from '../support/until.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const tcp = `${head}\
   0: 0100007F:0C38 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0C38 0200A8C0:D431 01 00000011:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
`;
const tcp6 = `${head}\
   0: 00000000000000000000000000000000:0C39 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 3
   1: 0000000000000000FFFF00000100007F:0C39 0000000000000000FFFF00000200A8C0:D432 08 00000000:00000001 00:00000000 00000000 0 0 4
   2: B80D0120000000000000000001000000:0C39 B80D0120000000000000000002000000:D433 01 000000FF:00000000 00:00000000 00000000 0 0 5
`;

function check(pair: PortPair, expected: number | undefined): void {
  const table = createTcpTable((file) => Buffer.from(file.endsWith('6') ? tcp6 : tcp));
  assert.equal(table.look(pair)?.unacknowledged, expected, JSON.stringify(pair));
}

test(
  'finds a connection in either table and either form',
  { skip: endianness() === 'BE' && 'rows are little-endian' },
  () => {
    const v4 = {
      localAddress: '127.0.0.1',
      localPort: 3128,
      remoteAddress: '192.168.0.2',
      remotePort: 54_321,
    };
    check(v4, 0x11);
    check({ ...v4, remotePort: 54_322 }, undefined);
    check({ ...v4, localPort: 3129, remotePort: 54_322 }, 0);
    const mapped = {
      localAddress: '::ffff:127.0.0.1',
      localPort: 3129,
      remoteAddress: '::ffff:192.168.0.2',
      remotePort: 54_322,
    };
    check(mapped, 0);
    const v6 = {
      localAddress: '2001:db8::1',
      localPort: 3129,
      remoteAddress: '2001:db8::2%eth0',
      remotePort: 54_323,
    };
    check(v6, 0xff);
    check({ ...v6, remoteAddress: '2001:db8::3' }, undefined);
    check({ localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0 }, undefined);
  },
);

test('knows a table that shows the listener from one that does not', () => {
  const table = createTcpTable((file) => Buffer.from(file.endsWith('6') ? tcp6 : tcp));
  assert.equal(table.showsListener(3128), true);
  assert.equal(table.showsListener(3129), true);
  assert.equal(table.showsListener(3130), false);
  const hidden = createTcpTable(() => {
    throw new Error('ENOENT');
  });
  assert.equal(hidden.showsListener(3128), false);
  assert.equal(
    hidden.look({ localAddress: '::1', localPort: 1, remoteAddress: '::1', remotePort: 2 }),
    undefined,
  );
});

for (const host of ['127.0.0.1', '::1']) {
  test(`the kernel's own table, ${host}`, async (t) => {
    let accepted: Socket | undefined;
    const server = createServer((socket) => {
      accepted = socket;
    }).listen(0, host);
    await until(() => server.listening);
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === 'object');
    const { port } = bound;
    const client = connect(port, host);
    t.after(() => {
      client.destroy();
      accepted?.destroy();
      server.close();
    });
    const socket = await until(() => accepted);
    const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    const table = createTcpTable();
    assert.equal(table.showsListener(port), true);
    assert.deepEqual(table.look({ localAddress, localPort, remoteAddress, remotePort }), {
      unacknowledged: 0,
      unread: 0,
      peerClosed: false,
    });
    client.pause();
    socket.write(Buffer.alloc(16 * 1024 * 1024));
    await until(
      () => (table.look({ localAddress, localPort, remoteAddress, remotePort })?.unacknowledged ?? 0) > 0,
    );
  });
}
