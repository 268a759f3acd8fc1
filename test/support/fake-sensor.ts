/**
 * A sensor that speaks the leased protocol from memory and can be told to misbehave at every step: for the
 * poller's tests of faults that the real one does not have. The real one is used where it behaves.
 */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { startHost, type HostOptions, type HttpsHost } from './https-host.ts';
import { document } from './tiny-alerts.ts';

export interface FakeSensor extends HttpsHost {
  /** Elements not acknowledged yet, by sequence. */
  readonly waiting: Map<number, string>;
  /** Requests seen: `GET`, `DELETE token`, `RELEASE token`. */
  readonly log: string[];
  readonly prefers: string[];
  /** Sequences of severity high. */
  readonly high: Set<number>;
  /** Understands `min-severity`, as newer sensors do. */
  lanes: boolean;
  /** Compresses when asked. */
  gzip: boolean;
  journal: string;
  /** What it grants. */
  leaseSeconds: number;
  /** Takes over an answer; returns true when it has dealt with it. */
  intercept: (request: IncomingMessage, response: ServerResponse, path: string) => boolean | Promise<boolean>;
  /** Changes a batch before it is sent. */
  tamper: (batch: Batch) => void;
  add(...elements: readonly string[]): void;
  /** Every lease has run out. */
  expire(): void;
}

export interface Batch {
  body: Buffer;
  headers: Record<string, string>;
}

type Options = Omit<HostOptions, 'handle'>;

export async function startFakeSensor(
  t: Parameters<typeof startHost>[0],
  options: Options,
): Promise<FakeSensor> {
  const waiting = new Map<number, string>();
  const leases = new Map<string, number[]>();
  const log: string[] = [];
  const prefers: string[] = [];
  const high = new Set<number>();
  let next = 1;
  let tokens = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const release = /^\/leases\/([^/]+)\/release$/.exec(path)?.[1];
    const token = /^\/leases\/([^/]+)$/.exec(path)?.[1];
    log.push(
      release === undefined
        ? token === undefined
          ? (request.method ?? '')
          : `${request.method ?? ''} ${token}`
        : `RELEASE ${release}`,
    );
    response.setHeader('IDMEF-Relay', '1');
    response.setHeader(
      'IDMEF-Status',
      `pending=${waiting.size}, oldest=0, stuck=0, corrupt=0, dropped=0, paused=0`,
    );
    if (await sensor.intercept(request, response, path)) return;
    if (release !== undefined) {
      leases.delete(release);
      response.writeHead(204).end();
    } else if (token !== undefined && request.method === 'PUT') {
      response.writeHead(leases.has(token) ? 204 : 410).end();
    } else if (token !== undefined) {
      const sequences = leases.get(token);
      for (const sequence of sequences ?? []) waiting.delete(sequence);
      leases.delete(token);
      response.writeHead(sequences === undefined ? 410 : 204).end();
    } else if (path === '/') {
      if (request.method === 'HEAD') {
        response.writeHead(200).end();
        return;
      }
      prefers.push(String(request.headers['prefer'] ?? ''));
      answer(request, response);
    } else {
      const body = JSON.stringify({ title: 'Not Found', detail: `no such path: ${path}` });
      response.writeHead(404, { 'Content-Type': 'application/problem+json' }).end(body);
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const prefer = String(request.headers['prefer'] ?? '');
    const leased = new Set([...leases.values()].flat());
    const peek = prefer.includes('peek');
    const lane = sensor.lanes && prefer.includes('min-severity=high');
    const free = [...waiting.keys()].filter((sequence) => peek || !leased.has(sequence));
    const wanted = lane ? free.filter((sequence) => high.has(sequence)) : free;
    const sequences = peek ? wanted : wanted.slice(0, Number(/batch=(\d+)/.exec(prefer)?.[1] ?? 500));
    const pending = peek ? free.length : free.length - sequences.length;
    response.setHeader('IDMEF-Status', `pending=${pending}, oldest=0, stuck=0, corrupt=0`);
    if (sequences.length === 0) {
      response.writeHead(404, { 'Content-Length': '0' }).end();
      return;
    }
    const plain = Buffer.from(document(...sequences.map((sequence) => waiting.get(sequence) ?? '')));
    const zip = sensor.gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = zip ? gzipSync(plain) : plain;
    const batch: Batch = {
      body,
      headers: {
        'Content-Type': 'text/xml; charset=UTF-8',
        ...(zip ? { 'Content-Encoding': 'gzip' } : {}),
        'Content-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
      },
    };
    if (!peek) {
      tokens += 1;
      const token = `t${tokens}`;
      leases.set(token, sequences);
      Object.assign(batch.headers, {
        'Preference-Applied': `lease=${sensor.leaseSeconds}${lane ? ', min-severity=high' : ''}`,
        'IDMEF-Lease': `${token}; expires=${sensor.leaseSeconds}`,
        'IDMEF-Sequence': `${sensor.journal}; ${sequences.join(',')}`,
      });
    }
    sensor.tamper(batch);
    response.writeHead(200, { 'Content-Length': batch.body.length, ...batch.headers }).end(batch.body);
  };

  const host = await startHost(t, { ...options, handle });
  const sensor: FakeSensor = {
    ...host,
    waiting,
    log,
    prefers,
    high,
    lanes: true,
    gzip: true,
    leaseSeconds: 15,
    journal: 'a'.repeat(32),
    intercept: () => false,
    tamper: () => undefined,
    expire: () => leases.clear(),
    add: (...elements) => {
      for (const element of elements) {
        waiting.set(next, element);
        next += 1;
      }
    },
  };
  return sensor;
}
