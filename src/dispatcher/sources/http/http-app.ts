/**
 * The requests of the listener: the route of each, one answer each. Made by https-sources.ts, whose server keeps connections,
 * certificates and time limits; bodies are read by the handlers, which first ask who sends them.
 *
 * Every answer bears `IDMEF-Relay: 1; gateway`. What is no route is 404, another method 405 with the right ones. A handler that throws is
 * a line in the log and nothing of it is told: 503 while the store fails, 500 for a mistake of ours.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { messageOf } from '../../../core/errors.ts';
import { dropBody } from '../../../http/drop-body.ts';
import { doorFault, doorProblem, problemAnswer, type Answer } from './answer.ts';
import type { HttpConnection } from './connection.ts';
import type { Exchange, Handler, HttpContext } from './context.ts';
import { findRoute, type FoundRoute } from './find-route.ts';
import { ownDelivery } from './own-mark.ts';
import { refuse } from './refuse.ts';
import type { Route } from './routes.ts';

interface AppParts {
  readonly context: HttpContext;
  /** Whether this answer is the last of its connection. */
  readonly isLast: (connection: HttpConnection) => boolean;
}

/** Answers one request; never rejects. */
export type HttpApp = (
  request: IncomingMessage,
  response: ServerResponse,
  connection: HttpConnection,
) => Promise<void>;

const COMMON = { 'IDMEF-Relay': '1; gateway', 'Cache-Control': 'no-store' };

/** `type/subtype` of tokens, and whatever parameters (RFC 9110 §8.3.1). */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+\s*(?:;.*)?$/;

export function createHttpApp({ context, isLast }: AppParts): HttpApp {
  return async (request, response, connection) => {
    try {
      const found = findRoute(request.url ?? '/');
      const exchange = exchangeOf(request, response, connection, found);
      const answer = await answerOf(context, exchange, found);
      if (answer === undefined || response.destroyed) {
        response.destroy();
        return;
      }
      if (!request.complete) await dropBody(request, response);
      if (isLast(connection)) response.shouldKeepAlive = false;
      write(response, answer);
    } catch (error) {
      context.log.error(`the answer to ${request.method} could not be sent: ${messageOf(error)}`, {
        event: 'answer-failed',
      });
      request.destroy();
    }
  };
}

function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  connection: HttpConnection,
  found: FoundRoute | undefined,
): Exchange {
  const ends: (() => void)[] = [];
  response.once('close', () => {
    for (const end of ends) end();
  });
  return {
    request,
    response,
    connection,
    params: found?.params ?? {},
    afterwards: (work) => {
      if (response.closed) work();
      else ends.push(work);
    },
  };
}

/** Undefined: nobody is there to be answered. */
async function answerOf(
  context: HttpContext,
  exchange: Exchange,
  found: FoundRoute | undefined,
): Promise<Answer | undefined> {
  const { request } = exchange;
  const source = found?.route.source;
  if (found === undefined || (source !== undefined && context.settings.sources[source] === undefined)) {
    return problemAnswer({ code: 'NOT_FOUND', message: 'there is nothing at this path' });
  }
  const handler = found.route.handlers[request.method ?? ''];
  if (handler === undefined) return notThisMethod(found.route, request);
  const type = request.headers['content-type'];
  if (type !== undefined && !MEDIA_TYPE.test(type)) {
    context.door.refused('malformed');
    return problemAnswer({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'Content-Type is no media type' });
  }
  try {
    return await guarded(found.route, handler)(context, exchange);
  } catch (error) {
    context.log.error(`${request.method} ${found.route.path} failed: ${doorFault(error)}`, {
      event: 'request-failed',
    });
    return problemAnswer(doorProblem(error));
  }
}

/** A delivery of ours is refused before its body is read. */
function guarded({ source }: Route, handler: Handler): Handler {
  if (source === undefined) return handler;
  return async (context, exchange) => {
    const loop =
      exchange.request.method === 'POST' ? ownDelivery(exchange.request.headers, context) : undefined;
    return loop === undefined ? await handler(context, exchange) : refuse(context, exchange, source, loop);
  };
}

function notThisMethod({ handlers }: Route, { method }: IncomingMessage): Answer {
  const Allow = Object.keys(handlers).join(', ');
  return problemAnswer({
    code: 'METHOD_NOT_ALLOWED',
    message: `${method} is not for this path, but ${Allow}`,
    headers: { Allow },
  });
}

/** Of a HEAD Node sends the head only. */
function write(response: ServerResponse, { status, type, body, headers }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...COMMON,
    ...(type === '' ? {} : { 'Content-Type': type }),
    // RFC 9110 §8.6.
    ...(status === 204 ? {} : { 'Content-Length': bytes.length }),
    ...headers,
  });
  response.end(bytes);
}
