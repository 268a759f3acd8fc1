/** A provider, on loopback unless said otherwise: answers as it is told, one reply after the other, and remembers what it was asked. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { jsonObject, type JsonObject } from '../../../src/core/json-object.ts';
import { portOf, readBody } from '../../support/https-host.ts';

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** {} when the body is no JSON object. */
  readonly json: JsonObject;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
  /** `reset`: half of the body, then the connection breaks. `slow`: half of the body, and no end. `hang up`: no answer. */
  readonly end?: 'reset' | 'slow' | 'hang up';
}

export interface FakeProvider {
  /** `http://ADDRESS:PORT` */
  readonly base: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** What is said from now on: a list is used up, its last reply stays. */
  say(...replies: readonly (Reply | ((request: Received) => Reply))[]): void;
  /** Resolves when so many requests have come in. */
  until(count: number): Promise<void>;
  /** As if nothing had come in yet. */
  forget(): void;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

export async function fakeProvider(t: Ending, address = '127.0.0.1'): Promise<FakeProvider> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let script: readonly (Reply | ((request: Received) => Reply))[] = [{}];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    // A call that is cut off within its body gets no answer.
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readBody(request)).toString('utf8');
    const { method = '', url: path = '', headers } = request;
    const one: Received = { method, path, headers, body, json: jsonObject(body) ?? {} };
    received.push(one);
    const [next = {}, ...rest] = script;
    if (rest.length > 0) script = rest;
    give(response, typeof next === 'function' ? next(one) : next);
    for (const wake of waiting) wake();
  };
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const port = portOf(server);
  return {
    base: `http://${address}:${port}`,
    port,
    received,
    say: (...replies) => {
      script = replies;
    },
    forget: () => void received.splice(0),
    until: (count) =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (received.length < count) return;
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        wake();
      }),
  };
}

function give(response: ServerResponse, { status = 200, headers = {}, body = '', end }: Reply): void {
  if (end === 'hang up') {
    response.destroy();
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type: Record<string, string> = typeof body === 'string' ? {} : { 'content-type': 'application/json' };
  if (end === undefined) {
    response.writeHead(status, { ...type, ...headers }).end(text);
    return;
  }
  const half = text.slice(0, Math.ceil(text.length / 2)) || '{';
  response.writeHead(status, { ...type, 'content-length': String(Buffer.byteLength(text) + 10), ...headers });
  response.write(half, () => {
    if (end === 'reset') response.destroy();
  });
}
