/**
 * Leased GETs answered from memory: the journal's thread may be in an fsync, and whoever asks it then waits for that. So it
 * is asked ahead (ahead-line.ts), for each consumer. Made by server.ts; called by the handlers that take from the
 * journal or give back to it.
 *
 * What is answered is what the journal would have answered at its last word; what lies here is pending to everybody
 * who counts, and due again when nobody comes for it.
 */

import { aheadLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Claim, Journal, Want } from '../journal/journal.ts';
import type { AheadBatch } from './ahead-batch.ts';
import { AheadLine } from './ahead-line.ts';

interface AheadDeps {
  readonly journal: Pick<Journal, 'lease' | 'reserve' | 'grant' | 'release' | 'onDue'>;
  readonly clock: Clock;
}

export class Ahead {
  readonly #deps: AheadDeps;
  readonly #lines = new Map<string, AheadLine>();
  #bytes = 0;
  #stopListening: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(deps: AheadDeps) {
    this.#deps = deps;
  }

  /** For a leased GET, at once: a batch, or that nothing is due. Undefined: use `lease`. */
  async take(consumer: string, want: Want): Promise<AheadBatch | undefined> {
    if (this.#isClosed) return undefined;
    this.#listen();
    return await this.#line(consumer).take(want);
  }

  /** Asks the journal, which has everything at its disposal again. */
  async lease(consumer: string, want: Want): Promise<Claim | undefined> {
    this.#lines.get(consumer)?.drop();
    return await this.#deps.journal.lease(consumer, want);
  }

  /** Gives back what was leased: older than anything that lies here. */
  async release(claim: Claim): Promise<void> {
    const released = this.#deps.journal.release(claim.id);
    this.returned(claim);
    await released;
  }

  /** The journal has been asked to take a lease back: only now, or what lies here would be reserved again before it. */
  returned({ consumer }: Claim): void {
    this.#lines.get(consumer)?.giveBack();
  }

  /** The consumer has its answer. */
  answered(consumer: string): void {
    this.#lines.get(consumer)?.answered();
  }

  /** Something was accepted, and somebody was told so. */
  appended(): void {
    for (const line of this.#lines.values()) line.notice(true);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening?.();
    clearInterval(this.#timer);
    for (const line of this.#lines.values()) line.stop();
  }

  #line(consumer: string): AheadLine {
    const known = this.#lines.get(consumer);
    if (known !== undefined) return known;
    const { journal, clock } = this.#deps;
    const line = new AheadLine(consumer, { journal, clock, take: (bytes) => this.#take(bytes) });
    this.#lines.set(consumer, line);
    return line;
  }

  #take(bytes: number): boolean {
    if (bytes > 0 && this.#bytes + bytes > aheadLimits.totalBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  #listen(): void {
    this.#stopListening ??= this.#deps.journal.onDue(() => {
      for (const line of this.#lines.values()) line.notice();
    });
    this.#timer ??= setInterval(() => {
      for (const line of this.#lines.values()) line.tick();
    }, aheadLimits.refreshMs).unref();
  }
}
