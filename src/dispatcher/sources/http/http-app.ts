/**
 * The requests of the listener: routes.ts on fastify, one answer each. Made by https-sources.ts with its own server, which keeps
 * connections, certificates and time limits; fastify finds the route and nothing else (bodies are read by the handlers, which first
 * ask who sends them).
 *
 * Every answer bears `IDMEF-Relay: 1; gateway`. What is no route is 404, another method 405; a handler that throws is 500 and a line in
 * the log, and nothing of it is told.
 */

import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';

import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';

import { messageOf } from '../../../core/errors.ts';
import { isObject } from '../../../core/json-object.ts';
import { httpsLimits } from '../../../core/limits.ts';
import { problemAnswer, type Answer } from './answer.ts';
import type { HttpConnection } from './connection.ts';
import type { Exchange, Handler, HttpContext } from './context.ts';
import { dropBody } from './drop-body.ts';
import { ownDelivery } from './own-mark.ts';
import { refuse } from './refuse.ts';
import { routes, type Route } from './routes.ts';

type App = FastifyInstance<Server>;
type Request = FastifyRequest<object, Server>;
type Reply = FastifyReply<object, Server>;

/** Fastify's listener for node's `request` event. */
export type RequestListener = Parameters<NonNullable<FastifyServerOptions<Server>['serverFactory']>>[0];

interface AppParts {
  readonly server: Server;
  readonly context: HttpContext;
  readonly connectionOf: (request: IncomingMessage) => HttpConnection | undefined;
  /** Whether this answer is the last of its connection. */
  readonly isLast: (connection: HttpConnection) => boolean;
}

const COMMON = { 'IDMEF-Relay': '1; gateway', 'Cache-Control': 'no-store' };

/** What fastify would give to a server of its own. */
export async function createHttpApp(parts: AppParts): Promise<RequestListener> {
  const { fastify } = await import('fastify');
  let listener: RequestListener | undefined;
  const app: App = fastify<Server>({
    https: {},
    serverFactory: (handler) => {
      listener = handler;
      return parts.server;
    },
    logger: false,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    // The server's own listener answers these.
    clientErrorHandler: () => undefined,
    frameworkErrors: (_error, request, reply) => {
      answer(parts, request, reply, notHere).catch(() => request.raw.destroy());
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: httpsLimits.pathSegmentBytes },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const route of routes) addRoute(app, parts, route);
  app.setNotFoundHandler(async (request, reply) => await answer(parts, request, reply, notHere));
  app.setErrorHandler(async (error, request, reply) => {
    await answer(parts, request, reply, () => faultAnswer(parts, error, request));
  });
  await app.ready();
  if (listener === undefined) throw new TypeError('fastify asked for no server');
  return listener;
}

function addRoute(app: App, parts: AppParts, route: Route): void {
  const { path, source, handlers } = route;
  for (const method of app.supportedMethods) {
    const handler = handlers[method] ?? notThisMethod(route);
    app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const { sources } = parts.context.settings;
        const isOff = source !== undefined && sources[source] === undefined;
        await answer(parts, request, reply, isOff ? notHere : guarded(route, handler));
      },
    });
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

async function answer(parts: AppParts, request: Request, reply: Reply, handler: Handler): Promise<void> {
  const { context, connectionOf, isLast } = parts;
  const connection = connectionOf(request.raw);
  if (connection === undefined) {
    reply.hijack();
    request.raw.destroy();
    return;
  }
  const { raw: response } = reply;
  const ends: (() => void)[] = [];
  response.once('close', () => {
    for (const end of ends) end();
  });
  const exchange: Exchange = {
    request: request.raw,
    response,
    connection,
    params: isObject(request.params) ? request.params : {},
    afterwards: (work) => {
      if (response.closed) work();
      else ends.push(work);
    },
  };
  const made = await handler(context, exchange);
  if (made === undefined || response.destroyed) {
    reply.hijack();
    response.destroy();
    return;
  }
  if (!request.raw.complete) await dropBody(request.raw, response);
  if (isLast(connection)) response.shouldKeepAlive = false;
  const { status, type, body, headers } = made;
  void reply
    .code(status)
    .headers({ ...COMMON, ...(type === '' ? {} : { 'content-type': type }), ...headers });
  // Bytes, so that nothing is added to the media type.
  await reply.send(typeof body === 'string' ? Buffer.from(body) : body);
}

function notHere(): Answer {
  return problemAnswer({ code: 'NOT_FOUND', message: 'there is nothing at this path' });
}

function notThisMethod({ handlers }: Route): Handler {
  const Allow = Object.keys(handlers).join(', ');
  return (_context, { request }) =>
    problemAnswer({
      code: 'METHOD_NOT_ALLOWED',
      message: `${request.method} is not for this path, but ${Allow}`,
      headers: { Allow },
    });
}

/** Fastify's own refusals of a head (a Content-Type that is none), and whatever a handler threw. */
function faultAnswer({ context }: AppParts, error: unknown, request: Request): Answer {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (status === 415) {
    context.door.refused('malformed');
    return problemAnswer({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'Content-Type is no media type' });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    context.door.refused('malformed');
    return problemAnswer({ code: 'BAD_REQUEST', message: 'the head of the request is not in order' });
  }
  context.log.error(`${request.method} ${request.routeOptions.url ?? ''} failed: ${messageOf(error)}`, {
    event: 'request-failed',
  });
  return problemAnswer({ code: 'BUG', message: 'the server made a mistake, its log says more' });
}
