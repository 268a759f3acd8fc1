/**
 * Keep-alive connections to one receiver, on undici: half the cost per request of node:https, and a receiver
 * of single messages gets thousands a second.
 *
 * Called by src/destinations/gateway.ts, which loads this file only when there is something to deliver. No
 * pipelining (a lost answer must concern one request), no redirects, no cookies,
 * no environment; a body is sent with its Content-Length. Rejections are RelayErrors of the peer's codes.
 */

import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { Pool } from 'undici';

import { RelayError, systemCode } from '../core/errors.ts';
import { connectionFault } from './connection-fault.ts';
import { type ClientTls, type Peer } from './peer.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { connectVerified } from './verified-connection.ts';

export interface PoolOptions {
  readonly connections: number;
  /** Silence tolerated, milliseconds; also the time to connect, and for the body of an answer, however it trickles. */
  readonly idleMs: number;
  /** Bytes of an answer that are read; the rest is cut off. */
  readonly answerBytes: number;
  readonly proxy?: URL;
}

export interface PoolRequest {
  readonly method: 'POST' | 'OPTIONS';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

export interface PoolAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most `answerBytes`. */
  readonly body: string;
}

export interface GatewayPool {
  send(request: PoolRequest): Promise<PoolAnswer>;
  /** Closes all connections at once. */
  close(): Promise<void>;
}

export function createGatewayPool(peer: Peer, tls: ClientTls, options: PoolOptions): GatewayPool {
  const pool = new Pool(peer.url.origin, {
    connections: options.connections,
    pipelining: 1, // one request at a time on a connection
    headersTimeout: options.idleMs,
    bodyTimeout: options.idleMs,
    connectTimeout: options.idleMs,
    connect: (_target, callback) => void connectFor(callback, () => open(peer, tls, options)),
  });
  const path = `${peer.url.pathname}${peer.url.search}`;
  return {
    send: async (wanted) => {
      try {
        const answer = await pool.request({
          path,
          method: wanted.method,
          headers: { ...wanted.headers },
          body: wanted.body ?? null,
          ...(wanted.signal === undefined ? {} : { signal: wanted.signal }),
        });
        const body = await readSome(answer.body, options, peer);
        return { status: answer.statusCode, headers: answer.headers, body };
      } catch (error) {
        throw poolFault(error, peer, tls);
      }
    },
    close: () => pool.destroy(),
  };
}

type ConnectCallback = (...result: [null, TLSSocket] | [Error, null]) => void;

async function connectFor(callback: ConnectCallback, connect: () => Promise<TLSSocket>): Promise<void> {
  let socket: TLSSocket;
  try {
    socket = await connect();
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null);
    return;
  }
  callback(null, socket);
}

async function open(peer: Peer, tls: ClientTls, options: PoolOptions): Promise<TLSSocket> {
  if (options.proxy === undefined) return await connectVerified(peer, tls, { timeoutMs: options.idleMs });
  const tunnel = await openTunnel(options.proxy, peer, options.idleMs);
  return await connectVerified(peer, tls, { timeoutMs: options.idleMs, tunnel });
}

/** Reads to the end, so that the connection can be used again, unless the end is too far or too late. */
async function readSome(body: Readable, { answerBytes, idleMs }: PoolOptions, peer: Peer): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => {
    const text = `${peer.label} did not end its answer within ${idleMs / 1000} s`;
    body.destroy(new RelayError(peer.codes.unreachable, text));
  }, idleMs);
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= answerBytes) break; // leaving the loop closes the connection
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts, length).subarray(0, answerBytes).toString('utf8');
}

function poolFault(error: unknown, peer: Peer, tls: ClientTls): RelayError {
  const code = systemCode(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new RelayError(peer.codes.unreachable, `${peer.label} was silent for too long`, {
      fault: 'silent',
      hint: 'it accepts connections but does not answer; --timeout sets how long to wait',
      cause: error,
    });
  }
  return connectionFault(error, peer, tls);
}
