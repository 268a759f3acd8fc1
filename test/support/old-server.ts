/**
 * An honest imitation of the old Python reverse gateway, defects included: what the poller will meet on sensors
 * that stay as they are.
 *
 * HTTPS with TLS 1.2 only and HTTP/1.1; GET / puts the children of every *.xml of the spool into one document
 * and moves or deletes the files while doing so, before the answer goes out; 404 with an empty body for
 * "nothing" and for every other path; 406 without an Accept header or with one whose first word it does not
 * know; 405 without Allow for other methods; no ETag, no sequence, no Prefer; one connection at a time. Without
 * `delete` or `moveDir` nothing is ever consumed. The batch limit is off by one.
 */

import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import { startHost, type HostOptions, type HttpsHost } from './https-host.ts';

export interface OldServerOptions {
  readonly spoolDir: string;
  readonly delete?: boolean;
  readonly moveDir?: string;
  readonly maxBatchSize?: number;
}

export interface OldServer extends HttpsHost {
  readonly requests: string[];
  /** Cuts the next answer's body after so many bytes, once; the files are gone by then. */
  cutAfter: number | undefined;
  /** At any time, how many connections were open while a request was served. */
  mostConnections(): number;
}

const ACCEPTED = new Set(['text/xml', 'application/xml', 'text/*', 'application/*', '*/*']);

export async function startOldServer(
  t: Parameters<typeof startHost>[0],
  options: Omit<HostOptions, 'handle'> & OldServerOptions,
): Promise<OldServer> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  let most = 0;

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    most = Math.max(most, open.size);
    requests.push(`${request.method} ${request.url}`);
    response.sendDate = true;
    const [accept] = (request.headers.accept ?? '*').split(/[,;]/);
    const empty = (status: number): void => {
      response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': '0' }).end();
    };
    if (request.method !== 'GET') empty(405);
    else if (request.url !== '/') empty(404);
    else if (!ACCEPTED.has(accept ?? '')) empty(406);
    else send(response, empty);
  };

  const send = (response: ServerResponse, empty: (status: number) => void): void => {
    const children = takeSpool(options);
    if (children.length === 0) {
      empty(404);
      return;
    }
    const body = Buffer.from(
      `<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef">${children.join('')}</idmef:IDMEF-Message>`,
    );
    response.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8', 'Content-Length': body.length });
    if (server.cutAfter === undefined) {
      response.end(body);
      return;
    }
    const cut = server.cutAfter;
    server.cutAfter = undefined;
    response.write(body.subarray(0, cut), () => setImmediate(() => response.destroy()));
  };

  const host = await startHost(t, {
    ...options,
    tls: { ...options.tls, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    handle,
    onSocket: (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    },
  });
  const server: OldServer = { ...host, requests, cutAfter: undefined, mostConnections: () => most };
  return server;
}

/** Reads and consumes: a file that cannot be parsed is consumed all the same. */
function takeSpool({ spoolDir, moveDir, delete: remove, maxBatchSize }: OldServerOptions): string[] {
  const children: string[] = [];
  for (const name of readdirSync(spoolDir).filter((file) => file.endsWith('.xml'))) {
    if (maxBatchSize !== undefined && children.length > maxBatchSize) break;
    const path = join(spoolDir, name);
    const inner = /<([\w-]+:)?IDMEF-Message[^>]*>([\s\S]*)<\/\1?IDMEF-Message>/.exec(
      readFileSync(path, 'utf8'),
    );
    if (inner?.[2] !== undefined) children.push(inner[2]);
    if (moveDir !== undefined) renameSync(path, join(moveDir, name));
    else if (remove === true) rmSync(path);
  }
  return children;
}
