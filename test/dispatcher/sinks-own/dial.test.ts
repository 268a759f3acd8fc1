/** How the sinks without HTTP dial: several addresses, hosts that are none, what a failure is called, proof of receipt. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import type { TcpState } from '../../../src/os/proc-net.ts';
import {
  dialOutcome,
  firstOf,
  hostAndPort,
  isHost,
  type Address,
} from '../../../src/dispatcher/sinks/own/dial.ts';
import { closeReceipt } from '../../../src/dispatcher/sinks/own/syslog/close-receipt.ts';
import { never } from './sink-world.ts';

/** Deadlines keep no process alive; sockets do. */
let alive: NodeJS.Timeout;
before(() => {
  alive = setInterval(() => undefined, 1_000);
});
after(() => clearInterval(alive));

const v6: Address = { address: '2001:db8::1', family: 6 };
const v4: Address = { address: '192.0.2.1', family: 4 };

/** Never connects. */
const swallowed = (patience: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    patience.addEventListener('abort', () => reject(new Error('aborted')));
  });

describe('several addresses', () => {
  test('one that swallows everything leaves the others their part of the time', async () => {
    const connected = await firstOf(
      [v6, v4],
      async ({ address, family }, patience) => (family === 6 ? await swallowed(patience) : address),
      40,
      never,
    );
    assert.equal(connected, v4.address);
  });

  test('the last one has all the rest, and its fault counts', async () => {
    const patiences: AbortSignal[] = [];
    const dialled = firstOf(
      [v6, v4],
      (address, patience) => {
        patiences.push(patience);
        return Promise.reject(new Error(address.address));
      },
      60_000,
      never,
    );
    await assert.rejects(dialled, /^Error: 192\.0\.2\.1$/);
    assert.equal(patiences.length, 2);
  });

  test('the end of the whole is not the end of one', async () => {
    const stop = new AbortController();
    const tried: string[] = [];
    const dialled = firstOf(
      [v6, v4],
      async ({ address }, patience) => {
        tried.push(address);
        stop.abort(new Error('time is up'));
        patience.throwIfAborted();
        return await Promise.resolve(address);
      },
      60_000,
      stop.signal,
    );
    await assert.rejects(dialled, /time is up/);
    assert.deepEqual(tried, [v6.address]);
  });
});

test('hosts, and what is none', () => {
  for (const host of ['mail.example', 'log_1', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1']) {
    assert.equal(isHost(host), true, host);
  }
  for (const host of ['a:b', '300.1.1.1', '1:2:3', '']) assert.equal(isHost(host), false, host);
  assert.equal(hostAndPort('2001:db8::1', 514), '[2001:db8::1]:514');
  assert.equal(hostAndPort('192.0.2.1', 514), '192.0.2.1:514');
});

test('a hint names no option of another program', () => {
  const outcome = (fault: string, hint: string): unknown => {
    const result = dialOutcome(new RelayError('DESTINATION_BROKEN', 'x', { fault, hint }));
    return 'hint' in result ? result.hint : undefined;
  };
  assert.equal(outcome('certificate-expired', 'renew it on that host'), 'renew it on that host');
  assert.match(
    String(outcome('certificate-authority-unknown', 'name its authority as --cacert')),
    /ca_file of the endpoint/,
  );
  assert.equal(outcome('tls-name', 'give that with --sensor-name'), undefined);
});

describe('proof of receipt', () => {
  const socket = {
    localAddress: '::1',
    localPort: 40_000,
    remoteAddress: '::1',
    remotePort: 514,
  };
  const open: TcpState = { unacknowledged: 0, unread: 0, peerClosed: false };
  const waits: TcpState = { ...open, peerClosed: true };
  const ended: TcpState = { ...waits, endedByUs: true };
  const rows: readonly (readonly [string, readonly (TcpState | undefined)[], boolean])[] = [
    ['it ended after us', [open, ended], true],
    ['its end is on the way', [open, waits, waits, ended], true],
    ['it ended before us, or by a reset: nothing is left of the connection', [open, undefined], false],
    ['a table that does not show it: an orderly end has to do', [undefined], true],
  ];
  for (const [name, states, expected] of rows) {
    test(name, async () => {
      const left = [...states];
      const receipt = closeReceipt(socket, { look: () => left.shift() });
      assert.equal(await receipt.isProof(), expected);
      assert.deepEqual(left, []);
    });
  }
});
