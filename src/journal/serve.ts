/**
 * The thread that owns a journal answers a stub on the other end of a MessagePort (remote.ts makes both ends).
 *
 * Claims opened through a port end with it: when the other thread is gone its messages are due again at once.
 */

import type { MessagePort } from 'node:worker_threads';
import { RelayError } from '../core/errors.ts';
import type { JournalCore } from './core.ts';
import { InProcessJournal } from './in-process.ts';
import type { Claim, Journal, Origin, PeekWant, QuarantineReason, ReleaseOptions, Want } from './journal.ts';
import { toPlain, unpackMessages, type Notice, type PackedMessages, type Request } from './protocol.ts';

const TIDY_AT = 64;

/** The verbs a stub may call, with the arguments it sends. */
export type RemoteVerbs = ReturnType<typeof makeVerbs>;

/**
 * Serve a journal until its stub closes it or the port closes.
 *
 * @param close what closing the stub does; default: close the core
 * @returns stops serving, without closing the core
 */
export function serveJournal(
  core: JournalCore,
  port: MessagePort,
  close = (): void => core.close(),
): () => void {
  const journal = new InProcessJournal(core);
  const open = new Set<number>();
  const verbs = makeVerbs(journal, core, open);
  let id = core.id;

  const post = (notice: Notice, transfer: ArrayBuffer[] = []): void => port.postMessage(notice, transfer);
  const stop = (): void => {
    port.off('message', onRequest);
    port.off('close', stop);
    giveBackAll(core, open);
    journal.detach();
    port.close();
  };
  const running = new Set<Promise<void>>();
  const onRequest = (request: Request): void => {
    const done = request.method === 'close' ? end(request) : handle(request);
    running.add(done);
    void done.finally(() => running.delete(done));
  };
  const handle = async ({ call, method, args }: Request): Promise<void> => {
    try {
      const value = await answer(verbs, method, args);
      sayNewId();
      post({ kind: 'result', call, value }, buffersOf(value));
    } catch (error) {
      sayNewId();
      post({ kind: 'error', call, error: toPlain(error) });
    }
  };
  /** The stub closes: what it asked before is answered first. */
  const end = async ({ call }: Request): Promise<void> => {
    try {
      journal.flush();
      await Promise.all(running);
      giveBackAll(core, open);
      close();
      post({ kind: 'result', call, value: undefined });
    } catch (error) {
      post({ kind: 'error', call, error: toPlain(error) });
    }
    stop();
  };
  /** After a file had to be set aside. */
  const sayNewId = (): void => {
    try {
      if (core.id !== id) post({ kind: 'ready', id: (id = core.id) });
    } catch {
      // There is no file to have one.
    }
  };

  journal.onDue(() => post({ kind: 'due' }));
  port.on('message', onRequest);
  port.on('close', stop);
  post({ kind: 'ready', id });
  return stop;
}

async function answer(verbs: RemoteVerbs, method: string, args: readonly unknown[]): Promise<unknown> {
  if (!Object.hasOwn(verbs, method)) throw new RelayError('BUG', `the journal has no verb ${method}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the stub's types fix the arguments of each verb
  const verb = verbs[method as keyof RemoteVerbs] as (...values: readonly unknown[]) => Promise<unknown>;
  return await verb(...args);
}

function makeVerbs(journal: InProcessJournal, core: JournalCore, open: Set<number>) {
  const opened = (claim: Claim | undefined): Claim | undefined => {
    if (claim === undefined) return undefined;
    // Claims end in several ways: look which did, now and then.
    if (open.size >= TIDY_AT) for (const id of open) if (!core.isOpen(id)) open.delete(id);
    open.add(claim.id);
    return claim;
  };
  return {
    append: (messages: PackedMessages, origin?: Origin) => journal.append(unpackMessages(messages), origin),
    lease: async (consumer: string, want: Want) => opened(await journal.lease(consumer, want)),
    reserve: async (consumer: string, want: Want | undefined, held: readonly number[]) => {
      const reservation = await journal.reserve(consumer, want, held);
      opened(reservation.claim);
      return reservation;
    },
    grant: (consumer: string, claims: readonly number[]) => journal.grant(consumer, claims),
    peek: async (consumer: string, want?: PeekWant) => opened(await journal.peek(consumer, want)),
    read: (claim: number) => journal.read(claim),
    rewind: (claim: number) => journal.rewind(claim),
    settle: (claim: number, sequences?: readonly number[]) => journal.settle(claim, sequences),
    release: (claim: number, options?: ReleaseOptions) => journal.release(claim, options),
    bury: (claim: number, sequence: number, why: QuarantineReason) => journal.bury(claim, sequence, why),
    stats: () => journal.stats(),
    freeConsumer: (name: string) => journal.freeConsumer(name),
    tidy: () => journal.tidy(),
    listQuarantine: () => journal.quarantine.list(),
    countQuarantine: () => journal.quarantine.count(),
    showQuarantine: (entry: number) => journal.quarantine.show(entry),
    acceptQuarantined: (entry: number, body?: Uint8Array) => journal.quarantine.accept(entry, body),
    dropQuarantined: (entry: number) => journal.quarantine.drop(entry),
    getState: (key: string) => journal.state.get(key),
    setState: (key: string, value: string) => journal.state.set(key, value),
  } satisfies Record<string, (...args: never[]) => Promise<unknown>>;
}

function giveBackAll(core: JournalCore, open: ReadonlySet<number>): void {
  for (const claim of open) {
    try {
      if (core.isOpen(claim)) core.release(claim);
    } catch {
      return; // The core is closed: a restart gives everything back.
    }
  }
}

/** The buffer of a chunk or a shown message: made for this answer, so it can be given away. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  const { bodies, body } = value as Partial<Awaited<ReturnType<Journal['read']>> & { body: Uint8Array }>;
  return [bodies, body].flatMap((bytes) => (bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : []));
}
