/**
 * A stand-in for a prelude-manager: TLS, greeting, capability, messages, echoes to readers; and faults on demand.
 *
 * It is as particular as the real one: exactly one certificate, of its own issuing; one message read for each record
 * that comes, so that messages which share a record stay behind until more comes; echoes to the first connection of an
 * analyzerid that wants to read, unless that is the last analyzer of the message, or that has no analyzerid; the
 * connection closed when the certificate lacks the right.
 */

import type { Socket } from 'node:net';
import { createServer, type DetailedPeerCertificate, type PeerCertificate, type TLSSocket } from 'node:tls';

import {
  frame,
  FrameReader,
  messageTags,
  type FramedMessage,
} from '../../src/destinations/prelude/frames.ts';
import { authPayload } from '../../src/destinations/prelude/messages.ts';
import { decodeMessage } from '../../src/idmef/prelude/decode.ts';
import { encodeMessage } from '../../src/idmef/prelude/encode.ts';
import type { PreludeObject } from '../../src/idmef/prelude/model.ts';
import { portOf } from './https-host.ts';
import type { PreludeSite } from './prelude-site.ts';

type Greeting = 'accept' | 'refuse' | 'silent' | 'close' | 'reset' | 'garbage' | 'other-kind';

/** What becomes of the echo of one message. `hold`: kept until `release()`. */
type EchoFate = 'echo' | 'drop' | 'twice' | 'hold';

export interface ManagerOptions {
  greeting?: Greeting;
  /** Decides for each message, in order of arrival; default to echo it. */
  echo?: (message: PreludeObject, count: number) => EchoFate;
  /** Closes the connection at the first message, whatever the certificate says. */
  unwilling?: boolean;
  /** Reads nothing more. */
  deaf?: boolean;
  port?: number;
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

interface SeenSession {
  readonly analyzerid: string;
  /** Certificates the client sent. */
  readonly certificates: number;
  readonly protocol: string;
  /** Undefined until it says so. */
  capability: number | undefined;
  /** It said goodbye. */
  ended: boolean;
}

export interface FakeManager {
  readonly port: number;
  readonly options: ManagerOptions;
  readonly sessions: readonly SeenSession[];
  /** Messages that were reported, in order. */
  readonly reported: readonly PreludeObject[];
  alerts(): readonly PreludeObject[];
  heartbeats(): readonly PreludeObject[];
  /** Reported messages whose payload could not be decoded. */
  readonly invalid: number;
  /** Sends what was held. */
  release(): void;
  /** Passes this to all readers, as an event of somebody else. */
  pass(message: PreludeObject): void;
  /** Ends all connections: in order, or not. */
  drop(how: 'end' | 'reset'): void;
  /** Sends these bytes to all. */
  say(bytes: Buffer): void;
}

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

interface Peer {
  readonly socket: TLSSocket;
  readonly seen: SeenSession;
  readonly rights: number;
}

export async function startFakeManager(
  t: Ending,
  site: PreludeSite,
  options: ManagerOptions = {},
): Promise<FakeManager> {
  const sessions: SeenSession[] = [];
  const reported: PreludeObject[] = [];
  const peers = new Set<Peer>();
  const held: PreludeObject[] = [];
  let invalid = 0;

  const sendEcho = (message: PreludeObject): void => {
    const payload = encodeMessage(withManager(message, site.id));
    const told = new Set<string>();
    for (const { socket, seen } of peers) {
      if (((seen.capability ?? 0) & 1) === 0 || told.has(seen.analyzerid)) continue;
      told.add(seen.analyzerid);
      if (isPassedTo(message, seen.analyzerid))
        socket.write(frame(messageTags.idmef, 0, payload, Date.now()));
    }
  };
  const report = (payload: Buffer): void => {
    const message = decodeMessage(payload);
    if (message === undefined) {
      invalid += 1;
      return;
    }
    reported.push(message);
    const fate = options.echo?.(message, reported.length) ?? 'echo';
    if (fate === 'hold') held.push(message);
    if (fate === 'echo' || fate === 'twice') sendEcho(message);
    if (fate === 'twice') sendEcho(message);
  };
  const take = (peer: Peer, { tag, payload }: FramedMessage): void => {
    const { socket, seen, rights } = peer;
    if (tag === messageTags.capability) {
      seen.capability = payload[0];
      if ((seen.capability ?? 0) & ~rights) socket.end();
    } else if (tag === messageTags.idmef) {
      if (options.unwilling === true || (rights & 4) === 0) socket.end();
      else report(payload);
    }
  };

  /** The connections below TLS: only these can be reset. */
  const open = new Set<Socket>();
  const reset = (socket: TLSSocket): void => {
    for (const raw of open) if (raw.remotePort === socket.remotePort) raw.resetAndDestroy();
  };

  const server = createServer({
    cert: site.certPem,
    key: site.keyPem,
    requestCert: true,
    rejectUnauthorized: false,
    ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
  });
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    const own: PeerCertificate | undefined = socket.getPeerCertificate(true);
    const names: Readonly<Record<string, unknown>> = { ...own?.subject };
    const issuer: Readonly<Record<string, unknown>> = { ...own?.issuer };
    const seen: SeenSession = {
      analyzerid: String(names['dnQualifier']),
      certificates: countCertificates(socket),
      protocol: socket.getProtocol() ?? '',
      capability: undefined,
      ended: false,
    };
    sessions.push(seen);
    const peer = { socket, seen, rights: Number(names['CN']) };
    peers.add(peer);
    socket.once('close', () => peers.delete(peer));
    if (seen.certificates !== 1 || issuer['dnQualifier'] !== site.id) {
      socket.end();
      return;
    }
    if (options.greeting === 'reset') {
      reset(socket);
      return;
    }
    if (!greet(socket, options.greeting ?? 'accept', site.id)) return;
    const reader = new FrameReader();
    const waiting: FramedMessage[] = [];
    if (options.deaf === true) {
      socket.pause();
      return;
    }
    // One event a record, one message an event.
    socket.on('data', (bytes: Buffer) => {
      waiting.push(...reader.read(bytes));
      const next = waiting.shift();
      if (next !== undefined) take(peer, next);
    });
    socket.on('end', () => {
      seen.ended = true;
      for (const message of waiting.splice(0)) take(peer, message);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  });

  return {
    port: portOf(server),
    options,
    sessions,
    reported,
    alerts: () => reported.filter((message) => message.class === 'alert'),
    heartbeats: () => reported.filter((message) => message.class === 'heartbeat'),
    get invalid() {
      return invalid;
    },
    release: () => {
      for (const message of held.splice(0)) sendEcho(message);
    },
    pass: sendEcho,
    drop: (how) => {
      for (const { socket } of peers) {
        if (how === 'end') socket.end();
        else reset(socket);
      }
    },
    say: (bytes) => {
      for (const { socket } of peers) socket.write(bytes);
    },
  };
}

/** Whether the session goes on. */
function greet(socket: TLSSocket, greeting: Exclude<Greeting, 'reset'>, id: string): boolean {
  const now = Date.now();
  switch (greeting) {
    case 'accept':
      socket.write(frame(messageTags.auth, 0, authPayload(id), now));
      break;
    case 'refuse':
      socket.end(frame(messageTags.auth, 0, Buffer.of(7, 0, 0, 0, 0), now));
      break;
    case 'silent':
      break;
    case 'close':
      socket.end();
      break;
    case 'garbage':
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      break;
    case 'other-kind':
      socket.write(frame(messageTags.optionRequest, 0, Buffer.of(1, 0, 0, 0, 0), now));
      break;
  }
  return greeting === 'accept';
}

function withManager(message: PreludeObject, id: string): PreludeObject {
  const manager: PreludeObject = { class: 'analyzer', fields: { analyzerid: id, class: 'Concentrator' } };
  return { class: message.class, fields: { ...message.fields, analyzer: [manager, ...analyzers(message)] } };
}

export function analyzers(message: PreludeObject): PreludeObject[] {
  const list = message.fields['analyzer'];
  return Array.isArray(list) ? list.filter((one) => typeof one !== 'string') : [];
}

/** Not to who made it, by the number its last analyzerid begins with; and to nobody when there is none. */
function isPassedTo(message: PreludeObject, reader: string): boolean {
  const last = analyzers(message).at(-1)?.fields['analyzerid'];
  return typeof last === 'string' && last !== '' && /^\d*/.exec(last)?.[0] !== reader;
}

function countCertificates(socket: TLSSocket): number {
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.fingerprint256 !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    next = next.issuerCertificate;
  }
  return seen.size;
}
