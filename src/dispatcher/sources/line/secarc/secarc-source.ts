/**
 * SecARC's `POST /alert`, on a plain-HTTP listener of its own (reference: A.5.2; operations, §6).
 *
 * Made by src/app. The protocol has no key and no TLS, so `allow_from` is mandatory and everybody else is cut off. 201 after the commit
 * alone, with the very body of SecARC's bot; its detectors repeat what was not answered so, which is why a store that fails answers 503.
 * Errors are `{"message": …}` as flask-restful's.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

import { messageOf, systemCode } from '../../../../core/errors.ts';
import { lineLimits, secarcLimits } from '../../../../core/limits.ts';
import { dropBody } from '../../../../http/drop-body.ts';
import { hostOf } from '../../../../tls/raw-socket.ts';
import type { SourcesConfig } from '../../../model/config.ts';
import { notStored } from '../../not-stored.ts';
import { wrapText } from '../../wrap-text.ts';
import { allowFrom } from '../allow-from.ts';
import { bind, boundAddress } from '../bind.ts';
import { Connections } from '../connections.ts';
import type { LineDeps, LineSource } from '../deps.ts';
import { Sayings } from '../sayings.ts';
import { within } from '../within.ts';
import { readSecarcAlert } from './secarc-alert.ts';

export type SecarcConfig = NonNullable<SourcesConfig['secarc']>;

const SOURCE = 'secarc';
const PATH = '/alert';

/** flask-restful printed a string, and a line feed behind all JSON. */
const CREATED = `${JSON.stringify(JSON.stringify({ status: 'OK' }).replace(':', ': '))}\n`;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function problem(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: `${JSON.stringify({ message })}\n`, headers };
}

/** Throws RelayError CONFIG. */
export function createSecarcSource(config: SecarcConfig, deps: LineDeps): LineSource {
  const { door, timers, clock, log } = deps;
  const allowed = allowFrom(SOURCE, config.allowFrom, 'the protocol has neither key nor TLS');
  const sayings = new Sayings(log, clock);
  const { connections: total, perAddress } = secarcLimits;
  const connections = new Connections(
    { total, perAddress },
    { source: SOURCE, door, timers, sayings, allowed },
  );
  const underWay = new Set<Promise<void>>();

  const take = async (request: IncomingMessage): Promise<Answer> => {
    const path = (request.url ?? '').split('?')[0];
    if (path !== PATH) return problem(404, `not found: only ${PATH} is here`);
    if (request.method !== 'POST') return problem(405, 'the method is not allowed', { Allow: 'POST' });
    const body = await collect(request);
    if (body === undefined) {
      door.refused('too-large');
      return problem(413, `more than ${secarcLimits.bodyBytes} bytes`);
    }
    const alert = readSecarcAlert(body);
    if (!alert.ok) {
      door.refused('invalid');
      return problem(400, alert.reason);
    }
    const origin = { source: SOURCE, address: hostOf(request.socket) };
    try {
      await door.accept([await wrapText({ ...alert.parts, origin }, deps)]);
    } catch (error) {
      const reason = notStored(error);
      if (reason !== undefined) door.refused(reason);
      sayings.warn(
        'secarc-not-stored',
        `${SOURCE}: alert not stored, its sender repeats it: ${messageOf(error)}`,
      );
      return problem(503, 'not stored, try again later');
    }
    return { status: 201, body: CREATED };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let answer: Answer;
    try {
      answer = await take(request);
    } catch (error) {
      // The sender went away within its request.
      log.debug(`${SOURCE}: ${messageOf(error)}`, { event: 'secarc-cut' });
      return;
    }
    if (!request.complete) await dropBody(request, response);
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(answer.body);
  };

  const server = createServer(
    {
      headersTimeout: secarcLimits.requestMs,
      requestTimeout: secarcLimits.requestMs,
      keepAliveTimeout: secarcLimits.requestMs,
      connectionsCheckingInterval: secarcLimits.requestMs / 2,
      maxHeaderSize: secarcLimits.headerBytes,
    },
    (request, response) => {
      const work = serve(request, response);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
  );
  server.on('clientError', (error, socket) => {
    if (systemCode(error) === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    door.refused('malformed');
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  connections.watch(server);

  return {
    async listen() {
      const { address, port } = config;
      await bind(server, { source: SOURCE, address, port }, (bound) =>
        server.listen({ host: address, port }, bound),
      );
      return boundAddress(server, SOURCE);
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await within(timers, lineLimits.drainMs, Promise.allSettled(underWay));
      server.closeIdleConnections();
      await within(timers, lineLimits.drainMs, closed);
      connections.destroy();
      await closed;
    },
  };
}

/** Undefined for more than secarcLimits.bodyBytes. */
async function collect(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early must not end the connection: the refusal is still to be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > secarcLimits.bodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
