/** A connection's patience, and what is said of connections that were dropped: on a clock held by hand. */

import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { PassThrough } from 'node:stream';
import { connectionLimits } from '../../src/core/limits.ts';
import { SensorConnection, STALL_TICK_MS } from '../../src/sensor/connection.ts';
import { HandshakeLog } from '../../src/tls/handshake-log.ts';
import type { TcpState } from '../../src/os/proc-net.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';

/** A connection over no network, whose kernel state is `state.now`. */
function connection(state: { now: TcpState | undefined }) {
  const socket = new TLSSocket(new PassThrough());
  const peer = { name: 'manager1', names: ['DNS:manager1'], key: 'DNS:manager1', serial: '01' };
  const rights = { poller: true, producer: false, monitor: false };
  const table = { look: () => state.now, showsListener: () => true };
  const made = new SensorConnection(socket, table, {
    peer,
    rights,
    consumer: 'default',
    address: '192.0.2.1:1',
  });
  return { made, socket };
}

function owing(unacknowledged: number): TcpState {
  return { unacknowledged, unread: 0, peerClosed: false };
}

/** Ticks of the socket's timer until it is cut, at most 20. */
function ticks(made: SensorConnection, beforeEach: () => void = () => undefined): number {
  for (let count = 1; count <= 20; count += 1) {
    beforeEach();
    if (made.timedOut()) return count;
  }
  return Number.POSITIVE_INFINITY;
}

test('an idle connection is cut at once', () => {
  assert.equal(ticks(connection({ now: owing(0) }).made), 1);
});

test('an answer that nobody takes is cut after stallMs, one that is taken slowly is not', () => {
  const state = { now: owing(1000) };
  const { made, socket } = connection(state);
  const request = new IncomingMessage(socket);
  void made.take(request, new ServerResponse(request), async () => await new Promise(() => undefined));
  assert.equal(ticks(made), connectionLimits.stallMs / STALL_TICK_MS);
  const slow = connection(state);
  void slow.made.take(request, new ServerResponse(request), async () => await new Promise(() => undefined));
  const taken = (): void => {
    state.now = owing(state.now.unacknowledged - 1);
  };
  assert.equal(ticks(slow.made, taken), Number.POSITIVE_INFINITY);
});

test('an answer that is taken and undecided is kept for undecidedMs', () => {
  const { made, socket } = connection({ now: owing(0) });
  const request = new IncomingMessage(socket);
  const response = new ServerResponse(request);
  made.receipts.watch(response, async () => undefined);
  response.emit('finish');
  assert.equal(ticks(made), connectionLimits.undecidedMs / STALL_TICK_MS);
});

test('dropped connections are counted, and said once a minute', () => {
  const logger = recordingLogger();
  const clock = manualClock();
  const log = new HandshakeLog(logger, clock);
  for (let n = 0; n < 5; n += 1) log.dropped();
  clock.advance(60_000);
  log.dropped();
  assert.deepEqual(
    logger.events('connections-dropped').map(({ fields }) => fields['count']),
    [1, 5],
  );
});
