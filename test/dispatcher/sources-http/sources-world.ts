/**
 * The HTTPS listener on port 0 with a door, keys and channels of the test's own: what was handed to the door, what it refused, and
 * one request at a time as curl would make it. No store behind it: the door is the seam.
 */

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';

import type { Clock } from '../../../src/core/ports.ts';
import type { Inbound, Receipt } from '../../../src/dispatcher/model/message.ts';
import type { Channels, Door, RefusalReason } from '../../../src/dispatcher/model/ports.ts';
import type { ApiKey } from '../../../src/dispatcher/model/records.ts';
import type { HttpSource, HttpSourcesConfig } from '../../../src/dispatcher/sources/http/context.ts';
import {
  createHttpsSources,
  type HttpsSources,
  type HttpsSourcesDeps,
} from '../../../src/dispatcher/sources/http/https-sources.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import type { MessageView } from '../../../src/idmef/message-view.ts';
import { loadCredentials } from '../../../src/tls/credentials.ts';
import { tlsParameters } from '../../../src/tls/policy.ts';
import { makePki, type Issued, type Pki } from '../../support/pki.ts';
import { rawClient, type RawClient } from '../../support/raw-client.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Records what it is given; fails when told to. */
export class FakeDoor implements Door {
  readonly accepted: Inbound[][] = [];
  readonly refusals: RefusalReason[] = [];
  /** Before the commit: what it waits for or throws. */
  before: () => Promise<void> = async () => await Promise.resolve();
  #seq = 0;

  async accept(batch: readonly Inbound[]): Promise<readonly Receipt[]> {
    await this.before();
    this.accepted.push([...batch]);
    return batch.map(() => {
      this.#seq += 1;
      return { status: 'stored', seq: this.#seq, id: this.#seq.toString(16).padStart(32, '0') };
    });
  }

  refused(reason: RefusalReason, count = 1): void {
    for (let n = 0; n < count; n += 1) this.refusals.push(reason);
  }

  get messages(): readonly Inbound[] {
    return this.accepted.flat();
  }
}

export const KEYS = {
  ana: 'irk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  /** As AlertGateway made them. */
  bob: '0f8fad5bd9cb469fa16570867728950e',
  nobodysChannels: 'key-of-carla',
  allDisabled: 'key-of-dora',
  limited: 'key-of-ana-for-soc',
  reader: 'key-of-ana-for-reading',
  narrow: 'key-of-ana-for-old',
} as const;

const keys: Readonly<Record<string, Partial<ApiKey>>> = {
  [KEYS.ana]: { id: 1, owner: 'ana' },
  [KEYS.bob]: { id: 2, owner: 'bob' },
  [KEYS.nobodysChannels]: { id: 3, owner: 'carla' },
  [KEYS.allDisabled]: { id: 4, owner: 'dora' },
  [KEYS.limited]: { id: 5, owner: 'ana', channels: ['soc'] },
  [KEYS.reader]: { id: 6, owner: 'ana', scopes: ['read'] },
  [KEYS.narrow]: { id: 7, owner: 'ana', channels: ['old', 'gone'] },
};

const channelTable = [
  { name: 'soc', owner: 'ana', enabled: true },
  { name: 'chat', owner: 'ana', enabled: true },
  { name: 'old', owner: 'ana', enabled: false },
  { name: 'mail', owner: 'bob', enabled: true },
  { name: 'off1', owner: 'dora', enabled: false },
  { name: 'off2', owner: 'dora', enabled: false },
  { name: 'siem', owner: undefined, enabled: true },
] as const;

export const channels: Channels = {
  find: (name) => channelTable.find((channel) => channel.name === name),
  ofOwner: (owner) => channelTable.filter((channel) => channel.owner === owner),
};

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Default: no certificate. */
  readonly as?: Issued;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** An authority, and certificates with the roles of their names. */
export interface Site {
  readonly pki: Pki;
  readonly relay: Issued;
  readonly producer: Issued;
  readonly monitor: Issued;
}

export interface SourcesWorld extends Site {
  readonly sources: HttpsSources;
  readonly door: FakeDoor;
  readonly port: number;
  readonly logger: RecordingLogger;
  readonly ask: (ask: Ask) => Promise<Answered>;
  readonly raw: (as?: Issued) => Promise<RawClient>;
  readonly clock: { ms: number };
}

export const RATE = 20;

const keyed = { ratePerMinute: RATE };

interface StartOptions {
  readonly config?: Partial<HttpSourcesConfig>;
  /** Switched off. */
  readonly without?: HttpSource;
  readonly deps?: Partial<HttpsSourcesDeps>;
  /** Certificates that exist already: making them takes longer than most tests. */
  readonly site?: Site;
  /** One connection for the requests of each certificate, not one for each request. */
  readonly keepAlive?: boolean;
}

export async function makeSite(pki: Pki): Promise<Site> {
  const client = async (name: string): Promise<Issued> =>
    await pki.issue({ name, san: [`DNS:${name}1`], eku: ['client'] });
  return {
    pki,
    relay: await client('relay'),
    producer: await client('producer'),
    monitor: await client('monitor'),
  };
}

export async function startSources(
  t: { after(hook: () => Promise<void> | void): void },
  { config = {}, without, deps = {}, site: given, keepAlive = false }: StartOptions = {},
): Promise<SourcesWorld> {
  const site = given ?? (await makeSite(await makePki(tempDir(t))));
  // Not the rest of a world that is given as one.
  const { pki, relay, producer, monitor } = site;
  const door = new FakeDoor();
  const logger = recordingLogger();
  const held = { ms: 0 };
  const clock: Clock = { now: () => Date.parse('2026-11-30T10:00:00Z') + held.ms, monotonic: () => held.ms };
  const settings = {
    certFile: pki.server.certFile,
    keyFile: pki.server.keyFile,
    caFile: pki.caFile,
    policy: 'anssi',
  } as const;
  const all: HttpSourcesConfig = {
    https: {
      address: '127.0.0.1',
      port: 0,
      tls: { cert: settings.certFile, key: settings.keyFile, ca: settings.caFile },
      tlsPolicy: 'anssi',
      allowRelay: ['DNS:relay1'],
      allowProducer: ['DNS:producer1'],
      allowMonitor: ['DNS:monitor1'],
    },
    idmef: { mode: 'lenient' },
    rest: keyed,
    alertgateway: keyed,
    ntopng: keyed,
    alertresponder: keyed,
    ...config,
  };
  const sources = createHttpsSources({
    config: Object.fromEntries(Object.entries(all).filter(([name]) => name !== without)),
    credentials: loadCredentials(settings, { purpose: 'server' }),
    parameters: tlsParameters({ policy: 'anssi' }).parameters,
    door,
    keyRing: {
      check: async (text, scope) => {
        await Promise.resolve();
        const key = keys[text];
        if (key === undefined) return undefined;
        const { id = 0, owner = '', scopes = ['ingest'], ...rest } = key;
        return scopes.includes(scope)
          ? { id, owner, scopes, hash: Buffer.alloc(32), prefix: text.slice(0, 4), createdAt: 0, ...rest }
          : undefined;
      },
    },
    channels,
    clock,
    random: { bytes: (count) => new Uint8Array(count).fill(7) },
    hostname: 'manager.example',
    log: logger,
    metrics: async () => await Promise.resolve('idmef_dispatcher_up 1\n'),
    health: async () => await Promise.resolve([]),
    status: async () => await Promise.resolve({ stored: 3 }),
    ...deps,
  });
  t.after(async () => await sources.close());
  const { port } = await sources.listen();
  const agent = keepAlive ? new Agent({ keepAlive }) : false;
  t.after(() => {
    if (agent !== false) agent.destroy();
  });
  return {
    sources,
    door,
    pki,
    port,
    logger,
    relay,
    producer,
    monitor,
    clock: held,
    ask: async (ask) => await once({ port, pki, agent }, ask),
    raw: async (as) =>
      await rawClient(port, pki, as === undefined ? { cert: undefined, key: undefined } : { as }),
  };
}

async function once(
  { port, pki, agent }: { readonly port: number; readonly pki: Pki; readonly agent: Agent | false },
  ask: Ask,
): Promise<Answered> {
  const { method = ask.body === undefined ? 'GET' : 'POST', path = '/', headers = {}, body, as } = ask;
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: pki.caPem,
        ...(as === undefined ? {} : { cert: as.certPem, key: as.keyPem }),
        method,
        path,
        headers: { ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }), ...headers },
        agent,
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: got } = incoming;
          resolve({ status, headers: got, text: Buffer.concat(parts).toString() });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The stored message as a person sees it; it must be valid by RFC 4765 as it stands. */
export async function viewOf({ body }: Inbound): Promise<MessageView> {
  const verdict = validateElement(body);
  if (!verdict.readable || !verdict.valid) throw new Error(`not valid: ${JSON.stringify(verdict)}`);
  return await viewMessage(body);
}

export function form(message: string): Pick<Ask, 'headers' | 'body'> {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ message }).toString(),
  };
}
