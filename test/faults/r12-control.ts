/**
 * The control of r12-stalled-peers.ts: a bare HTTPS server with the sensor's certificates that answers each GET from
 * memory with as much as a batch of the poller has. Whatever the same request takes here is the machine's, not the sensor's.
 *
 * `node r12-control.js PORT CERT KEY CA BYTES`. Prints `Listening` on stdout; ends with its parent's signal.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port = '0', cert = '', key = '', ca = '', bytes = '0'] = process.argv.slice(2);
const body = Buffer.alloc(Number(bytes), 'a');
const tls = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };

createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': body.length });
  response.end(body);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('Listening\n'));
