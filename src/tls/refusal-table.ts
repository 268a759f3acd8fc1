/**
 * Repeated refusals: the first of an address and reason is a log line, the others are counted and summed up after
 * handshakeLogLimits.firstSummaryMs, then each summaryMs. Made by handshake-log.ts.
 *
 * Bounded in both directions: of more addresses the one longest unheard is forgotten, and beyond newPerMinute the
 * first sayings are summed up too, so that a scan from many addresses costs two lines a minute.
 */

import { handshakeLogLimits } from '../core/limits.ts';
import type { Clock, Logger } from '../core/ports.ts';

interface Entry {
  readonly host: string;
  readonly reason: string;
  /** Since the last line about it. */
  repeated: number;
  saidAt: number;
  everyMs: number;
}

export class RefusalTable {
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Longest unheard first. */
  readonly #entries = new Map<string, Entry>();
  readonly #counts = new Map<string, number>();
  #minute = { from: Number.NEGATIVE_INFINITY, said: 0, unsaid: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  count(reason: string): void {
    const { reasons } = handshakeLogLimits;
    const name = this.#counts.has(reason) || this.#counts.size < reasons ? reason : 'other';
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** `address` with the port; the port is no part of who it is. */
  add(address: string, reason: string, level: 'info' | 'warning'): void {
    this.count(reason);
    const host = address.replace(/:[^:\]]*$/, '');
    const key = `${host} ${reason}`;
    const now = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.repeated += 1;
      this.#entries.delete(key);
      this.#entries.set(key, known);
      this.#watch();
      return;
    }
    this.#entries.set(key, {
      host,
      reason,
      repeated: 0,
      saidAt: now,
      everyMs: handshakeLogLimits.firstSummaryMs,
    });
    this.#forget();
    if (this.#mayBeSaid(now)) {
      this.#logger[level](`${address}: TLS handshake refused: ${reason}`, {
        event: 'handshake-refused',
        address,
        reason,
      });
    }
  }

  /** Says what is due. Called by its own timer. */
  sumUp(): void {
    const now = this.#clock.monotonic();
    let lines = 0;
    for (const [key, entry] of this.#entries) {
      if (now - entry.saidAt < entry.everyMs) {
        continue;
      }
      if (entry.repeated > 0) {
        lines += 1;
        if (lines <= handshakeLogLimits.newPerMinute) {
          this.#say(entry);
        } else {
          this.#minute.unsaid += entry.repeated;
        }
        entry.repeated = 0;
        entry.saidAt = now;
        entry.everyMs = handshakeLogLimits.summaryMs;
      } else if (now - entry.saidAt >= handshakeLogLimits.summaryMs) {
        this.#entries.delete(key);
      }
    }
    this.#sayUnsaid(now);
    if (this.#minute.unsaid === 0 && [...this.#entries.values()].every(({ repeated }) => repeated === 0)) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    const untold = [...this.#entries.values()].filter(({ repeated }) => repeated > 0);
    for (const entry of untold.slice(-handshakeLogLimits.newPerMinute)) {
      this.#say(entry);
    }
    this.#entries.clear();
  }

  #say({ host, reason, repeated }: Entry): void {
    const times = repeated === 1 ? 'once more' : `${repeated} times more`;
    this.#logger.warning(`${host}: TLS handshake refused ${times}: ${reason}`, {
      event: 'handshake-refused-again',
      address: host,
      reason,
      count: repeated,
    });
  }

  #mayBeSaid(now: number): boolean {
    if (now - this.#minute.from >= handshakeLogLimits.firstSummaryMs) {
      this.#sayUnsaid(now);
      this.#minute = { from: now, said: 0, unsaid: 0 };
    }
    if (this.#minute.said < handshakeLogLimits.newPerMinute) {
      this.#minute.said += 1;
      return true;
    }
    this.#minute.unsaid += 1;
    this.#watch();
    return false;
  }

  #sayUnsaid(now: number): void {
    const { unsaid, from } = this.#minute;
    if (unsaid === 0 || now - from < handshakeLogLimits.firstSummaryMs) {
      return;
    }
    this.#logger.warning(`${unsaid} further TLS handshakes refused, of many addresses`, {
      event: 'handshakes-refused',
      count: unsaid,
    });
    this.#minute.unsaid = 0;
  }

  #forget(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= handshakeLogLimits.pairs) {
        return;
      }
      this.#minute.unsaid += entry.repeated;
      this.#entries.delete(key);
    }
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.sumUp(), handshakeLogLimits.firstSummaryMs).unref();
  }
}
