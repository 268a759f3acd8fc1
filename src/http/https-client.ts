/**
 * The client of the pull side: a few requests to one sensor over one or two mutually authenticated
 * connections, on node:https alone, because an empty poll has 50 ms and undici costs 60 to load.
 *
 * Called by src/poller/sensor-client.ts. Never follows a redirect, takes nothing from the environment, says
 * how long it waits (silence, not total: the caller's signal is the deadline) and how much it reads. Every
 * rejection is a RelayError of the peer's codes. RFC 9112.
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { X509Certificate } from 'node:crypto';

import { RelayError, systemCode } from '../core/errors.ts';
import { namesOf, type ClientTls, type Peer } from './peer.ts';
import { VerifiedAgent } from './verified-agent.ts';
import { connectVerified } from './verified-connection.ts';
import { watchdog, type Watchdog } from './watchdog.ts';

export interface HttpsRequest {
  readonly method: 'GET' | 'HEAD' | 'DELETE' | 'POST' | 'PUT';
  /** Absolute path; replaces the URL's. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Silence tolerated, milliseconds. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The whole body. Rejects when it is longer than `maxBytes`, or shorter than Content-Length says. */
  bytes(maxBytes: number): Promise<Buffer>;
  /** Hands each piece to `take`, which is synchronous; the same checks. Resolves with the length. */
  pieces(maxBytes: number, take: (piece: Buffer) => void): Promise<number>;
  /** Closes the connection, before or after the body was read. */
  hangUp(): void;
}

export interface HttpsClient {
  send(request: HttpsRequest): Promise<HttpsAnswer>;
  /** Names in the peer's certificate, once there was a connection. */
  peerNames(): readonly string[];
  peerCertificate(): X509Certificate | undefined;
  /** The next request goes over a new connection with this; what is under way ends over the old one. */
  renew(tls: ClientTls): void;
  close(): void;
}

export function createHttpsClient(peer: Peer, first: ClientTls, connectMs: number): HttpsClient {
  // Two: an acknowledgement need not wait for the next batch, which is already on its way.
  let names: readonly string[] = [];
  let certificate: X509Certificate | undefined;
  const agentFor = (current: ClientTls): VerifiedAgent =>
    new VerifiedAgent(2, async () => {
      const socket = await connectVerified(peer, current, { timeoutMs: connectMs });
      const shown = socket.getPeerCertificate();
      names = namesOf(shown);
      certificate = new X509Certificate(shown.raw);
      return socket;
    });
  let tls = first;
  let agent = agentFor(tls);
  const retired = new Set<VerifiedAgent>();
  let answered = false;
  return {
    send: async (request) => {
      const used = tls;
      try {
        const result = await send(request, peer, used, agent);
        answered = true;
        return result;
      } catch (error) {
        throw await earlyFault(error, answered, peer, used);
      }
    },
    peerNames: () => names,
    peerCertificate: () => certificate,
    renew: (next) => {
      agent.retire();
      retired.add(agent);
      for (const old of retired) if (Object.keys(old.sockets).length === 0) retired.delete(old);
      tls = next;
      answered = false;
      agent = agentFor(tls);
    },
    close: () => {
      for (const each of [agent, ...retired]) each.destroy();
    },
  };
}

function send(wanted: HttpsRequest, peer: Peer, tls: ClientTls, agent: Agent): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const { signal } = wanted;
    const outgoing = httpsRequest(peer.url, {
      agent,
      method: wanted.method,
      path: wanted.path,
      headers: { ...wanted.headers },
    });
    // Once there is an answer the error must be its own, or the reader hears only `aborted`.
    let destroy = (error: Error): unknown => outgoing.destroy(error);
    const dog = watchdog(wanted.idleMs, () => void destroy(silent(peer, wanted.idleMs)));
    const aborted = (): void => void destroy(abortError(signal));
    const fail = (error: Error): void => {
      dog.stop();
      signal?.removeEventListener('abort', aborted);
      reject(error);
    };
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
    outgoing
      .once('socket', () => dog.kick())
      .on('error', fail)
      .once('response', (incoming) => {
        dog.kick();
        outgoing.removeListener('error', fail).on('error', () => undefined);
        destroy = (error) => incoming.destroy(error);
        const { socket } = incoming;
        const done = (): void => {
          dog.stop();
          signal?.removeEventListener('abort', aborted);
          socket.removeListener('close', done);
        };
        incoming.once('close', done);
        // An answer that is complete and that nobody reads never says that it is closed.
        socket.once('close', done);
        resolve(answer(incoming, wanted.method, peer, tls, dog));
      })
      .end();
  });
}

function answer(
  incoming: IncomingMessage,
  method: string,
  peer: Peer,
  tls: ClientTls,
  dog: Watchdog,
): HttpsAnswer {
  // Nothing is read until asked for, but an error meanwhile must not end the process.
  let early: Error | undefined;
  const { socket } = incoming;
  incoming.on('error', (error) => {
    early ??= error;
  });
  const pieces = async (maxBytes: number, take: (piece: Buffer) => void): Promise<number> => {
    const declared = declaredLength(incoming, method, maxBytes, peer);
    let length = 0;
    let wanted = true;
    const hand = (piece: Buffer): void => {
      length += piece.length;
      wanted = false; // unless this one is taken
      if (length > maxBytes) throw tooLarge(peer, maxBytes);
      take(piece);
      wanted = true;
    };
    try {
      if (early !== undefined) throw early;
      for await (const piece of incoming as AsyncIterable<Buffer>) {
        dog.kick();
        hand(piece);
      }
    } catch (error) {
      // What had arrived before the connection broke may exist nowhere else, and the stream still holds it.
      for (let piece = wanted ? buffered(incoming) : null; piece !== null; piece = buffered(incoming))
        hand(piece);
      incoming.destroy();
      throw await bodyFault(error, length, declared, peer, tls);
    }
    if (declared !== undefined && length !== declared) throw shortBody(length, declared, peer, undefined);
    return length;
  };
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    pieces,
    bytes: async (maxBytes) => {
      const parts: Buffer[] = [];
      await pieces(maxBytes, (piece) => parts.push(piece));
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    // The socket, not the answer: once read, that one has let go of it.
    hangUp: () => void socket.destroy(),
  };
}

function buffered(incoming: IncomingMessage): Buffer | null {
  const piece: unknown = incoming.read();
  return Buffer.isBuffer(piece) ? piece : null;
}

function declaredLength(
  incoming: IncomingMessage,
  method: string,
  maxBytes: number,
  peer: Peer,
): number | undefined {
  const header = incoming.headers['content-length'];
  if (header === undefined || method === 'HEAD') return undefined;
  const declared = Number(header);
  if (declared > maxBytes) {
    incoming.destroy();
    throw tooLarge(peer, maxBytes);
  }
  return declared;
}

/** Faults before the head of an answer. */
async function earlyFault(
  error: unknown,
  answered: boolean,
  peer: Peer,
  tls: ClientTls,
): Promise<RelayError> {
  const code = systemCode(error);
  if (!answered && (code === 'ECONNRESET' || code === 'EPIPE')) {
    // In TLS 1.3 our certificate is judged after the handshake has ended for us, often by a mere reset.
    return new RelayError(peer.codes.tls, `${peer.label} closed the connection without an answer`, {
      fault: 'closed-without-answer',
      hint: `it probably does not accept our certificate ${tls.certFile}; its log says why`,
      cause: error,
    });
  }
  return await explain(error, peer, tls);
}

/** Loaded when there is a fault: an empty poll counts its modules. */
async function explain(error: unknown, peer: Peer, tls: ClientTls): Promise<RelayError> {
  const { connectionFault } = await import('./connection-fault.ts');
  return connectionFault(error, peer, tls);
}

async function bodyFault(
  error: unknown,
  length: number,
  declared: number | undefined,
  peer: Peer,
  tls: ClientTls,
): Promise<RelayError> {
  if (error instanceof RelayError) return error;
  const code = systemCode(error);
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return shortBody(length, declared, peer, error);
  }
  return await explain(error, peer, tls);
}

function shortBody(length: number, declared: number | undefined, peer: Peer, cause: unknown): RelayError {
  const of = declared === undefined ? '' : ` of ${declared}`;
  const text = `${peer.label} broke off in the middle of an answer, after ${length}${of} bytes`;
  return new RelayError(peer.codes.unreachable, text, { cause });
}

function tooLarge(peer: Peer, maxBytes: number): RelayError {
  const text = `${peer.label} sends more than the ${maxBytes} bytes it was allowed`;
  return new RelayError(peer.codes.protocol, text);
}

function silent(peer: Peer, idleMs: number): RelayError {
  return new RelayError(peer.codes.unreachable, `${peer.label} was silent for ${idleMs / 1000} s`, {
    fault: 'silent',
    hint: 'it accepts connections but does not answer; --timeout sets how long to wait',
  });
}

/** The reason given to abort(), when it is one of ours; a deadline is. */
function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted');
}

/** A header that must occur once; of several Node gives the list, joined. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
