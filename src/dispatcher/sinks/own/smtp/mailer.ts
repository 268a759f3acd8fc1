/**
 * The pooled connections to one mail server, on nodemailer, which is loaded with the first mail.
 *
 * Called by smtp.ts. Connections are dialled here (outbound policy, pinned address, certificate), nothing is retried inside: the outbox
 * owns that. The pool is made anew each hour and after a fault of TLS or authentication, so that renewed files count; the old one is
 * closed when the last of its mails has ended.
 */

import type { Socket } from 'node:net';

import type { SMTPPoolOptions, SMTPPoolSentMessageInfo, Transporter } from 'nodemailer';

import { RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits, pollerLimits } from '../../../../core/limits.ts';
import { OK } from '../../../../core/outcome.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { SinkDeps } from '../../../model/sink.ts';
import { dial, dialOutcome, secure, tlsOptions } from '../dial.ts';
import type { TlsFileNames } from '../params.ts';
import { said } from '../say.ts';
import type { AddressResult } from './addresses.ts';
import { envelopeAddress, type Mail } from './compose-mail.ts';
import type { MailServer } from './server.ts';
import { addressVerdict, mailVerdict, type MailFault } from './verdict.ts';

export interface Mailer {
  /** One mail to these of its addresses. Rejects only when the signal aborts, or on a bug. */
  send(
    mail: Mail,
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, AddressResult>>;
  close(): Promise<void>;
}

interface MailerOptions {
  readonly server: MailServer;
  readonly params: { readonly user?: string | undefined; readonly password?: string | undefined };
  readonly files: TlsFileNames;
  readonly endpoint: Endpoint;
  readonly deps: Pick<SinkDeps, 'outbound' | 'hostname' | 'timers'>;
}

/** What nodemailer tells of a mail that was taken for at least one address. */
interface Taken {
  readonly response?: string | undefined;
  readonly rejectedErrors?: readonly (MailFault & { readonly recipient?: string | undefined })[] | undefined;
}

type SocketCallback = Parameters<NonNullable<SMTPPoolOptions['getSocket']>>[1];

type Pool = Transporter<SMTPPoolSentMessageInfo, SMTPPoolOptions>;

/** Connections that are used together. */
interface Session {
  readonly pool: Promise<Pool>;
  readonly openedAt: number;
  /** Mails under way. */
  mails: number;
}

export function createMailer(options: MailerOptions): Mailer {
  const { server, deps } = options;
  let current: Session | undefined;

  /** Closing a pool loses the mails that wait in it. */
  const closeIfIdle = async (session: Session): Promise<void> => {
    if (session !== current && session.mails === 0) (await session.pool.catch(() => undefined))?.close();
  };

  const retire = async (session: Session | undefined): Promise<void> => {
    if (session === undefined) return;
    if (session === current) current = undefined;
    await closeIfIdle(session);
  };

  const enter = async (): Promise<Session> => {
    const now = deps.timers.monotonic();
    if (current !== undefined && now - current.openedAt >= pollerLimits.sessionMs) await retire(current);
    current ??= { pool: openPool(options), openedAt: now, mails: 0 };
    current.mails += 1;
    return current;
  };

  const send: Mailer['send'] = async (mail, addresses, signal) => {
    signal.throwIfAborted();
    const every = (result: AddressResult): Map<string, AddressResult> =>
      new Map(addresses.map((address) => [address, result]));
    const session = await enter();
    try {
      const transport = await session.pool;
      const envelope = { from: envelopeAddress(mail.from), to: [...addresses] };
      const taken: Taken = await transport.sendMail({ ...mail, envelope, signal });
      const ref = said(taken.response ?? '');
      const results = every({ outcome: OK, ...(ref === '' ? {} : { ref }) });
      noteRejected(results, taken.rejectedErrors);
      return results;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RelayError) {
        const outcome = dialOutcome(error);
        if (outcome.kind === 'broken') await retire(session);
        return every({ outcome, whole: true });
      }
      if (!isMailFault(error)) throw error;
      const { rejectedErrors } = error as Taken;
      if (rejectedErrors !== undefined && error.command === 'RCPT TO') {
        const results = every({ outcome: addressVerdict(error) });
        noteRejected(results, rejectedErrors);
        return results;
      }
      const outcome = mailVerdict(error, server.label);
      if (outcome.kind === 'broken') await retire(session);
      return every({ outcome, whole: true, ...(mayHaveTaken(error) ? { uncertain: true as const } : {}) });
    } finally {
      session.mails -= 1;
      await closeIfIdle(session);
    }
  };

  return { send, close: async () => await retire(current) };
}

function noteRejected(results: Map<string, AddressResult>, rejected: Taken['rejectedErrors'] = []): void {
  const addresses = [...results.keys()];
  for (const fault of rejected) {
    const result: AddressResult = { outcome: addressVerdict(fault) };
    const named = addresses.filter((address) => address.toLowerCase() === fault.recipient?.toLowerCase());
    // Nobody's: then nobody is known to have it.
    for (const address of named.length > 0 ? named : addresses) results.set(address, result);
  }
}

/** No answer came, and it was not the connection that could not be had: perhaps the last line was under way. */
function mayHaveTaken({ code, responseCode, originalCode }: MailFault): boolean {
  const lost = ['ECONNECTION', 'ESOCKET', 'ETIMEDOUT'].includes(code ?? '');
  return lost && responseCode === undefined && originalCode !== 'ECONNREFUSED';
}

/** nodemailer's errors have codes; anything else is a bug. */
function isMailFault(error: unknown): error is MailFault & Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

async function openPool({ server, params, files, endpoint, deps }: MailerOptions): Promise<Pool> {
  const { createTransport } = await import('nodemailer');
  const target = {
    host: server.host,
    port: server.port,
    label: server.label,
    provenance: endpoint.provenance,
  };
  const tls =
    server.tls === 'none' ? undefined : { ...tlsOptions(files, server.host), rejectUnauthorized: true };
  const connect = async (): Promise<Socket> => {
    const signal = AbortSignal.timeout(mailConnectMs);
    const how = { outbound: deps.outbound, timeoutMs: mailConnectMs, signal };
    const socket = await dial(target, how);
    return server.tls === 'tls' ? await secure(socket, target, files, how) : socket;
  };
  const connectFor = async (callback: SocketCallback): Promise<void> => {
    let connection: Socket;
    try {
      connection = await connect();
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), false);
      return;
    }
    callback(null, { connection, ...(server.tls === 'tls' ? { secured: true } : {}) });
  };
  const { mailConnectMs, mailSilenceMs, mailConnections, mailsPerConnection } = ownSinkLimits;
  const options: SMTPPoolOptions & { readonly pool: true } = {
    pool: true,
    host: server.host,
    port: server.port,
    name: deps.hostname,
    secure: server.tls === 'tls',
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'none',
    ...(tls === undefined ? {} : { tls }),
    ...(params.user === undefined
      ? {}
      : { auth: { user: params.user, pass: params.password ?? '' }, forceAuth: true }),
    maxConnections: mailConnections,
    maxMessages: mailsPerConnection,
    maxRequeues: 0,
    connectionTimeout: mailConnectMs,
    greetingTimeout: mailConnectMs,
    socketTimeout: mailSilenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    getSocket: (_options, callback) => void connectFor(callback),
  };
  return createTransport(options);
}
