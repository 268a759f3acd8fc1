/**
 * What has been sent to a prelude-manager and not been confirmed by it yet. A message is confirmed by its echo: the
 * manager passes to its readers what it has reported.
 *
 * Used by link.ts and echoed-delivery.ts; pure but for the callbacks. An echo is known by our analyzerid and all behind
 * it (in front of it are the managers it went through), messageid and create time. Two messages that cannot be told
 * apart by these are never under way at once. Copies whose session has ended may still be echoed: such an echo confirms
 * the message if it is under way again, and keeps others of the same key waiting for a while.
 */

import { preludeSessionLimits } from '../../core/limits.ts';
import { echoKey, type EchoKey } from '../../idmef/prelude/decode.ts';

export interface Sent {
  readonly key: string;
  /** `journal:sequence`: a repeat of the same message has the same. */
  readonly id: string;
  readonly bytes: number;
  /** Of the manager's queue; within one the order is kept. */
  readonly priority: number;
  /** Monotonic, ms. */
  readonly at: number;
  /** Told once: its echo came, or it will not be waited for any longer. */
  readonly settle: (fate: Fate) => void;
}

/** `lost`: its session has ended. `passed-over`: later ones of its queue were confirmed. */
export type Fate = 'confirmed' | 'lost' | 'passed-over';

interface Entry {
  readonly sent: Sent;
  /** Of sending. */
  readonly order: number;
}

interface Copies {
  readonly id: string;
  readonly count: number;
  readonly until: number;
}

export class InFlight {
  readonly analyzerid: string;
  readonly #ownBytes: Buffer;
  readonly #silenceMs: number;
  readonly #entries = new Map<string, Entry>();
  /** The latest of each priority. */
  readonly #confirmed = new Map<number, Entry>();
  readonly #copies = new Map<string, Copies>();
  #bytes = 0;
  #count = 0;
  #progressAt = -Infinity;
  #waiters: (() => void)[] = [];

  /** `silenceMs`: so long without any confirmation, and nothing more is waited for. */
  constructor(analyzerid: string, silenceMs: number) {
    this.analyzerid = analyzerid;
    this.#ownBytes = Buffer.from(`${analyzerid}\0`);
    this.#silenceMs = silenceMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Room for more; always when nothing is under way. */
  hasRoom(bytes: number): boolean {
    const { unprovenMessages, windowMessages, windowBytes } = preludeSessionLimits;
    const messages = this.#confirmed.size === 0 ? unprovenMessages : windowMessages;
    return this.size === 0 || (this.size < messages && this.#bytes + bytes <= windowBytes);
  }

  /** Nothing that could be taken for it is under way. */
  isFree(key: string, id: string, now: number): boolean {
    if (this.#entries.has(key)) return false;
    const copies = this.#copies.get(key);
    return copies === undefined || copies.id === id || copies.until <= now;
  }

  add(sent: Sent): void {
    this.#count += 1;
    this.#entries.set(sent.key, { sent, order: this.#count });
    this.#bytes += sent.bytes;
  }

  /** A message the manager passed on, ours or anybody's. True when it confirms one of ours. */
  hear(payload: Buffer, now: number): boolean {
    // Everybody's events come by: most are told by this.
    if (!payload.includes(this.#ownBytes)) return false;
    const found = echoKey(payload);
    const place = found?.analyzerids.indexOf(this.analyzerid) ?? -1;
    if (found === undefined || place < 0) return false;
    const key = keyOf({ ...found, analyzerids: found.analyzerids.slice(place) });
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#forgetCopy(key);
      return false;
    }
    this.#confirmed.set(entry.sent.priority, entry);
    this.#progressAt = now;
    this.#remove(entry.sent);
    entry.sent.settle('confirmed');
    this.wake();
    return true;
  }

  /** It will be sent again, or not; its copy may still be reported. */
  abandon(sent: Sent, fate: Exclude<Fate, 'confirmed'>, now: number): void {
    if (this.#entries.get(sent.key)?.sent !== sent) return;
    this.#remove(sent);
    const before = this.#copies.get(sent.key);
    const count = (before?.id === sent.id ? before.count : 0) + 1;
    this.#copies.set(sent.key, { id: sent.id, count, until: now + preludeSessionLimits.lateEchoMs });
    sent.settle(fate);
  }

  /** The session has ended. */
  loseAll(now: number): void {
    for (const { sent } of this.#entries.values()) this.abandon(sent, 'lost', now);
    this.#confirmed.clear();
    this.wake();
  }

  /** Gives up what was passed over. Returns true when the manager confirms nothing at all any more. */
  tick(now: number): boolean {
    for (const [key, { until }] of this.#copies) if (until <= now) this.#copies.delete(key);
    let silent = false;
    for (const { sent, order } of this.#entries.values()) {
      const latest = this.#confirmed.get(sent.priority);
      const passed = latest !== undefined && latest.order > order;
      const quiet = now - Math.max(sent.at, this.#progressAt) >= this.#silenceMs;
      if (passed && (quiet || latest.sent.at - sent.at >= this.#silenceMs)) {
        this.abandon(sent, 'passed-over', now);
      } else if (quiet) {
        silent = true;
      }
    }
    this.wake();
    return silent;
  }

  /** Resolves when there may be room, or a key free. */
  changed(): Promise<void> {
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #remove(sent: Sent): void {
    this.#entries.delete(sent.key);
    this.#bytes -= sent.bytes;
  }

  #forgetCopy(key: string): void {
    const copies = this.#copies.get(key);
    if (copies === undefined) return;
    if (copies.count > 1) this.#copies.set(key, { ...copies, count: copies.count - 1 });
    else this.#copies.delete(key);
    this.wake();
  }
}

/** What tells a message of ours from all others, from its own bytes. */
export function keyOfOurs(payload: Buffer): string {
  const found = echoKey(payload);
  // What we have just encoded ourselves.
  if (found === undefined) throw new Error('a message of ours cannot be read back');
  return keyOf(found);
}

function keyOf({ messageid, createTime, analyzerids }: EchoKey): string {
  const time = createTime === undefined ? '' : `${createTime.seconds}.${createTime.microseconds}`;
  return [time, messageid, ...analyzerids].join('\0');
}
