/**
 * One sensor as the poller sees it: ask for a batch, acknowledge it, give it back, peek. The wire form of
 * ARCHITECTURE.md: The wire on our side.
 *
 * Called by pull.ts and dry-run.ts. Turns each answer into one of few replies; everything that is neither
 * a batch nor nothing is a RelayError that names sensor, cause and remedy. What the sensor says is hostile
 * until digest, length and sequences have been checked here.
 */

import { RelayError } from '../core/errors.ts';
import { leaseLimits, pollerLimits } from '../core/limits.ts';
import { headerOf, type HttpsAnswer, type HttpsClient } from '../http/https-client.ts';
import type { Peer } from '../http/peer.ts';

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
}

/** Facts of the last answer, for status and origin. */
export interface SensorFacts {
  readonly names: readonly string[];
  /** `pending=…, oldest=…, stuck=…, corrupt=…`; undefined for an old server. */
  readonly status: string | undefined;
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
  close(): void;
}

export interface SensorClientOptions {
  readonly peer: Peer;
  readonly client: HttpsClient;
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** What the way there and back may take beyond the time a sensor was asked to wait. */
const WAIT_GRACE_MS = 2000;

export function createSensorClient({ peer, client, idleMs, signal }: SensorClientOptions): SensorClient {
  const path = `${peer.url.pathname}${peer.url.search}`;
  let facts: SensorFacts | undefined;

  const get = async (prefer: string, waitMs: number): Promise<HttpsAnswer> => {
    const answer = await client.send({
      method: 'GET',
      path,
      // Exactly this: an old server compares strings.
      headers: { accept: 'text/xml', prefer },
      // While it may hold the answer its silence is in order.
      idleMs: waitMs === 0 ? idleMs : Math.max(idleMs, waitMs + WAIT_GRACE_MS),
      signal,
    });
    facts = { names: client.peerNames(), status: headerOf(answer.headers, 'idmef-status') };
    return answer;
  };

  const release = async (token: string): Promise<void> => {
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

  return {
    peer,
    facts: () => facts,
    close: () => client.close(),
    release,
    lease: async ({ messages, leaseSeconds, waitSeconds = 0 }) => {
      const wait = waitSeconds > 0 ? `, wait=${waitSeconds}` : '';
      const prefer = `lease=${leaseSeconds}${wait}, batch=${messages}, batch-bytes=${leaseLimits.defaultBytes}`;
      return await readReply(await get(prefer, waitSeconds * 1000), peer, release);
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
  const applied = headerOf(answer.headers, 'preference-applied') ?? '';
  const token = /^\s*([A-Za-z0-9._~-]{1,200})\s*(?:;|$)/.exec(
    headerOf(answer.headers, 'idmef-lease') ?? '',
  )?.[1];
  if (/\blease\s*=/.test(applied) && token !== undefined) {
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
    hint: 'our certificate has the role monitor there; --allow-poller must name it',
  });
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
    hint: ours || empty ? `--sensor is ${peer.url.origin}/ without a path` : 'something else answers there',
  });
}

function notIdmef(type: string, peer: Peer): RelayError {
  const what = /html/.test(type) ? 'HTML' : type === '' ? 'something without a Content-Type' : type;
  return new RelayError('SENSOR_PROTOCOL', `${peer.label} answers with ${what} instead of IDMEF`, {
    hint: 'a portal, a proxy or another service answers there; check --sensor',
  });
}
