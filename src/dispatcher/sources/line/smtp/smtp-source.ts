/**
 * Mail as a source: what a key sends to channels is stored, and answered 250 after the commit alone.
 *
 * Made by src/app. A key travels in clear text only where no TLS is required and `allow_from` names the sender's network; without
 * TLS files that list is mandatory. Where it is given, nobody else is spoken to. Stored is what mail-text.ts takes from a mail,
 * without the key; the envelope and the other headers are not. A store that is full or failing answers 4xx, so the mail
 * stays at its sender. reply.ts has the codes.
 */

import { once } from 'node:events';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { SMTPServer, SMTPServerOptions, SMTPServerSession } from 'smtp-server';

import { messageOf, RelayError } from '../../../../core/errors.ts';
import { lineLimits, smtpLimits } from '../../../../core/limits.ts';
import { lazy } from '../../../../idmef/lazy.ts';
import type { Credentials } from '../../../../tls/credentials.ts';
import { tlsParameters } from '../../../../tls/policy.ts';
import { Pace } from '../../../keys/pace.ts';
import type { SourcesConfig } from '../../../model/config.ts';
import { BodyBudget } from '../../body-budget.ts';
import { allowFrom } from '../allow-from.ts';
import { bind, boundAddress } from '../bind.ts';
import { Connections } from '../connections.ts';
import type { LineDeps, TlsLineSource } from '../deps.ts';
import { Sayings } from '../sayings.ts';
import { within } from '../within.ts';
import { postMail } from './post-mail.ts';
import { REPLIES, SmtpRefusal } from './reply.ts';
import { newTransaction, type Poster, Postmaster, type Transaction } from './transaction.ts';

export type SmtpConfig = NonNullable<SourcesConfig['smtp']>;

export interface SmtpDeps extends LineDeps {
  /** Of `config.tls`, as loaded. */
  readonly credentials?: Credentials;
}

const SOURCE = 'smtp';

const DISABLED = ['HELP', 'VRFY', 'XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL'];

const library = lazy(() => import('smtp-server'));

type Done = (error?: Error | null) => void;

/** Throws RelayError CONFIG. */
export function createSmtpSource(config: SmtpConfig, deps: SmtpDeps): TlsLineSource {
  const { door, clock, timers, log, credentials } = deps;
  if ((config.tls === undefined) !== (credentials === undefined)) {
    throw new RelayError('BUG', `${SOURCE}: TLS is configured, or not, and the credentials say otherwise`);
  }
  const why = config.tls === undefined ? 'without tls keys come in clear text' : undefined;
  const allowed = allowFrom(SOURCE, config.allowFrom, why);
  const inClear = config.tls === undefined || (!config.requireTls && !allowed.empty);
  const sayings = new Sayings(log, clock);
  const budget = new BodyBudget(smtpLimits.inFlightBytes);
  const postDeps = { ...deps, maxBytes: config.maxBytes, pace: new Pace(clock), budget, sayings };
  const postmaster = new Postmaster(deps);
  const { connections: total, perAddress, lifeMs } = smtpLimits;
  const connections = new Connections(
    { total, perAddress, lifeMs },
    { source: SOURCE, door, timers, sayings, allowed },
  );
  const transactions = new WeakMap<SMTPServerSession, Transaction>();
  const underWay = new Set<Promise<void>>();
  let running: SMTPServer | undefined;
  let inForce = credentials;

  const transactionOf = (session: SMTPServerSession): Transaction => {
    const known = transactions.get(session) ?? newTransaction();
    transactions.set(session, known);
    return known;
  };
  /** A step of the dialogue: what it rejects with is the answer. */
  const answer = async (step: () => Promise<void> | void, done: Done): Promise<void> => {
    try {
      await step();
      done();
    } catch (error) {
      if (!(error instanceof SmtpRefusal)) log.debug(`${SOURCE}: ${messageOf(error)}`, { event: 'smtp-cut' });
      done(error instanceof SmtpRefusal ? error : new SmtpRefusal(REPLIES.busy));
    }
  };

  const handlers: SMTPServerOptions = {
    onAuth({ password }, session, done) {
      let user: Poster | undefined;
      const step = async (): Promise<void> => {
        user = await postmaster.authenticate(transactionOf(session), password ?? '');
      };
      void answer(step, (error) => done(error, { user }));
    },
    onMailFrom({ address }, session, done) {
      const transaction = transactionOf(session);
      const step = async (): Promise<void> => {
        if (!session.secure && !inClear) throw postmaster.refusal(transaction, REPLIES.clear);
        await postmaster.from(transaction, address, posterOf(session.user));
      };
      void answer(step, done);
    },
    onRcptTo({ address }, session, done) {
      void answer(() => postmaster.to(transactionOf(session), address), done);
    },
    onData(stream, session, done) {
      const { poster, channels } = transactionOf(session);
      const step = async (): Promise<void> => {
        if (poster === undefined) throw new SmtpRefusal(REPLIES.badSender);
        await postMail({ stream, poster, channels: [...channels], address: session.remoteAddress }, postDeps);
      };
      const work = answer(step, done);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
  };

  const create = async (): Promise<SMTPServer> => {
    const { SMTPServer: Server } = await library();
    const server = new Server({
      ...handlers,
      ...(inForce === undefined ? {} : tlsOptions(inForce)),
      name: deps.hostname,
      banner: 'alert-dispatcher',
      logger: false,
      disabledCommands: inForce === undefined ? [...DISABLED, 'STARTTLS'] : DISABLED,
      authOptional: true,
      authMethods: ['PLAIN', 'LOGIN'],
      allowInsecureAuth: inClear,
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      size: config.maxBytes,
      maxRecipients: smtpLimits.recipients,
      maxCommandLength: smtpLimits.commandBytes,
      socketTimeout: smtpLimits.idleMs,
      closeTimeout: lineLimits.drainMs,
    });
    server.on('error', (error) => log.debug(`${SOURCE}: ${messageOf(error)}`, { event: 'smtp-cut' }));
    connections.watch(server.server);
    return server;
  };

  return {
    async listen() {
      const created = await create();
      const { server } = created;
      const { address, port } = config;
      await bind(server, { source: SOURCE, address, port }, (bound) => created.listen(port, address, bound));
      running = created;
      return boundAddress(server, SOURCE);
    },
    adopt(fresh) {
      const options = tlsOptions(fresh);
      // The server takes options over one by one: what it would refuse must not reach it.
      createSecureContext(options);
      running?.updateSecureContext(options);
      inForce = fresh;
    },
    async close() {
      if (running === undefined) return;
      const { server, connections: open } = running;
      const closed = once(server, 'close');
      running.close();
      await within(timers, lineLimits.drainMs, Promise.allSettled(underWay));
      for (const connection of open) {
        connection.send(421, 'closing down');
        connection.close();
      }
      await within(timers, lineLimits.drainMs, closed);
      connections.destroy();
      await closed;
    },
  };
}

function tlsOptions({ cert, key }: Credentials): SecureContextOptions {
  return { cert, key, ...tlsParameters({ policy: 'anssi' }).parameters };
}

function posterOf(user: unknown): Poster | undefined {
  return isPoster(user) ? user : undefined;
}

function isPoster(user: unknown): user is Poster {
  return typeof user === 'object' && user !== null && 'key' in user && 'text' in user;
}
