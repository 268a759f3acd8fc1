/**
 * Requests to providers: one client an endpoint, over kept connections, each request with one deadline for everything.
 *
 * Used by src/dispatcher/sinks (HTTP sinks, watchdog) and sources that fetch. No redirects, no cookies, no retries, nothing from the
 * environment; names are resolved and judged by outbound-connect.ts. What becomes of a request is a value: an answer
 * (at most 64 KiB of it, unless the caller wants more), or a failure that says whether the request may have arrived. It rejects only when the
 * caller's signal aborts, with the signal's reason.
 */

import { isIPv6, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

import { Agent, type Dispatcher } from 'undici';

import { RelayError, messageOf, systemCode } from '../core/errors.ts';
import { outboundLimits } from '../core/limits.ts';
import { untilAbort } from '../core/until-abort.ts';
import { connectionFault } from './connection-fault.ts';
import { dialOutbound, type DialOptions } from './outbound-connect.ts';
import { destinationCodes, type Peer } from './peer.ts';

export interface OutboundClientOptions extends DialOptions {
  /** From the first byte of the name's resolution to the last of the answer. */
  readonly timeoutMs: number;
  readonly timers: { after(ms: number, work: () => void): () => void };
  /** Of an answer, what is read; default outboundLimits.answerBytes. */
  readonly answerBytes?: number;
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Absolute, http or https. User and password in it are not used. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As UTF-8. */
  readonly body: string;
  /** As it came. */
  readonly bytes: Buffer;
  /** There was more of it. */
  readonly truncated: boolean;
}

export interface OutboundFailure {
  readonly kind: 'failed';
  /** DESTINATION_UNREACHABLE, DESTINATION_BROKEN, DEADLINE or FORBIDDEN; names scheme, host and port only, since paths may be secrets. */
  readonly error: RelayError;
  /** It was written, or begun: the request, or part of it, may have been read. */
  readonly sent: boolean;
}

export interface OutboundClient {
  send(request: OutboundRequest): Promise<OutboundAnswer | OutboundFailure>;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** Marks what failed before there was a connection. */
class DialFault extends Error {
  readonly fault: RelayError;

  constructor(fault: RelayError) {
    super(fault.message, { cause: fault });
    this.fault = fault;
  }
}

export function createOutboundClient(options: OutboundClientOptions): OutboundClient {
  const agent = new Agent({
    connections: outboundLimits.connections,
    pipelining: 1, // a lost answer concerns one request
    headersTimeout: 0, // the deadline is one for all
    bodyTimeout: 0,
    connect: (target, callback) => void connectFor(target, callback, options),
  });
  return {
    send: (request) => send(agent, request, options),
    close: () => agent.destroy(),
  };
}

type ConnectCallback = (...result: [null, Socket] | [Error, null]) => void;

async function connectFor(
  target: { readonly protocol: string; readonly hostname: string; readonly port: string },
  callback: ConnectCallback,
  options: OutboundClientOptions,
): Promise<void> {
  // undici takes the brackets off.
  const host = isIPv6(target.hostname) ? `[${target.hostname}]` : target.hostname;
  const port = target.port === '' ? '' : `:${target.port}`;
  const peer = peerOf(new URL(`${target.protocol}//${host}${port}/`));
  let socket: Socket;
  try {
    socket = await dialOutbound(peer, options);
  } catch (error) {
    callback(new DialFault(connectionFault(error, peer, options.tls)), null);
    return;
  }
  callback(null, socket);
}

async function send(
  agent: Agent,
  request: OutboundRequest,
  { timeoutMs, timers, tls, answerBytes = outboundLimits.answerBytes }: OutboundClientOptions,
): Promise<OutboundAnswer | OutboundFailure> {
  const peer = peerOf(request.url);
  const call = new AbortController();
  const { signal } = request;
  const onAbort = (): void => call.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  let sent = false;
  const cancel = timers.after(timeoutMs, () => {
    const text = `${peer.label} did not answer within ${timeoutMs / 1000} s`;
    call.abort(new RelayError('DEADLINE', text, { fault: 'deadline' }));
  });
  try {
    const noteStart: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (wanted, handler) =>
      dispatch(
        wanted,
        noting(handler, () => {
          sent = true;
        }),
      );
    const asked = agent.compose(noteStart).request({
      origin: request.url.origin,
      path: `${request.url.pathname}${request.url.search}`,
      method: request.method,
      headers: { ...request.headers },
      body: request.body ?? null,
      signal: call.signal,
    });
    // undici hears of an abort only when the connection stands.
    const answer = await untilAbort(asked, call.signal);
    const { bytes, truncated } = await readSome(answer.body, answerBytes);
    const { statusCode: status, headers } = answer;
    return { kind: 'answer', status, headers, body: bytes.toString('utf8'), bytes, truncated };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DialFault) return { kind: 'failed', error: error.fault, sent: false };
    const code = systemCode(error);
    if (code.startsWith('UND_ERR_INVALID_ARG')) {
      const text = `the request to ${peer.label} cannot be written: ${messageOf(error)}`;
      return { kind: 'failed', error: new RelayError('CONFIG', text, { fault: 'request' }), sent: false };
    }
    return { kind: 'failed', error: connectionFault(error, peer, tls), sent };
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Calls `note` when the request is about to be written to a connection. */
function noting(handler: Dispatcher.DispatchHandler, note: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...all) => {
      note();
      handler.onRequestStart?.(...all);
    },
    onRequestUpgrade: (...all) => handler.onRequestUpgrade?.(...all),
    onResponseStart: (...all) => handler.onResponseStart?.(...all),
    onResponseData: (...all) => handler.onResponseData?.(...all),
    onResponseEnd: (...all) => handler.onResponseEnd?.(...all),
    onResponseError: (...all) => handler.onResponseError?.(...all),
  };
}

/** To the end, so that the connection can be used again, unless the end is too far. */
async function readSome(body: Readable, most: number): Promise<{ bytes: Buffer; truncated: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  let truncated = false;
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    truncated = length > most;
    if (truncated) break; // leaving the loop closes the connection
  }
  return { bytes: Buffer.concat(parts, length).subarray(0, most), truncated };
}

/** Scheme, host and port: a path may be a webhook's secret. */
export function serverOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function peerOf(url: URL): Peer {
  return { url, label: serverOf(url), codes: destinationCodes };
}
