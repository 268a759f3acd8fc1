/**
 * Calls to a thread that owns a file, over a MessagePort: what the stubs of journals and of the dispatcher's store have in common
 * (remote.ts of each; serve.ts is the other end).
 *
 * Every call has one answer. When the thread ends, however it ends, every call under way and every later one is rejected, naming that.
 */

import type { MessagePort } from 'node:worker_threads';

import { RelayError } from '../core/errors.ts';
import { fromPlain, type CallNotice } from './protocol.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RelayError) => void;
}

export class ThreadCalls<Other extends { readonly kind: string }> {
  /** Resolves when the file is open; rejects with what prevented it. */
  readonly ready: Promise<void>;
  readonly #port: MessagePort;
  readonly #what: string;
  readonly #onOther: (notice: Other) => void;
  readonly #pending = new Map<number, Pending>();
  #opening: Pending | undefined;
  #lastCall = 0;
  #ended = false;
  #closing = false;

  /**
   * @param what `journal`, `store`: for errors
   * @param onOther hears all other notices; one of kind `ready` means that the file is open
   */
  constructor(port: MessagePort, what: string, onOther: (notice: Other) => void) {
    this.#port = port;
    this.#what = what;
    this.#onOther = onOther;
    this.ready = new Promise((resolve, reject) => {
      this.#opening = { resolve: () => resolve(), reject };
    });
    port.on('message', (notice: CallNotice | Other) => this.#receive(notice));
    port.on('close', () => this.#end());
  }

  /** Why there can be no call any more. */
  get gone(): RelayError | undefined {
    return this.#ended || this.#closing ? this.#reason() : undefined;
  }

  #reason(): RelayError {
    if (this.#closing) return new RelayError('JOURNAL_IO', `the ${this.#what} is closed`);
    return new RelayError('JOURNAL_IO', `the thread of the ${this.#what} has ended`, {
      hint: 'restart the program: what was acknowledged is safe in the file, and the log says why it ended',
    });
  }

  /** @param request as the other end reads it, with the number of the call */
  async ask(request: (call: number) => unknown, transfer: ArrayBuffer[] = []): Promise<unknown> {
    const { gone } = this;
    if (gone !== undefined) throw gone;
    const call = ++this.#lastCall;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(call, { resolve, reject }));
    this.#port.postMessage(request(call), transfer);
    return await answer;
  }

  /** Closing twice, or after the other thread ended, is no error. */
  async close(request: (call: number) => unknown): Promise<void> {
    if (this.gone !== undefined) return;
    const closed = this.ask(request);
    this.#closing = true;
    await closed;
    this.#end();
    this.#port.close();
  }

  #receive(notice: CallNotice | Other): void {
    if (isOfCalls(notice)) {
      switch (notice.kind) {
        case 'failed':
          this.#opening?.reject(fromPlain(notice.error));
          this.#opening = undefined;
          this.#ended = true;
          this.#port.close();
          break;
        case 'result':
          this.#take(notice.call)?.resolve(notice.value);
          break;
        case 'error':
          this.#take(notice.call)?.reject(fromPlain(notice.error));
          break;
      }
      return;
    }
    this.#onOther(notice);
    if (notice.kind !== 'ready') return;
    this.#opening?.resolve(undefined);
    this.#opening = undefined;
  }

  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    return pending;
  }

  #end(): void {
    this.#ended = true;
    const reason = this.#reason();
    this.#opening?.reject(reason);
    this.#opening = undefined;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }
}

function isOfCalls(notice: { readonly kind: string }): notice is CallNotice {
  return notice.kind === 'failed' || notice.kind === 'result' || notice.kind === 'error';
}
