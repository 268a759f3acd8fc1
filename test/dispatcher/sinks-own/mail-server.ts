/** A mail server on loopback with faults on demand, for the tests of the smtp sink: smtp-server, which is what our own source uses. */

import { createServer, type Server, type Socket } from 'node:net';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

import { portOf } from '../../support/https-host.ts';
import type { Issued } from '../../support/pki.ts';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly user: string | undefined;
  readonly secure: boolean;
}

type Fault = { readonly code: number; readonly text: string } | 'drop' | undefined;

export interface MailServer {
  readonly port: number;
  readonly received: Received[];
  /** Asked at each stage. */
  faults: {
    connect?: () => Fault;
    auth?: () => Fault;
    from?: (address: string) => Fault;
    to?: (address: string) => Fault;
    data?: () => Fault;
  };
  connections: number;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

export async function startMailServer(
  t: Ending,
  options: SMTPServerOptions & { readonly leaf?: Pick<Issued, 'certPem' | 'keyPem'> } = {},
): Promise<MailServer> {
  const { leaf, ...more } = options;
  const sockets = new Set<Socket>();
  const mail: MailServer = { port: 0, received: [], faults: {}, connections: 0 };
  const answer = (fault: Fault, callback: (error?: Error) => void, drop: () => void): void => {
    if (fault === undefined) callback();
    else if (fault === 'drop') drop();
    else callback(Object.assign(new Error(fault.text), { responseCode: fault.code }));
  };
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    disabledCommands: leaf === undefined ? ['STARTTLS'] : [],
    closeTimeout: 100,
    ...(leaf === undefined ? {} : { cert: leaf.certPem, key: leaf.keyPem }),
    onConnect: (_session, callback) => {
      mail.connections += 1;
      answer(mail.faults.connect?.(), callback, dropAll);
    },
    onAuth: (auth, _session, callback) => {
      answer(
        mail.faults.auth?.(),
        (error) => (error === undefined ? callback(null, { user: auth.username }) : callback(error)),
        dropAll,
      );
    },
    onMailFrom: ({ address }, _session, callback) => answer(mail.faults.from?.(address), callback, dropAll),
    onRcptTo: ({ address }, _session, callback) => answer(mail.faults.to?.(address), callback, dropAll),
    onData: (stream, session, callback) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => {
        parts.push(part);
        if (mail.faults.data?.() === 'drop') dropAll();
      });
      stream.on('end', () => {
        const fault = mail.faults.data?.();
        if (fault === undefined) {
          const { mailFrom, rcptTo } = session.envelope;
          mail.received.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            raw: Buffer.concat(parts).toString('utf8'),
            user: typeof session.user === 'string' ? session.user : undefined,
            secure: session.secure,
          });
        }
        answer(fault, callback, dropAll);
      });
    },
    ...more,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  t.after(async () => {
    // Below a TLS socket of the server's own making it crashes Node 20.
    if (leaf === undefined) dropAll();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return Object.assign(mail, { port: address.port });
}

/** A server that says these lines, one for each line it is told, and keeps what it was told. */
export async function startScript(
  t: Ending,
  lines: readonly string[],
): Promise<{ port: number; told: string[] }> {
  const told: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const left = [...lines];
    sockets.add(socket);
    const say = (): void => {
      const next = left.shift();
      if (next === 'close') socket.destroy();
      else if (next !== undefined) socket.write(`${next}\r\n`);
    };
    say();
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      for (const line of part.toString('latin1').split('\r\n')) {
        if (line === '') continue;
        told.push(line);
        say();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  return { port: portOf(server), told };
}
