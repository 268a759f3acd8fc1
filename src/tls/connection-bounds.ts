/**
 * How many connections may be open, so that those of one address or certificate do not crowd out the others
 * (connectionLimits). Called by the HTTPS servers of src/sensor and src/dispatcher at each step of a connection; every ending of ours
 * is counted.
 *
 * - Without a finished handshake: past the limit the oldest of the address that has most of them is ended. A handshake
 *   takes milliseconds, so it is never a healthy peer's, also when that one shares the address (NAT).
 * - Of one certificate: past perPeer the oldest without an answer under way, else the oldest.
 * - Idle (served, nothing under way): past idlePerPeer the oldest idle one.
 * - Strangers, who have shown no certificate: past the limit one of the address that has most of them, so that they never have all places.
 */

import { connectionLimits } from '../core/limits.ts';

/** What is asked of a connection. */
export interface Bounded {
  readonly peer: { readonly key: string };
  /** No certificate was shown; its key stands for an address. */
  readonly stranger?: boolean;
  readonly busy: boolean;
  readonly socket: { destroy(): unknown };
}

/** What is asked of a socket whose handshake is not finished. */
export interface Young {
  readonly remoteAddress?: string | undefined;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

type Reason = 'handshaking' | 'per-certificate' | 'strangers' | 'idle' | 'total' | 'pipelined';

/** Where endings are counted. */
interface EndingCount {
  add(what: 'connections_refused', labels: { readonly reason: Reason }): void;
}

export class ConnectionBounds {
  readonly #counts: EndingCount;
  /** Without a finished handshake: its address, which a closed socket has forgotten. */
  readonly #addresses = new Map<Young, string>();
  /** Address → its sockets, oldest first. */
  readonly #young = new Map<string, Set<Young>>();
  /** Per certificate, the oldest first, of those idle the one that has been so longest. */
  readonly #open = new Map<string, Set<Bounded>>();
  readonly #idle = new Map<string, Set<Bounded>>();
  readonly #strangers = new Set<Bounded>();

  constructor(counts: EndingCount) {
    this.#counts = counts;
  }

  get handshaking(): number {
    return this.#addresses.size;
  }

  /** A TCP connection came. */
  begin(raw: Young): void {
    const address = raw.remoteAddress ?? '';
    this.#addresses.set(raw, address);
    add(this.#young, address, raw);
    raw.once('close', () => this.#grown(raw));
    if (this.handshaking <= connectionLimits.handshaking) return;
    let [most] = this.#young.values();
    for (const sockets of this.#young.values()) if (sockets.size > (most?.size ?? 0)) most = sockets;
    const [oldest] = most ?? [];
    if (oldest === undefined) return;
    this.#grown(oldest);
    this.refused('handshaking');
    oldest.destroy();
  }

  /** Its handshake is done. */
  established(raw: Young | undefined, connection: Bounded): void {
    if (raw !== undefined) this.#grown(raw);
    const { key } = connection.peer;
    add(this.#open, key, connection);
    const all = this.#open.get(key) ?? new Set();
    if (all.size > connectionLimits.perPeer) this.#end(dispensable(all, connection), 'per-certificate');
    if (connection.stranger !== true) return;
    this.#strangers.add(connection);
    if (this.#strangers.size <= connectionLimits.strangers) return;
    let most = all;
    for (const { peer } of this.#strangers) {
      const these = this.#open.get(peer.key) ?? most;
      if (these.size > most.size) most = these;
    }
    this.#end(dispensable(most.size > 1 ? most : this.#strangers, connection), 'strangers');
  }

  /** A request of it is being answered. */
  answering(connection: Bounded): void {
    drop(this.#idle, connection.peer.key, connection);
  }

  /** Nothing of it is under way any more. */
  idle(connection: Bounded): void {
    const { key } = connection.peer;
    if (this.#open.get(key)?.has(connection) !== true) return;
    add(this.#idle, key, connection);
    const all = this.#idle.get(key) ?? new Set();
    if (all.size > connectionLimits.idlePerPeer) this.#end([...all][0], 'idle');
  }

  closed(connection: Bounded): void {
    for (const sets of [this.#open, this.#idle]) drop(sets, connection.peer.key, connection);
    this.#strangers.delete(connection);
  }

  /** A connection was or is ended for the sake of the others. */
  refused(reason: Reason): void {
    this.#counts.add('connections_refused', { reason });
  }

  #end(victim: Bounded | undefined, reason: Reason): void {
    if (victim === undefined) return;
    this.closed(victim);
    this.refused(reason);
    victim.socket.destroy();
  }

  #grown(raw: Young): void {
    const address = this.#addresses.get(raw);
    if (address === undefined) return;
    this.#addresses.delete(raw);
    drop(this.#young, address, raw);
  }
}

/** But for the newest: the first without an answer under way, else the first. */
function dispensable(all: ReadonlySet<Bounded>, newest: Bounded): Bounded | undefined {
  const others = [...all].filter((one) => one !== newest);
  return others.find(({ busy }) => !busy) ?? others[0];
}

function add<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([item]));
  else set.add(item);
}

function drop<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
