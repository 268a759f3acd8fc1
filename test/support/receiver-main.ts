/**
 * Our minimal receiver (receiver.ts) as a process of its own, so that tests can kill it:
 * `node receiver-main.js CERT KEY CA PORT DIR`. Prints `Receiving on PORT` once it accepts; ends on SIGTERM.
 */

import { readFileSync } from 'node:fs';

import { startReceiver } from './receiver.ts';

const [certFile = '', keyFile = '', caFile = '', port = '0', dir = ''] = process.argv.slice(2);
const read = (file: string): string => readFileSync(file, 'utf8');
const endings: (() => Promise<void>)[] = [];
const receiver = await startReceiver(
  { after: (ending) => void endings.push(ending) },
  {
    pki: { caPem: read(caFile) },
    server: { certPem: read(certFile), keyPem: read(keyFile) },
    port: Number(port),
    dir,
  },
);
process.stdout.write(`Receiving on ${receiver.port}\n`);
process.once('SIGTERM', () => {
  void Promise.all(endings.map((ending) => ending())).then(() => process.exit(0));
});
