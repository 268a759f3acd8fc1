/**
 * The control socket of the running service: HTTP on a Unix socket that only its owner and group may open. One POST a verb, JSON in, JSON
 * out. Who may open it may do everything a command can; commands say who they are, and the audit log keeps it.
 */

import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';

import { errorCodes, messageOf, RelayError, systemCode } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import { callVerb } from './call.ts';
import type { ControlContext } from './control-context.ts';

export interface ControlServer {
  close(): Promise<void>;
}

/** Throws RelayError LISTEN. The store's lock has made sure that nobody else serves this socket: a leftover is removed. */
export async function serveControl(
  path: string,
  context: ControlContext,
  log: Logger,
): Promise<ControlServer> {
  const server = createServer((request, response) => void answer(request, response, context, log));
  makeRoom(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new RelayError('LISTEN', `control socket ${path}: ${systemCode(error) || messageOf(error)}`, {
          hint: 'its directory must belong to the user of the service',
          cause: error,
        }),
      ),
    );
    server.listen(path, resolve);
  });
  chmodSync(path, 0o660);
  return { close: () => closed(server, path) };
}

/** A leftover is removed, anything else is not. */
function makeRoom(path: string): void {
  if (!existsSync(dirname(path))) {
    throw new RelayError('LISTEN', `control socket ${path}: there is no directory ${dirname(path)}`, {
      hint: 'make it, and chown it to the user of the service',
    });
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) {
    throw new RelayError('LISTEN', `control socket ${path}: something else is there`, {
      hint: 'give --socket a name of its own',
    });
  }
  rmSync(path);
}

async function closed(server: Server, path: string): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await ended;
  rmSync(path, { force: true });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: ControlContext,
  log: Logger,
): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    if (request.method !== 'POST') throw new RelayError('METHOD_NOT_ALLOWED', 'only POST is taken here');
    const by = decodeURIComponent(String(request.headers['x-by'] ?? 'unknown'));
    const name = (request.url ?? '/').slice(1);
    body = { result: (await callVerb(context, name, await readJson(request), by)) ?? null };
  } catch (error) {
    const known = error instanceof RelayError ? error : undefined;
    // Who asked has gone away within the request.
    if (known === undefined && !request.complete) return;
    if (known === undefined) log.error(`control: ${messageOf(error)}`);
    status = known === undefined ? 500 : errorCodes[known.code].http;
    body = {
      error: {
        code: known?.code ?? 'BUG',
        message: messageOf(error),
        ...(known?.hint === undefined ? {} : { hint: known.hint }),
      },
    };
  }
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > dispatcherLimits.controlBytes) throw new RelayError('TOO_LARGE', 'the request is too large');
    parts.push(part);
  }
  try {
    return length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw new RelayError('BAD_REQUEST', 'the request is no JSON', { cause: error });
  }
}
