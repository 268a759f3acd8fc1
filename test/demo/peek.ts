/** One look at the sensor as the manager would take it by hand, consuming nothing: `Prefer: peek`. */

import { request } from 'node:https';

import type { Pki } from '../support/pki.ts';

export interface Look {
  readonly status: number;
  readonly body: Buffer;
}

export function peek(port: number, { client, caPem }: Pki): Promise<Look> {
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      headers: { accept: 'text/xml', prefer: 'peek' },
      cert: client.certPem,
      key: client.keyPem,
      ca: caPem,
      agent: false,
      timeout: 10_000,
    };
    const asked = request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    asked.once('timeout', () => asked.destroy(new Error('the sensor does not answer')));
    asked.once('error', reject);
    asked.end();
  });
}
