/**
 * A request before it has a route: bounds of its connection, its head, its place in the counters. Called by https-sources.ts.
 *
 * Requests that were sent ahead are answered in order by node:http; too many of them cost the connection.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { connectionLimits } from '../../../core/limits.ts';
import { problemBody } from '../../../http/problem.ts';
import { requestFault } from '../../../http/request-fault.ts';
import type { ConnectionBounds } from '../../../tls/connection-bounds.ts';
import { problemAnswer } from './answer.ts';
import type { HttpConnection } from './connection.ts';
import type { HttpsCounts } from './counts.ts';
import { findRoute } from './find-route.ts';

interface Taken {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: HttpConnection;
  readonly bounds: ConnectionBounds;
  readonly counts: HttpsCounts;
}

export function takeRequest(
  { request, response, connection, bounds, counts }: Taken,
  answer: () => void,
): void {
  if (connection.open >= connectionLimits.pipelinedRequests) {
    bounds.refused('pipelined');
    connection.socket.destroy();
    return;
  }
  bounds.answering(connection);
  connection.take(request, response, () => {
    const status = response.headersSent ? String(response.statusCode) : 'none';
    counts.add('requests', { ...labelsOf(request), status });
    if (!connection.busy) bounds.idle(connection);
  });
  const fault = requestFault(request);
  if (fault === undefined) {
    answer();
    return;
  }
  const { status } = problemAnswer(fault);
  const body = problemBody(status, fault);
  response.shouldKeepAlive = false;
  response.writeHead(status, {
    'IDMEF-Relay': '1; gateway',
    'Content-Type': 'application/problem+json',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** Names of ours for whatever a peer may send. */
function labelsOf({ url = '/', method = '' }: IncomingMessage): Readonly<Record<'route' | 'method', string>> {
  const route = findRoute(url)?.route.path ?? 'other';
  return { route, method: ['GET', 'HEAD', 'POST', 'OPTIONS'].includes(method) ? method : 'other' };
}
