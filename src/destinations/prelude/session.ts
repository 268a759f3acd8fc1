/**
 * One session with a prelude-manager: dialled, greeted, announced; then messages go out, and what the manager passes
 * on comes in.
 *
 * Opened by line.ts and by `idmef doctor`. That TLS stands means nothing yet: the manager judges our certificate after
 * it, and says that it takes us by its greeting (AUTH). There is no answer to anything else. What it sends is always
 * read, wanted or not. Its closing of the connection proves nothing.
 */

import type { TLSSocket } from 'node:tls';

import type { RelayError } from '../../core/errors.ts';
import { preludeSessionLimits } from '../../core/limits.ts';
import { dial, socketFault, type Dialled, type Dialling } from './dial.ts';
import { preludeFault } from './faults.ts';
import { frame, FrameReader, messageTags, type Priority } from './frames.ts';
import { capabilities, capabilityPayload, readAuth } from './messages.ts';
import { Outbox } from './outbox.ts';
import type { AgentCertificate } from './profile.ts';

export interface SessionOptions extends Dialling {
  /** A message the manager passes on. */
  readonly onMessage: (payload: Buffer) => void;
  /** Told once when it ends, by close() too. */
  readonly onEnd: (fault: RelayError) => void;
}

export interface Session {
  readonly certificate: AgentCertificate;
  /** The manager's analyzerid, as it greets. */
  readonly manager: string;
  /** `TLSv1.3` */
  readonly protocol: string;
  /** The manager passes on what it has reported. */
  readonly reading: boolean;
  /** Why it has ended. */
  fault(): RelayError | undefined;
  /** True once the system has all of it, false when the session ended before. */
  write(payload: Buffer, priority: Priority): Promise<boolean>;
  /** After a message: resolves when the first one did not make the manager close the connection, or did. */
  proved(): Promise<void>;
  /** The manager has shown that it takes what we write. */
  prove(): void;
  /** Ends it, with this as the reason. */
  fail(fault: RelayError): void;
  /** Says goodbye and gives the manager time to read what is under way. */
  close(): Promise<void>;
}

/** Rejects with a RelayError. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const dialled = await dial(options);
  const session = new ManagerSession(dialled, options);
  const late = (): void => session.late();
  options.signal?.addEventListener('abort', late);
  await session.greeting.finally(() => options.signal?.removeEventListener('abort', late));
  session.announce();
  return session;
}

class ManagerSession implements Session {
  readonly certificate: AgentCertificate;
  readonly reading: boolean;
  readonly protocol: string;
  readonly greeting: Promise<void>;
  manager = '';
  readonly #socket: TLSSocket;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #watchdog: NodeJS.Timeout;
  readonly #gone: Promise<void>;
  #fault: RelayError | undefined;
  /** Runs from the first message on: `proved` when the manager has not closed the connection by then. */
  #probation: NodeJS.Timeout | undefined;
  #proved = false;
  readonly #judged: Promise<void>;
  #judge: () => void = () => undefined;
  #state: 'greeting' | 'open' | 'closing' | 'ended' = 'greeting';
  #greeted: (fault?: RelayError) => void = () => undefined;

  constructor({ socket, certificate }: Dialled, options: SessionOptions) {
    this.certificate = certificate;
    this.reading = options.mode === 'stay' && (certificate.rights & capabilities.readIdmef) !== 0;
    this.protocol = socket.getProtocol() ?? '';
    this.#socket = socket;
    this.#options = options;
    this.#watchdog = setTimeout(() => this.late(), options.timeoutMs);
    this.#outbox = new Outbox(socket, () => this.#watchdog.refresh());
    this.greeting = new Promise((resolve, reject) => {
      this.#greeted = (fault) => (fault === undefined ? resolve() : reject(fault));
    });
    this.#judged = new Promise((resolve) => {
      this.#judge = resolve;
    });
    this.#gone = new Promise((resolve) => void socket.once('close', resolve));
    socket
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('error', (error) => this.fail(socketFault(error, options.address)))
      .on('end', () => this.#closedByManager())
      .on('close', () => this.#closedByManager());
  }

  announce(): void {
    const wanted = capabilities.writeIdmef + (this.reading ? capabilities.readIdmef : 0);
    const now = this.#options.clock.now();
    void this.#outbox.write(frame(messageTags.capability, 0, capabilityPayload(wanted), now));
  }

  fault(): RelayError | undefined {
    return this.#fault;
  }

  write(payload: Buffer, priority: Priority): Promise<boolean> {
    if (this.#state !== 'open') return Promise.resolve(false);
    this.#probation ??= setTimeout(() => this.prove(), preludeSessionLimits.probationMs);
    return this.#outbox.write(frame(messageTags.idmef, priority, payload, this.#options.clock.now()));
  }

  async proved(): Promise<void> {
    await this.#judged;
  }

  prove(): void {
    if (this.#proved) return;
    this.#proved = true;
    clearTimeout(this.#probation);
    this.#judge();
  }

  fail(fault: RelayError): void {
    const before = this.#state;
    if (before === 'ended' || before === 'closing') return;
    this.#fault = fault;
    this.#end();
    if (before === 'greeting') this.#greeted(fault);
    else this.#options.onEnd(fault);
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    const { address, onEnd } = this.#options;
    this.#state = 'closing';
    // Whoever still waits for something of it must learn that it is over.
    this.#fault = preludeFault('prelude-session-ended', address);
    onEnd(this.#fault);
    const timer = setTimeout(() => this.#socket.destroy(), preludeSessionLimits.closeMs);
    this.#outbox.end();
    // After what is being written.
    this.#socket.end();
    await this.#gone;
    clearTimeout(timer);
    this.#end();
  }

  #end(): void {
    this.#state = 'ended';
    clearTimeout(this.#watchdog);
    clearTimeout(this.#probation);
    this.#judge();
    this.#outbox.end();
    this.#socket.destroy();
  }

  /** The time is up for what goes on. */
  late(): void {
    const { address, timeoutMs } = this.#options;
    const seconds = timeoutMs / 1000;
    if (this.#state === 'greeting') this.fail(preludeFault('prelude-silent', address, { seconds }));
    else if (this.#outbox.busy) this.fail(preludeFault('prelude-stalled', address, { seconds }));
  }

  #closedByManager(): void {
    const { address } = this.#options;
    if (this.#state === 'greeting') {
      this.fail(preludeFault('prelude-rejected', address, { said: 'it closes the connection' }));
    } else {
      const first = this.#probation !== undefined && !this.#proved;
      this.fail(preludeFault(first ? 'prelude-closed-at-first-message' : 'prelude-session-ended', address));
    }
  }

  #read(bytes: Buffer): void {
    for (const { tag, payload } of this.#reader.read(bytes)) {
      if (this.#state === 'greeting') this.#hear(tag, payload);
      else if (tag === messageTags.idmef && this.#state === 'open') this.#options.onMessage(payload);
    }
    const { fault } = this.#reader;
    if (fault !== undefined)
      this.fail(preludeFault('prelude-protocol', this.#options.address, { said: fault }));
  }

  #hear(tag: number, payload: Buffer): void {
    const { address } = this.#options;
    const auth = tag === messageTags.auth ? readAuth(payload) : undefined;
    if (auth === undefined) {
      const said = `its first message is of kind ${tag}, and no greeting`;
      this.fail(preludeFault('prelude-protocol', address, { said }));
    } else if (auth === 'refused') {
      this.fail(preludeFault('prelude-rejected', address, { said: 'authentication failed' }));
    } else {
      this.manager = auth.analyzerid;
      this.#state = 'open';
      this.#greeted();
    }
  }
}
