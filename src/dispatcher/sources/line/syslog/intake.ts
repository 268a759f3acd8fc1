/**
 * The queue between sockets and the door: bounded, in order, many messages in one transaction.
 *
 * Made by syslog-source.ts. What is offered while the queue is full is refused: datagrams are then lost and counted, streams are not read
 * (stream-listener.ts), which holds their senders back. A store that fails keeps its batch here until it works again; a message that
 * alone makes it fail is dropped with an error, so that it does not hold up the others.
 */

import { messageOf, RelayError } from '../../../../core/errors.ts';
import { syslogLimits } from '../../../../core/limits.ts';
import type { Inbound } from '../../../model/message.ts';
import type { RefusalReason } from '../../../model/ports.ts';
import type { LineDeps } from '../deps.ts';
import type { Sayings } from '../sayings.ts';
import { syslogAlert, type SyslogAlertDeps, type SyslogFrame } from './syslog-alert.ts';

export interface IntakeDeps extends SyslogAlertDeps, Pick<LineDeps, 'door' | 'timers'> {
  readonly source: string;
  readonly sayings: Sayings;
}

export interface IntakeBounds {
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** Streams are read again when no more than so many wait. */
  readonly resumeMessages: number;
}

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #bounds: IntakeBounds;
  #queue: SyslogFrame[] = [];
  /** Of the queue, those already taken: an array is not shifted for each. */
  #head = 0;
  #bytes = 0;
  #dropped = 0;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(deps: IntakeDeps, bounds: IntakeBounds = syslogLimits) {
    this.#deps = deps;
    this.#bounds = bounds;
  }

  get hasRoom(): boolean {
    return (
      !this.#closed && this.#size < this.#bounds.queuedMessages && this.#bytes < this.#bounds.queuedBytes
    );
  }

  get #size(): number {
    return this.#queue.length - this.#head;
  }

  /** False: no room, the message is lost and counted. */
  offer(frame: SyslogFrame): boolean {
    if (!this.hasRoom) {
      this.#dropped += 1;
      return false;
    }
    this.#queue.push(frame);
    this.#bytes += frame.bytes.length;
    this.#running ??= this.#run();
    return true;
  }

  /** Calls once, when there is room again or never will be. False: it will not, because this is closed or too many wait. */
  onRoom(call: () => void): boolean {
    if (this.#closed || this.#waiting.size >= syslogLimits.waiting) return false;
    this.#waiting.add(call);
    return true;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** What still waits is lost, and counted. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#running;
    this.#callWaiting();
    this.#dropped += this.#size;
    this.#queue = [];
    this.#head = 0;
    this.#countDropped();
  }

  async #run(): Promise<void> {
    // Datagrams that are here already come along in one transaction.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#size > 0 && !this.#closed) {
      await this.#store(this.#batch());
      this.#countDropped();
      this.#giveRoom();
    }
    this.#running = undefined;
  }

  #batch(): readonly SyslogFrame[] {
    const batch: SyslogFrame[] = [];
    let bytes = 0;
    for (;;) {
      const frame = this.#queue[this.#head];
      if (frame === undefined || batch.length >= syslogLimits.batchMessages) break;
      if (batch.length > 0 && bytes + frame.bytes.length > syslogLimits.batchBytes) break;
      batch.push(frame);
      bytes += frame.bytes.length;
      this.#head += 1;
    }
    this.#bytes -= bytes;
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return batch;
  }

  async #store(frames: readonly SyslogFrame[]): Promise<void> {
    const refused = new Map<RefusalReason, number>();
    const batch: Inbound[] = [];
    for (const frame of frames) {
      const result = await this.#patiently(async () => syslogAlert(frame, this.#deps));
      if (typeof result === 'object') batch.push(result);
      else if (result === undefined && this.#closed) this.#dropped += 1;
      else refused.set(result ?? 'invalid', (refused.get(result ?? 'invalid') ?? 0) + 1);
    }
    for (const [reason, count] of refused) this.#deps.door.refused(reason, count);
    if (batch.length > 0) await this.#accept(batch);
  }

  async #accept(batch: readonly Inbound[]): Promise<void> {
    const accepted = await this.#patiently(async () => this.#deps.door.accept(batch));
    if (accepted !== undefined) return;
    if (this.#closed) this.#dropped += batch.length;
    else if (batch.length === 1) this.#deps.door.refused('invalid');
    else for (const one of batch) await this.#accept([one]);
  }

  /** Again and again while the store fails in a way that passes; undefined for a mistake, or when closing. */
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    const { sayings, source } = this.#deps;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof RelayError) || error.kind === 'bug' || error.kind === 'peer') {
          sayings.warn('syslog-invalid', `${source}: a message cannot be stored: ${messageOf(error)}`);
          return undefined;
        }
        sayings.warn('syslog-not-stored', `${source}: messages wait for the store: ${messageOf(error)}`);
      }
      this.#countDropped();
      await this.#pause();
      if (this.#closed) return undefined;
    }
  }

  async #pause(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#deps.timers.after(syslogLimits.retryMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #countDropped(): void {
    if (this.#dropped === 0) return;
    const { door, sayings, source } = this.#deps;
    door.refused('busy', this.#dropped);
    sayings.warn(
      'syslog-dropped',
      `${source}: more messages than can be stored: some are lost`,
      this.#dropped,
    );
    this.#dropped = 0;
  }

  #giveRoom(): void {
    if (this.#size <= this.#bounds.resumeMessages && this.hasRoom) this.#callWaiting();
  }

  #callWaiting(): void {
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call();
  }
}
