/**
 * Path, method, role and preferences → handler. Called by server.ts for each request, one at a time per
 * connection; the only place that knows the table of ARCHITECTURE.md: The wire.
 */

import { RelayError } from '../core/errors.ts';
import { acceptsXml } from './conneg.ts';
import type { Exchange, SensorContext } from './context.ts';
import { answerHead } from './head.ts';
import { acceptedCodings } from './content-coding.ts';
import { acknowledgeLease, releaseLease, renewLease } from './lease-routes.ts';
import { answerLease } from './leased-get.ts';
import { answerHealth, answerMetrics } from './monitor-routes.ts';
import { pathOf } from '../http/request-path.ts';
import { answerConsuming, answerPeek } from './plain-get.ts';
import { readPreferences } from './prefer.ts';
import { sendProblem } from '../http/problem.ts';
import type { Problem } from '../http/problem.ts';
import { ACCEPT_POST, answerPost } from './producer-post.ts';
import { refuseBody } from '../http/unwanted-body.ts';
import { requestFault } from '../http/request-fault.ts';
import { setRelayHeaders, setStatusHeaders } from './status-headers.ts';

export async function route(context: SensorContext, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  setRelayHeaders(response);
  const fault = requestFault(request);
  if (fault !== undefined) {
    response.shouldKeepAlive = false;
    await refuse(context, exchange, fault);
    return;
  }
  const path = pathOf(request.url ?? '/');
  if (path === '/' || (path === '*' && request.method === 'OPTIONS')) {
    await routeRoot(context, exchange);
    return;
  }
  if (path === '/metrics' || path === '/healthz') {
    await routeMonitor(context, exchange, path);
    return;
  }
  const lease = /^\/leases\/([A-Za-z0-9_-]+)(\/release)?$/.exec(path);
  if (lease === null) {
    await refuse(context, exchange, {
      code: 'NOT_FOUND',
      message: 'there is nothing at this path: alerts are at /',
    });
    return;
  }
  const [, token = '', release] = lease;
  await routeLease(context, exchange, token, release !== undefined);
}

async function routeRoot(context: SensorContext, exchange: Exchange): Promise<void> {
  const { request, response, connection } = exchange;
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      await routeGet(context, exchange);
      return;
    case 'POST':
      if (connection.rights.producer) {
        await answerPost(context, exchange);
      } else if (context.hasProducers) {
        await refuse(context, exchange, forbidden(exchange, 'post alerts (--allow-producer)'));
      } else {
        await refuseMethod(context, exchange, rootMethods(context));
      }
      return;
    case 'OPTIONS':
      refuseBody(request, response);
      await setStatusHeaders(context, response, connection.consumer, { pending: true });
      response.setHeader('Allow', rootMethods(context));
      if (context.hasProducers) {
        response.setHeader('Accept-Post', ACCEPT_POST);
      }
      response.writeHead(204);
      response.end();
      return;
    case undefined:
    default:
      await refuseMethod(context, exchange, rootMethods(context));
  }
}

async function routeGet(context: SensorContext, exchange: Exchange): Promise<void> {
  const { request, response, connection } = exchange;
  const { rights } = connection;
  refuseBody(request, response);
  if (!rights.poller && !rights.monitor) {
    await refuse(context, exchange, forbidden(exchange, 'poll (--allow-poller)'));
    return;
  }
  const consumer = connection.consumer ?? (rights.monitor ? context.firstConsumer : undefined);
  if (consumer === undefined) {
    await refuse(
      context,
      exchange,
      forbidden(exchange, 'poll: it is none of the named consumers (--consumer)'),
    );
    return;
  }
  if (!acceptsXml(request.headers.accept)) {
    await refuse(context, exchange, {
      code: 'NOT_ACCEPTABLE',
      message: `alerts are text/xml, which the request does not accept: ${request.headers.accept ?? ''}`,
    });
    return;
  }
  const preferences = readPreferences(request.headers['prefer']);
  const { lease } = preferences;
  const mayConsume = rights.poller && connection.consumer !== undefined && !preferences.peek;
  const takes = mayConsume && (lease !== undefined || context.consuming);
  const codings = acceptedCodings(request.headers['accept-encoding']);
  if (!codings.identity && !(codings.gzip && takes && lease !== undefined)) {
    await refuse(context, exchange, {
      code: 'NOT_ACCEPTABLE',
      message: `this answer has no coding the request accepts: ${request.headers['accept-encoding'] ?? ''}`,
    });
    return;
  }
  if (!takes) {
    await answerPeek(context, exchange, preferences, consumer);
  } else if (request.method === 'HEAD') {
    await answerHead(context, exchange, preferences, consumer);
  } else if (context.draining.aborted) {
    await refuse(context, exchange, {
      code: 'UNAVAILABLE',
      message: 'the server is being stopped',
      headers: { 'Retry-After': '5' },
    });
  } else if (lease !== undefined) {
    await answerLease(context, exchange, { ...preferences, lease }, consumer);
  } else {
    await answerConsuming(context, exchange, consumer);
  }
}

async function routeMonitor(
  context: SensorContext,
  exchange: Exchange,
  path: '/metrics' | '/healthz',
): Promise<void> {
  const { request, response, connection } = exchange;
  refuseBody(request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    await refuseMethod(context, exchange, 'GET, HEAD');
  } else if (!connection.rights.monitor) {
    await refuse(context, exchange, forbidden(exchange, 'look (--allow-monitor)'));
  } else if (path === '/metrics') {
    await answerMetrics(context, exchange);
  } else {
    await answerHealth(context, exchange);
  }
}

async function routeLease(
  context: SensorContext,
  exchange: Exchange,
  token: string,
  release: boolean,
): Promise<void> {
  const { request, response, connection } = exchange;
  refuseBody(request, response);
  const methods = release ? ['POST'] : ['DELETE', 'PUT'];
  if (!methods.includes(request.method ?? '')) {
    await refuseMethod(context, exchange, methods.join(', '));
  } else if (!connection.rights.poller) {
    await refuse(context, exchange, forbidden(exchange, 'poll (--allow-poller)'));
  } else if (release) {
    await releaseLease(context, exchange, token);
  } else if (request.method === 'PUT') {
    await renewLease(context, exchange, token);
  } else {
    await acknowledgeLease(context, exchange, token);
  }
}

async function refuseMethod(context: SensorContext, exchange: Exchange, allow: string): Promise<void> {
  await refuse(context, exchange, {
    code: 'METHOD_NOT_ALLOWED',
    message: `${exchange.request.method ?? 'this method'} is not possible here, only ${allow}`,
    headers: { Allow: allow },
  });
}

async function refuse(context: SensorContext, exchange: Exchange, problem: Problem): Promise<void> {
  const { request, response, connection } = exchange;
  refuseBody(request, response);
  const status = new RelayError(problem.code, problem.message).http;
  context.logger.info(
    `${connection.peer.name}: ${request.method} ${request.url} answered ${status}: ${problem.message}`,
    {
      event: 'refused',
      peer: connection.peer.name,
      serial: connection.peer.serial,
      address: connection.address,
      status,
    },
  );
  const pending = pathOf(request.url ?? '/') === '/';
  await setStatusHeaders(context, response, connection.consumer, { pending });
  sendProblem(response, problem);
}

function forbidden({ connection }: Exchange, what: string): Problem {
  return { code: 'FORBIDDEN', message: `the certificate of ${connection.peer.name} may not ${what}` };
}

function rootMethods(context: SensorContext): string {
  return context.hasProducers ? 'GET, HEAD, POST, OPTIONS' : 'GET, HEAD, OPTIONS';
}
