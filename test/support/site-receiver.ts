/**
 * Receivers of a bench: an HTTP server on loopback that answers as webhooks and Splunk's collector do, and tells of each call when
 * its first byte was there and what it carried.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';

import { portOf } from './https-host.ts';

export interface Received {
  readonly path: string;
  /** performance.now() at the first byte. */
  readonly at: number;
  readonly body: string;
}

export interface SiteReceiver {
  readonly url: string;
  close(): Promise<void>;
}

/** @param answer may answer in its own way: then it returns true */
export async function startSiteReceiver(
  onCall: (call: Received) => void,
  answer: (response: ServerResponse, call: Received) => boolean = () => false,
  port = 0,
): Promise<SiteReceiver> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = performance.now();
    const parts: Buffer[] = [];
    for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
    const call = { path: request.url ?? '', at, body: Buffer.concat(parts).toString() };
    if (answer(response, call)) return;
    onCall(call);
    response.setHeader('content-type', 'application/json');
    response.end('{"code":0,"text":"Success"}');
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
