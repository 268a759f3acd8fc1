/**
 * A client to be killed: asks the sensor for everything, takes at least so many bytes of the answer, says
 * `taken N` and reads no further. `node slow-client.js PORT CERT KEY CA BYTES`
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

const [port = '0', cert = '', key = '', ca = '', bytes = '1'] = process.argv.slice(2);
const read = (file: string): string => readFileSync(file, 'utf8');
const socket = connect({
  host: '127.0.0.1',
  port: Number(port),
  servername: 'localhost',
  cert: read(cert),
  key: read(key),
  ca: read(ca),
});
let taken = 0;
socket.on('data', (part: Buffer) => {
  taken += part.length;
  if (taken < Number(bytes) || socket.isPaused()) return;
  socket.pause();
  process.stdout.write(`taken ${taken}\n`);
});
socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
