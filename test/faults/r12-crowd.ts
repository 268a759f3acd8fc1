/**
 * The crowd of r12-stalled-peers.ts, a process of its own so that it takes no time from the poll that is measured: peers
 * that connect and never handshake, idle keep-alives, heads of a byte a second, readers of a byte a second; and a
 * producer that writes 20 files of 64 messages a second into the spool, each durable before it counts.
 *
 * `node r12-crowd.js PORT CERT KEY CA SPOOL SILENT IDLE LORIS READERS`. Whoever is cut off comes back after 15 seconds.
 * stdin: `put` begins producing, `quit` ends everything. stdout: `crowd` when all have been there once; after `quit`
 * `over`, messages put, connections lost.
 */

import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { putInSpool } from '../support/spool-writer.ts';
import { alertElement, document } from '../support/tiny-alerts.ts';

const [port = '0', cert = '', key = '', ca = '', spool = '', ...counts] = process.argv.slice(2);
const [silent = 0, idle = 0, loris = 0, readers = 0] = counts.map(Number);
const read = (file: string): string => readFileSync(file, 'utf8');
const tls = { cert: read(cert), key: read(key), ca: read(ca) };
const PER_FILE = 64;
const FILES_A_SECOND = 20;
const MESSAGE_BYTES = 2_900;
const BACK_AFTER_MS = 15_000;
let over = false;
let lost = 0;
let missing = silent + idle + loris + readers;

/** One who is always there: made anew some time after it was cut off. */
function always(
  make: (arrived: () => void) => { once(event: 'close', listener: () => void): unknown },
): void {
  let came = false;
  const begin = (): void => {
    if (over) return;
    make(() => {
      if (came) return;
      came = true;
      missing -= 1;
      if (missing === 0) process.stdout.write('crowd\n');
    }).once('close', () => {
      lost += 1;
      setTimeout(begin, BACK_AFTER_MS);
    });
  };
  begin();
}

function dial(ready: (socket: TLSSocket) => void): TLSSocket {
  const socket = connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost', ...tls });
  socket.on('error', () => undefined);
  socket.once('secureConnect', () => ready(socket));
  return socket;
}

for (let n = 0; n < silent; n += 1) {
  always((arrived) => {
    // Half of them share the address of the healthy poller, as behind NAT.
    const localAddress = n % 2 === 0 ? '127.0.0.1' : '127.0.0.2';
    return connectTcp({ host: '127.0.0.1', port: Number(port), localAddress }, arrived).on(
      'error',
      () => undefined,
    );
  });
}
for (let n = 0; n < idle; n += 1) {
  always((arrived) =>
    dial((socket) => {
      socket.once('data', arrived);
      socket.write('OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    }),
  );
}
for (let n = 0; n < loris; n += 1) {
  always((arrived) =>
    dial((socket) => {
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      const drip = setInterval(() => socket.write('a'), 1_000);
      socket.once('close', () => clearInterval(drip));
      arrived();
    }),
  );
}
for (let n = 0; n < readers; n += 1) {
  always((arrived) =>
    dial((socket) => {
      socket.once('readable', arrived);
      const sip = setInterval(() => socket.read(1), 1_000);
      socket.once('close', () => clearInterval(sip));
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nPrefer: peek\r\n\r\n');
    }),
  );
}

let put = 0;
let producing: NodeJS.Timeout | undefined;

function produce(): void {
  const elements = Array.from({ length: PER_FILE }, (_, n) => alertElement(`r12-${put + n}`, MESSAGE_BYTES));
  putInSpool(spool, `crowd-${put}`, document(...elements));
  put += PER_FILE;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'put') producing ??= setInterval(produce, 1_000 / FILES_A_SECOND);
  if (line !== 'quit') return;
  over = true;
  clearInterval(producing);
  process.stdout.write(`over ${put} ${lost}\n`, () => process.exit(0));
});
