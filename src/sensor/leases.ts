/**
 * Explicit leases (ARCHITECTURE.md: The wire): tokens handed out with leased answers, acknowledged or given back by who holds
 * them. In memory only: a restart voids all, and the journal has the messages due again.
 *
 * A token is unguessable, made per delivery, and good only for the identity that leased (a renewed certificate of
 * the same names included). States: `sending` → `open` (last byte handed over; the clock runs) → `settling` →
 * `acknowledged` (remembered, so that a repeated DELETE is still right) or gone (released, expired). A stale
 * token never touches the journal: each claim leaves the table before anything is asked of the journal. Renewing winds
 * the clock up again, up to leaseLimits.totalSeconds after it first ran; what is settled or over cannot be renewed.
 */

import { messageOf, RelayError } from '../core/errors.ts';
import { leaseLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { Severity } from '../core/severity.ts';
import type { Claim, Journal } from '../journal/journal.ts';

interface Lease {
  readonly token: string;
  /** PeerIdentity#key. */
  readonly holder: string;
  readonly claim: Claim;
  readonly facts: LeaseFacts;
  seconds: number;
  /** Monotonic, milliseconds; undefined while the answer is being sent. */
  startedAt: number | undefined;
  expiresAt: number | undefined;
  /** Set once it is being settled. */
  settling: Promise<void> | undefined;
}

/** How the batch went out, for the line that says who got it. */
export interface LeaseFacts {
  readonly encoding?: 'gzip';
  readonly minSeverity?: Severity;
}

export type LeaseEvent =
  'granted' | 'acknowledged' | 'repeated' | 'released' | 'renewed' | 'expired' | 'broken' | 'stale';

interface LeasesDeps {
  readonly journal: Pick<Journal, 'settle' | 'release'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly count?: (event: LeaseEvent) => void;
  /** The journal has been asked to take a claim back. */
  readonly returned?: (claim: Claim) => void;
}

type Acknowledged = 'acknowledged' | 'repeated' | 'unknown';

const TOKEN_BYTES = 24;

export class Leases {
  readonly #deps: LeasesDeps;
  readonly #open = new Map<string, Lease>();
  /** Token → holder of what was acknowledged, oldest first. */
  readonly #acknowledged = new Map<string, string>();
  /** Per identity: open leases and requests that wait for one. */
  readonly #held = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: LeasesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether the identity has a lease it may still acknowledge. */
  holds(holder: string): boolean {
    return [...this.#open.values()].some((lease) => lease.holder === holder);
  }

  /** Takes one of the identity's places; false when all are taken. Give it back with `leave` or use `grant`. */
  enter(holder: string): boolean {
    const held = this.#held.get(holder) ?? 0;
    if (held >= leaseLimits.perIdentity) {
      return false;
    }
    this.#held.set(holder, held + 1);
    return true;
  }

  leave(holder: string): void {
    const held = (this.#held.get(holder) ?? 1) - 1;
    if (held === 0) {
      this.#held.delete(holder);
    } else {
      this.#held.set(holder, held);
    }
  }

  /** Whole seconds, at least one, until the next of the identity's leases runs out. */
  retryAfter(holder: string): number {
    const now = this.#deps.clock.monotonic();
    const ends = [...this.#open.values()]
      .filter((lease) => lease.holder === holder)
      .map((lease) => (lease.expiresAt ?? now + lease.seconds * 1000) - now);
    return Math.max(1, Math.ceil(Math.min(leaseLimits.maxSeconds * 1000, ...ends) / 1000));
  }

  /** A token for a claim; the place taken by `enter` is the lease's from now on. */
  grant(holder: string, claim: Claim, seconds: number, facts: LeaseFacts = {}): string {
    const token = Buffer.from(this.#deps.random.bytes(TOKEN_BYTES)).toString('base64url');
    const fresh = { startedAt: undefined, expiresAt: undefined, settling: undefined };
    this.#open.set(token, { token, holder, claim, facts, seconds, ...fresh });
    this.#count('granted');
    return token;
  }

  /** The answer's last byte was handed over: the clock starts. */
  start(token: string): void {
    const lease = this.#open.get(token);
    if (lease !== undefined) {
      lease.startedAt = this.#deps.clock.monotonic();
      lease.expiresAt = lease.startedAt + lease.seconds * 1000;
      this.#schedule();
    }
  }

  /** Whole seconds that are left now, `seconds` or the time first granted; undefined when there is nothing to renew. */
  renew(token: string, holder: string, seconds?: number): number | undefined {
    const lease = this.#find(token, holder);
    const granted = lease === undefined ? 0 : this.#renewable(lease, seconds ?? lease.seconds);
    if (lease === undefined || granted === 0) {
      this.#count('stale');
      return undefined;
    }
    if (lease.startedAt === undefined) {
      lease.seconds = granted;
    } else {
      lease.expiresAt = this.#deps.clock.monotonic() + granted * 1000;
      this.#schedule();
    }
    this.#count('renewed');
    return granted;
  }

  /** The answer broke off: due again at once. */
  async abandon(token: string): Promise<void> {
    const lease = this.#open.get(token);
    if (lease !== undefined && lease.settling === undefined) {
      this.#count('broken');
      await this.#release(lease);
    }
  }

  /** Rejects when the journal could not settle; the lease is then as it was. */
  async acknowledge(
    token: string,
    holder: string,
  ): Promise<{ readonly result: Acknowledged; readonly claim?: Claim; readonly facts?: LeaseFacts }> {
    if (this.#acknowledged.get(token) === holder) {
      this.#count('repeated');
      return { result: 'repeated' };
    }
    const lease = this.#find(token, holder);
    if (lease === undefined) {
      this.#count('stale');
      return { result: 'unknown' };
    }
    if (lease.settling !== undefined) {
      await lease.settling;
      this.#count('repeated');
      return { result: 'repeated' };
    }
    lease.settling = this.#deps.journal.settle(lease.claim.id);
    try {
      await lease.settling;
    } catch (error) {
      lease.settling = undefined;
      this.#schedule();
      throw error;
    }
    this.#forget(lease);
    this.#remember(token, holder);
    this.#count('acknowledged');
    return { result: 'acknowledged', claim: lease.claim, facts: lease.facts };
  }

  /** Gives back: true when the token was good. */
  async release(token: string, holder: string): Promise<Claim | undefined> {
    const lease = this.#find(token, holder);
    if (lease === undefined || lease.settling !== undefined) {
      this.#count('stale');
      return undefined;
    }
    this.#count('released');
    await this.#release(lease);
    return lease.claim;
  }

  /** Gives back all of an identity that may no longer be served, but what is being settled. */
  async releaseAll(holder: string): Promise<void> {
    const held = [...this.#open.values()].filter(
      (lease) => lease.holder === holder && lease.settling === undefined,
    );
    await Promise.all(held.map(async (lease) => this.#release(lease)));
  }

  /** Releases what has run out. Called by its own timer. */
  async expire(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    const over = [...this.#open.values()].filter((lease) => isOver(lease, now));
    await Promise.all(
      over.map(async (lease) => {
        this.#deps.logger.notice(
          `lease of ${lease.claim.count} messages ran out after ${lease.seconds} s without acknowledgement: due again`,
          { event: 'lease-expired', sequences: lease.claim.sequences, messages: lease.claim.count },
        );
        this.#count('expired');
        await this.#release(lease);
      }),
    );
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#open.clear();
    this.#held.clear();
  }

  #find(token: string, holder: string): Lease | undefined {
    const lease = this.#open.get(token);
    if (lease === undefined || lease.holder !== holder || isOver(lease, this.#deps.clock.monotonic())) {
      return undefined;
    }
    return lease;
  }

  /** Of the wanted seconds those within the total; 0 when that is over or the batch is being settled. */
  #renewable({ startedAt, settling }: Lease, seconds: number): number {
    if (settling !== undefined) return 0;
    const now = this.#deps.clock.monotonic();
    const left = Math.floor(((startedAt ?? now) - now) / 1000) + leaseLimits.totalSeconds;
    return Math.max(0, Math.min(seconds, left));
  }

  #count(event: LeaseEvent): void {
    this.#deps.count?.(event);
  }

  async #release(lease: Lease): Promise<void> {
    this.#forget(lease);
    try {
      const released = this.#deps.journal.release(lease.claim.id);
      this.#deps.returned?.(lease.claim);
      await released;
    } catch (error) {
      throw new RelayError('JOURNAL_IO', `a lease could not be given back: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #forget(lease: Lease): void {
    if (this.#open.delete(lease.token)) {
      this.leave(lease.holder);
    }
  }

  #remember(token: string, holder: string): void {
    this.#acknowledged.set(token, holder);
    for (const oldest of this.#acknowledged.keys()) {
      if (this.#acknowledged.size <= leaseLimits.rememberedTokens) {
        break;
      }
      this.#acknowledged.delete(oldest);
    }
  }

  /** One timer for the lease that ends first; rough is enough, since every use looks at the clock itself. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const ends = [...this.#open.values()].flatMap(({ expiresAt, settling }) =>
      expiresAt === undefined || settling !== undefined ? [] : [expiresAt],
    );
    if (ends.length === 0) {
      return;
    }
    const delay = Math.max(0, Math.min(...ends) - this.#deps.clock.monotonic());
    this.#timer = setTimeout(() => {
      this.expire().catch((error: unknown) => {
        this.#deps.logger.error(messageOf(error));
      });
    }, delay + 1).unref();
  }
}

function isOver(lease: Lease, now: number): boolean {
  return lease.settling === undefined && lease.expiresAt !== undefined && now >= lease.expiresAt;
}
