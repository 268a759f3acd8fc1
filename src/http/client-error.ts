/**
 * Answers to what is not HTTP: malformed heads, heads too large or too slow. Called by the HTTPS servers of src/sensor and
 * src/dispatcher at `clientError`, which also fires for failed handshakes (already told by tls/handshake-log.ts).
 */

import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { systemCode } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import { problemBody } from './problem.ts';

/** What is asked of a connection. */
interface FaultyConnection {
  readonly peer: { readonly name: string };
  readonly address: string;
  readonly busy: boolean;
  /** A request is under way whose body has not ended, and whose answer has not begun. */
  readonly receiving: boolean;
}

interface FaultCount {
  add(what: 'requests_malformed', labels: { readonly status: string }): void;
}

/** Node's parser errors → status and sentence; anything else is a bad request. */
const REASONS: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'the head of the request is too large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'the request did not arrive in time']],
]);

export function answerClientError(
  error: Error,
  socket: Socket,
  connection: FaultyConnection | undefined,
  logger: Logger,
  counts: FaultCount,
): void {
  const code = systemCode(error);
  // The body of a request whose answer has not begun: the fault is its answer.
  const inBody = code.startsWith('HPE_') && connection?.receiving === true;
  if (
    connection === undefined ||
    (connection.busy && !inBody) ||
    !socket.writable ||
    code === 'ECONNRESET' ||
    code === 'EPIPE'
  ) {
    // Nobody to tell, or an answer is under way into which nothing may be mixed.
    socket.destroy();
    return;
  }
  const [status, reason] = REASONS.get(code) ?? [400, `this is not HTTP/1.1 (${code})`];
  counts.add('requests_malformed', { status: String(status) });
  logger.info(`${connection.peer.name}: answered ${status}: ${reason}`, {
    event: 'bad-request',
    peer: connection.peer.name,
    address: connection.address,
    status,
  });
  const body = problemBody(status, { code: 'BAD_REQUEST', message: reason });
  const end = (): void => void socket.destroy();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nIDMEF-Relay: 1\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n\r\n${body.toString()}`,
    // What of the request was under way is over with it.
    ...(inBody ? [end] : []),
  );
}
