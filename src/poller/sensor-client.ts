/**
 * One sensor as the poller sees it: ask for a batch, acknowledge it, give it back, peek. The wire form of
 * ARCHITECTURE.md: The wire on our side.
 *
 * Called by pull.ts and dry-run.ts. Turns each answer into one of few replies; everything that is neither
 * a batch nor nothing is a RelayError that names sensor, cause and remedy. What the sensor says is hostile
 * until digest, length and sequences have been checked here.
 */

import type { X509Certificate } from 'node:crypto';

import { RelayError } from '../core/errors.ts';
import { leaseLimits, pollerLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import { headerOf, type HttpsAnswer, type HttpsClient } from '../http/https-client.ts';
import type { ClientTls, Peer } from '../http/peer.ts';

export interface LeasedBatch {
  readonly body: Buffer;
  readonly token: string;
  readonly journal: string;
  readonly sequences: readonly number[];
}

export type SensorReply =
  | { readonly kind: 'empty' }
  | { readonly kind: 'batch'; readonly batch: LeasedBatch }
  /** An old server: by now this body, not yet read, may exist nowhere else. */
  | { readonly kind: 'old'; readonly answer: HttpsAnswer };

export interface Ask {
  readonly messages: number;
  readonly leaseSeconds: number;
  /** Hold the answer until there is a message, at most so long. */
  readonly waitSeconds?: number;
  /** Only messages of this severity. A sensor that cannot tell gives any; see `hasLanes`. */
  readonly minSeverity?: 'high';
}

/** Facts of the last answer, for status and origin. */
export interface SensorFacts {
  readonly names: readonly string[];
  readonly certificate: X509Certificate | undefined;
  /** Text of `IDMEF-Status` (sensor-status.ts reads it); undefined for an old server. */
  readonly status: string | undefined;
  /** Value of `IDMEF-Relay`; undefined for an old server. */
  readonly relay: string | undefined;
  /** How far its clock was ahead of ours (ms, from its `Date`, so to the second). */
  readonly clockOffsetMs: number | undefined;
}

export interface SensorClient {
  readonly peer: Peer;
  lease(ask: Ask): Promise<SensorReply>;
  /** All unacknowledged messages, consuming nothing; undefined when there is none. */
  peek(): Promise<Buffer | undefined>;
  /** False when the lease had ended: its messages will come again and be recognised. */
  acknowledge(token: string): Promise<boolean>;
  /** Give a lease back, as far as that is possible. */
  release(token: string): Promise<void>;
  facts(): SensorFacts | undefined;
  /** False once the sensor has shown that it does not understand `minSeverity`. */
  hasLanes(): boolean;
  /** The next question goes over a new connection with this. */
  renew(tls: ClientTls): void;
  close(): void;
}

export interface SensorClientOptions {
  readonly peer: Peer;
  readonly client: HttpsClient;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Ask for compressed batches. */
  readonly gzip?: boolean;
}

/** What the way there and back may take beyond the time a sensor was asked to wait. */
const WAIT_GRACE_MS = 2000;

export function createSensorClient(options: SensorClientOptions): SensorClient {
  const { peer, client, idleMs, signal, clock, gzip = false } = options;
  const path = `${peer.url.pathname}${peer.url.search}`;
  /** Open leases, each with what ends its renewal. */
  const kept = new Map<string, () => void>();
  let facts: SensorFacts | undefined;
  let lanes = true;

  const get = async (
    prefer: string,
    waitMs: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<HttpsAnswer> => {
    const answer = await client.send({
      method: 'GET',
      path,
      // Exactly this: an old server compares strings.
      headers: { accept: 'text/xml', prefer, ...more },
      // While it may hold the answer its silence is in order.
      idleMs: waitMs === 0 ? idleMs : Math.max(idleMs, waitMs + WAIT_GRACE_MS),
      signal,
    });
    const { headers } = answer;
    facts = {
      names: client.peerNames(),
      certificate: client.peerCertificate(),
      status: headerOf(headers, 'idmef-status'),
      relay: headerOf(headers, 'idmef-relay'),
      clockOffsetMs: clockOffset(headerOf(headers, 'date'), clock.now()),
    };
    return answer;
  };

  const letGo = (token: string): void => {
    kept.get(token)?.();
    kept.delete(token);
  };

  const release = async (token: string): Promise<void> => {
    letGo(token);
    try {
      const answer = await client.send({
        method: 'POST',
        path: `/leases/${token}/release`,
        headers: { 'content-length': '0' },
        idleMs: Math.min(idleMs, pollerLimits.releaseMs),
      });
      await answer.bytes(pollerLimits.answerBytes);
    } catch {
      // A courtesy only: the lease ends by itself.
    }
  };

  /** False when there is nothing to renew any more. A sensor that knows no PUT says 404 or 405. */
  const renew = async (token: string, leaseSeconds: number): Promise<boolean> => {
    const headers = { prefer: `lease=${leaseSeconds}`, 'content-length': '0' };
    const answer = await client.send({ method: 'PUT', path: `/leases/${token}`, headers, idleMs, signal });
    await answer.bytes(pollerLimits.answerBytes);
    return answer.status >= 200 && answer.status < 300;
  };

  return {
    peer,
    facts: () => facts,
    hasLanes: () => lanes,
    renew: (tls) => client.renew(tls),
    close: () => {
      for (const token of kept.keys()) letGo(token);
      client.close();
    },
    release,
    lease: async ({ messages, leaseSeconds, waitSeconds = 0, minSeverity }) => {
      const wait = waitSeconds > 0 ? `, wait=${waitSeconds}` : '';
      const lane = minSeverity === undefined ? '' : `, min-severity=${minSeverity}`;
      const prefer = `lease=${leaseSeconds}${wait}${lane}, batch=${messages}, batch-bytes=${leaseLimits.defaultBytes}`;
      const encoding = gzip ? { 'accept-encoding': 'gzip' } : undefined;
      const answer = await get(prefer, waitSeconds * 1000, encoding);
      const reply = await readReply(answer, peer, release);
      if (reply.kind !== 'batch') return reply;
      if (minSeverity !== undefined && !/\bmin-severity\s*=/.test(applied(answer))) lanes = false;
      const { keepLease } = await import('./keep-lease.ts');
      const { token } = reply.batch;
      const granted = Number(
        /;\s*expires=(\d{1,6})/.exec(answer.headers['idmef-lease']?.toString() ?? '')?.[1],
      );
      kept.set(
        token,
        keepLease(granted || leaseSeconds, () => renew(token, leaseSeconds)),
      );
      return reply;
    },
    peek: async () => {
      // An old server would consume what it shows, so it is asked for its head first: it knows no HEAD.
      const head = await client.send({
        method: 'HEAD',
        path,
        headers: { accept: 'text/xml' },
        idleMs,
        signal,
      });
      await head.bytes(0);
      if (head.headers['idmef-relay'] === undefined) {
        head.hangUp();
        throw new RelayError('SENSOR_PROTOCOL', `${peer.label} is an old server: it cannot be looked at`, {
          hint: 'it consumes what it shows; leave --dry-run out',
        });
      }
      const answer = await get('peek', 0);
      if (await isEmpty(answer, peer)) return undefined;
      if (answer.status !== 200) throw await refusal(answer, peer);
      return await answer.bytes(pollerLimits.oldServerBytes);
    },
    acknowledge: async (token) => {
      letGo(token);
      const ask = () => client.send({ method: 'DELETE', path: `/leases/${token}`, idleMs, signal });
      // Once more when the connection breaks: acknowledging twice is the same as once.
      const answer = await ask().catch((error: unknown) => {
        if (signal.aborted || !(error instanceof RelayError) || error.code !== 'SENSOR_UNREACHABLE')
          throw error;
        return ask();
      });
      if (answer.status >= 200 && answer.status < 300) {
        await answer.bytes(pollerLimits.answerBytes);
        return true;
      }
      if (answer.status !== 410) throw await refusal(answer, peer);
      await answer.bytes(pollerLimits.answerBytes);
      return false;
    },
  };
}

async function readReply(
  answer: HttpsAnswer,
  peer: Peer,
  release: (token: string) => Promise<void>,
): Promise<SensorReply> {
  if (await isEmpty(answer, peer)) return { kind: 'empty' };
  if (answer.status !== 200) throw await refusal(answer, peer);
  const type = (answer.headers['content-type'] ?? '').toLowerCase();
  if (!/^(text|application)\/xml\b/.test(type)) {
    answer.hangUp();
    throw notIdmef(type, peer);
  }
  const token = /^\s*([A-Za-z0-9._~-]{1,200})\s*(?:;|$)/.exec(
    headerOf(answer.headers, 'idmef-lease') ?? '',
  )?.[1];
  if (/\blease\s*=/.test(applied(answer)) && token !== undefined) {
    const { readLeasedBatch } = await import('./leased-batch.ts');
    try {
      return { kind: 'batch', batch: await readLeasedBatch(answer, token, peer) };
    } catch (error) {
      await release(token);
      throw error;
    }
  }
  if (answer.headers['idmef-relay'] === undefined) return { kind: 'old', answer };
  answer.hangUp();
  throw new RelayError('SENSOR_PROTOCOL', `${peer.label} shows its alerts but leases none to us`, {
    fault: 'monitor-only',
    hint: 'our certificate has the role monitor there; --allow-poller must name it',
  });
}

function applied(answer: HttpsAnswer): string {
  return headerOf(answer.headers, 'preference-applied') ?? '';
}

async function refusal(answer: HttpsAnswer, peer: Peer): Promise<RelayError> {
  const { refusedAnswer } = await import('./sensor-refusal.ts');
  return await refusedAnswer(answer, peer);
}

/** 404 with an empty body. An old server says the same for a wrong path, so then ours must be `/`. */
async function isEmpty(answer: HttpsAnswer, peer: Peer): Promise<boolean> {
  if (answer.status !== 404) return false;
  const ours = answer.headers['idmef-relay'] !== undefined;
  const problem = (answer.headers['content-type'] ?? '').startsWith('application/problem+json');
  const empty = !problem && (await answer.bytes(pollerLimits.answerBytes)).length === 0;
  if (!ours) answer.hangUp();
  if (empty && (ours || peer.url.pathname === '/')) return true;
  throw new RelayError('SENSOR_PROTOCOL', `${peer.label} has no alerts at the path ${peer.url.pathname}`, {
    fault: 'wrong-path',
    hint: ours || empty ? `--sensor is ${peer.url.origin}/ without a path` : 'something else answers there',
  });
}

function notIdmef(type: string, peer: Peer): RelayError {
  const what = /html/.test(type) ? 'HTML' : type === '' ? 'something without a Content-Type' : type;
  return new RelayError('SENSOR_PROTOCOL', `${peer.label} answers with ${what} instead of IDMEF`, {
    fault: 'not-a-sensor',
    hint: 'a portal, a proxy or another service answers there; check --sensor',
  });
}

/** `Date` (RFC 9110 §6.6.1) tells whole seconds: on average half of one has passed since. */
function clockOffset(date: string | undefined, now: number): number | undefined {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? undefined : Math.round((at + 500 - now) / 1000) * 1000;
}
