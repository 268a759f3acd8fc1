/**
 * Receivers of IDMEF for tests and measurements.
 *
 * `startReceiver` is a minimal receiver of ours: `OPTIONS /` says so, a batch is taken whole or not at all,
 * durable (`<journal>-<ranges>.xml`, temporary file, fsync, rename) before the 201. Of a batch that overlaps an earlier
 * one (a poller that was killed leases other ranges) only what is new is stored; nothing new: 200. `startTrivialGateway` is any other one: it counts
 * single POSTs as a SECEF gateway would take them, and keeps their bytes when asked. Both can be told to
 * misbehave.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { formatRanges } from '../../src/journal/ranges.ts';
import { writeFileAtomic } from '../../src/os/atomic-write.ts';
import { readBody, startHost, type HostOptions, type HttpsHost } from './https-host.ts';
import { messageids } from './tiny-alerts.ts';

/** What to do instead of the right thing with a POST. Undefined: the right thing. */
export type Misbehaviour =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'reset'
  | 'silent'
  | 'reset-after-storing'
  | ((response: ServerResponse) => void);

interface Common {
  /** POSTs answered, by status. */
  readonly answers: Map<number, number>;
  /** Headers of the requests, newest last (the first 1000). */
  readonly seen: IncomingMessage['headers'][];
  options: number;
  /** Decides for each POST, in order of arrival; `count` begins at 1. */
  misbehave: (body: Buffer, count: number) => Misbehaviour | undefined;
}

export interface Receiver extends HttpsHost, Common {
  readonly dir: string;
  /** messageids in the stored files, by file name order. */
  stored(): string[];
}

export interface TrivialGateway extends HttpsHost, Common {
  /** POSTs accepted. */
  accepted: number;
  /** Bodies accepted, when kept. */
  readonly bodies: Buffer[];
}

type Start = Parameters<typeof startHost>[0];
type Options = Omit<HostOptions, 'handle'>;

export async function startReceiver(
  t: Start,
  options: Options & { readonly dir: string },
): Promise<Receiver> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const known = new Set<string>();
  for (const name of files(dir)) remember(known, name);

  const accept = (request: IncomingMessage, body: Buffer): number => {
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    if (request.headers['content-type'] !== 'text/xml') return 415;
    if (request.headers['content-digest'] !== digest) return 400;
    const sequence = /^([0-9A-Za-z]+); ([0-9,-]+)$/.exec(String(request.headers['idmef-sequence'] ?? ''));
    if (sequence === null || !String(request.headers['idmef-origin'] ?? '').startsWith('profile='))
      return 400;
    const [, journal = '', ranges = ''] = sequence;
    const sequences = expand(ranges);
    const fresh = sequences.filter((number) => !known.has(`${journal}/${number}`));
    if (fresh.length === 0) return 200;
    const document = fresh.length === sequences.length ? body : onlyFresh(body, sequences, new Set(fresh));
    if (document === undefined) return 400;
    const name = `${journal}-${formatRanges(fresh).replaceAll(',', '+')}.xml`;
    writeFileAtomic(join(dir, name), document);
    remember(known, name);
    return 201;
  };

  const common = newCommon();
  const host = await startHost(t, {
    ...options,
    handle: async (request, response) => {
      if (request.method === 'OPTIONS') {
        common.options += 1;
        response
          .writeHead(204, { 'IDMEF-Relay': '1; gateway', 'Accept-Post': 'text/xml', Allow: 'OPTIONS, POST' })
          .end();
        return;
      }
      const body = await readBody(request);
      await answer(request, response, body, common, () => accept(request, body));
    },
  });
  return Object.assign(common, host, {
    dir,
    stored: () => files(dir).flatMap((name) => messageids(readFileSync(join(dir, name)))),
  });
}

export async function startTrivialGateway(
  t: Start,
  options: Options & {
    readonly keep?: boolean;
    /** To OPTIONS; a SECEF gateway says 500. */
    readonly optionsStatus?: number;
  },
): Promise<TrivialGateway> {
  const bodies: Buffer[] = [];
  const common = newCommon();
  const host = await startHost(t, {
    ...options,
    handle: async (request, response) => {
      if (request.method === 'OPTIONS') {
        common.options += 1;
        response.writeHead(options.optionsStatus ?? 500).end('Internal Server Error\n');
        return;
      }
      const body = await readBody(request);
      await answer(request, response, body, common, () => {
        if (request.headers['content-type'] !== 'text/xml') return 415;
        gateway.accepted += 1;
        if (options.keep === true) bodies.push(body);
        return 200;
      });
    },
  });
  const gateway: TrivialGateway = Object.assign(common, host, { accepted: 0, bodies });
  return gateway;
}

/** The batch without the messages known already; undefined when it does not hold what its header says. */
function onlyFresh(
  body: Buffer,
  sequences: readonly number[],
  fresh: ReadonlySet<number>,
): Buffer | undefined {
  const verdict = readDocument(body, 'off');
  if (!verdict.readable || verdict.messages.length !== sequences.length) return undefined;
  const kept = verdict.messages.filter((_, index) => fresh.has(sequences[index] ?? 0));
  return Buffer.concat([envelopeHead, ...kept.map(({ bytes }) => bytes), envelopeTail]);
}

function newCommon(): Common {
  return { answers: new Map(), seen: [], options: 0, misbehave: () => undefined };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  common: Common,
  accept: () => number,
): Promise<void> {
  if (common.seen.length < 1000) common.seen.push(request.headers);
  const count = [...common.answers.values()].reduce((sum, n) => sum + n, 0) + 1;
  const odd = common.misbehave(body, count);
  const own = typeof odd === 'function' || odd === 'silent' || odd === 'reset';
  const status = typeof odd === 'object' ? odd.status : own ? 0 : accept();
  common.answers.set(status, (common.answers.get(status) ?? 0) + 1);
  if (odd === 'silent') return;
  if (typeof odd === 'function') {
    odd(response);
    return;
  }
  if (odd === 'reset' || odd === 'reset-after-storing') response.destroy();
  else if (typeof odd === 'object') response.writeHead(odd.status, { ...odd.headers }).end(odd.body ?? '');
  else response.writeHead(status, { 'Content-Type': 'text/plain' }).end('OK\n');
}

function files(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.xml') && !name.startsWith('.'))
    .toSorted((a, b) => firstOf(a) - firstOf(b));
}

function firstOf(name: string): number {
  return Number(/-(\d+)/.exec(name)?.[1] ?? 0);
}

function remember(known: Set<string>, name: string): void {
  const match = /^([0-9A-Za-z]+)-([0-9+-]+)\.xml$/.exec(name);
  for (const number of expand((match?.[2] ?? '').replaceAll('+', ',')))
    known.add(`${match?.[1] ?? ''}/${number}`);
}

function expand(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
