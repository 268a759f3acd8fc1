/**
 * The connection of one profile to one prelude-manager: opened when it is needed, kept, opened anew when it has ended or
 * the profile's files have changed.
 *
 * Used by prelude-destination.ts. A manager passes echoes to the first connection of a profile that it finds, so a
 * program has one, whatever delivers over it. A long-running program keeps it up without deliveries too: a
 * reader that is away costs the manager disk, and a sender without heartbeats is shown as missing.
 */

import { preludeSessionLimits } from '../../core/limits.ts';
import type { Clock, Random } from '../../core/ports.ts';
import type { Memory } from '../receiver-verdict.ts';
import { preludeFault } from './faults.ts';
import { heartbeatDue, rememberHeartbeat } from './heartbeat-due.ts';
import { heartbeat } from './heartbeat.ts';
import { InFlight } from './in-flight.ts';
import { ownAnalyzer, type OwnAnalyzer, type SelfFacts } from './own-analyzer.ts';
import type { PreludeAddress } from './prelude-url.ts';
import { profileStamp, readProfile } from './profile.ts';
import { openSession, type Session } from './session.ts';

export interface LinkOptions {
  readonly address: PreludeAddress;
  /** Of the destination. */
  readonly id: string;
  readonly self: SelfFacts;
  readonly longRunning: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly idleMs: number;
}

/** A session that is up, and what goes with it. */
export interface Line {
  readonly session: Session;
  readonly own: OwnAnalyzer;
  /** Undefined: the manager confirms nothing. */
  readonly inFlight: InFlight | undefined;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #aborting = new AbortController();
  #opening: Promise<Line> | undefined;
  #line: Line | undefined;
  #stamp = '';
  /** Outlives sessions: copies of earlier ones may still be echoed. */
  #inFlight: InFlight | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #attending: NodeJS.Timeout | undefined;
  #users = 0;
  /** Of all that deliver over it; one is enough to know of the last heartbeat. */
  readonly #memories = new Set<Memory>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  adopt(memory: Memory): void {
    this.#memories.add(memory);
  }

  /** Its journal is about to be closed. */
  forget(memory: Memory): void {
    this.#memories.delete(memory);
  }

  /** A line that was up a moment ago. Rejects with a RelayError. */
  async open(): Promise<Line> {
    if (this.#options.longRunning && this.#attending === undefined) this.#attendForGood();
    this.#opening ??= this.#current().finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  /** What is under way when the files of the profile change is brought to its end first. */
  async use<Result>(work: (line: Line) => Promise<Result>): Promise<Result> {
    const line = await this.open();
    this.#users += 1;
    try {
      return await work(line);
    } finally {
      this.#users -= 1;
    }
  }

  /** Keeps the session up and says that we are alive. Rejects with a RelayError, or what the memory rejects with. */
  async attend(): Promise<void> {
    const line = await this.open();
    await this.#beat(line);
  }

  async close(): Promise<void> {
    this.#aborting.abort();
    clearInterval(this.#ticking);
    clearInterval(this.#attending);
    await this.#opening?.catch(() => undefined);
    const { session } = this.#line ?? {};
    this.#line = undefined;
    await session?.close();
  }

  async #current(): Promise<Line> {
    const { address } = this.#options;
    const line = this.#line;
    if (line?.session.fault() === undefined && line !== undefined) {
      if (this.#users > 0 || profileStamp(address) === this.#stamp) return line;
      await line.session.close();
    }
    this.#line = undefined;
    const opened = await this.#connect();
    this.#line = opened;
    await this.#beat(opened);
    return opened;
  }

  async #connect(): Promise<Line> {
    const { address, clock, idleMs, longRunning, self } = this.#options;
    this.#stamp = profileStamp(address);
    const profile = readProfile(address);
    const own = ownAnalyzer(profile.analyzerid, self);
    const silenceMs = idleMs * preludeSessionLimits.echoTimeouts;
    let inFlight: InFlight | undefined;
    const session = await openSession({
      address,
      profile,
      clock,
      timeoutMs: idleMs,
      signal: this.#aborting.signal,
      mode: longRunning ? 'stay' : 'run',
      onMessage: (payload) => {
        if (inFlight?.hear(payload, clock.monotonic()) === true) session.prove();
      },
      onEnd: () => inFlight?.loseAll(clock.monotonic()),
    });
    if (session.reading) {
      if (this.#inFlight?.analyzerid !== profile.analyzerid) {
        this.#inFlight = new InFlight(profile.analyzerid, silenceMs);
      }
      inFlight = this.#inFlight;
      this.#tick(silenceMs / 1000);
    }
    return { session, own, inFlight };
  }

  async #beat({ session, own }: Line): Promise<void> {
    const { id, clock, random } = this.#options;
    const [memory] = this.#memories;
    if (memory === undefined || !(await heartbeatDue(id, memory, clock))) return;
    if (await session.write(heartbeat(own, clock.now(), random), 3))
      await rememberHeartbeat(id, memory, clock);
  }

  #attendForGood(): void {
    // What is wrong is said when something is to be delivered.
    const attend = (): void => void this.attend().catch(() => undefined);
    this.#attending = setInterval(attend, preludeSessionLimits.attendMs);
    this.#attending.unref();
  }

  #tick(seconds: number): void {
    const { address, clock } = this.#options;
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      if (this.#inFlight?.tick(clock.monotonic()) !== true) return;
      this.#line?.session.fail(preludeFault('prelude-unconfirmed', address, { seconds }));
    }, preludeSessionLimits.tickMs);
    this.#ticking.unref();
  }
}
