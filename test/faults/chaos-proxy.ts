/**
 * A TCP proxy on loopback that misbehaves as networks do. It knows nothing of TLS: it stands between two programs of
 * ours and delays, slows, cuts or swallows what passes. Chance comes from the seed only.
 *
 *     const proxy = await createChaosProxy({ target: { port }, seed });
 *     proxy.set({ latencyMs: 200, resetChance: 0.1 });  // from now on, also for connections that are open
 *     proxy.set({});                                    // healed
 *     await proxy.close();
 */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { generator } from '../support/generator.ts';

export interface Conditions {
  /** Each piece arrives so much later, in each direction. */
  readonly latencyMs?: number;
  /** Of each direction of each connection. */
  readonly bytesPerSecond?: number;
  /** Chance that a piece is dropped, upon which the connection is reset on both sides. */
  readonly resetChance?: number;
  /** Each connection is reset once so many bytes have gone that way since this was set. */
  readonly resetAfterBytes?: { readonly toClient?: number; readonly toServer?: number };
  /** A partition of one connection's way once so many bytes have gone there since this was set: mid-body, mid-request. */
  readonly holdAfterBytes?: { readonly toClient?: number; readonly toServer?: number };
  /** Nothing passes, nobody is told. What was under way arrives when it is over, as TCP would repeat it. */
  readonly partition?: boolean;
  /** Half-open: what is sent is taken and never arrives. These connections are reset when it is over. */
  readonly silent?: boolean;
}

export interface ChaosProxy {
  readonly port: number;
  set(conditions: Conditions): void;
  /** Faults that really happened: resets, pieces swallowed, pieces held back by a partition. */
  faults(): number;
  /** Connections open now. */
  connections(): number;
  close(): Promise<void>;
}

export interface ChaosProxyOptions {
  readonly target: { readonly host?: string; readonly port: number };
  readonly seed: number;
}

/** One direction of one connection: pieces in order, each when its time has come. */
interface Flow {
  /** To be called when the conditions have changed. */
  resume(): void;
  end(): void;
}

const MAX_PIECE = 4096;

export async function createChaosProxy({ target, seed }: ChaosProxyOptions): Promise<ChaosProxy> {
  const chance = generator(seed);
  const links = new Set<{
    readonly flows: readonly Flow[];
    readonly reset: () => void;
    swallowed: boolean;
  }>();
  let now: Conditions = {};
  let faults = 0;
  const fault = (): void => void (faults += 1);

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({
      host: target.host ?? '127.0.0.1',
      port: target.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    const reset = (): void => {
      links.delete(link);
      for (const flow of link.flows) flow.end();
      for (const socket of [client, upstream]) if (!socket.destroyed) socket.resetAndDestroy();
    };
    const cut = (): void => {
      fault();
      reset();
    };
    const swallow = (): void => {
      fault();
      link.swallowed = true;
    };
    const world = { conditions: () => now, chance, fault, cut, swallow };
    const link = {
      flows: [
        createFlow(client, upstream, 'toServer', world),
        createFlow(upstream, client, 'toClient', world),
      ],
      reset,
      swallowed: false,
    };
    links.add(link);
    client.on('error', reset);
    upstream.on('error', reset);
    let closed = 0;
    for (const socket of [client, upstream]) {
      socket.on('close', () => {
        closed += 1;
        if (closed === 2) links.delete(link);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  return {
    port,
    set: (conditions) => {
      now = conditions;
      for (const { flows, reset, swallowed } of links) {
        if (swallowed && conditions.silent !== true) reset();
        else for (const one of flows) one.resume();
      }
    },
    faults: () => faults,
    connections: () => links.size,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const { reset } of links) reset();
      await closed;
    },
  };
}

interface FlowWorld {
  readonly conditions: () => Conditions;
  readonly chance: () => number;
  readonly fault: () => void;
  readonly cut: () => void;
  readonly swallow: () => void;
}

function createFlow(from: Socket, to: Socket, way: 'toClient' | 'toServer', world: FlowWorld): Flow {
  const { conditions, chance, fault, cut, swallow } = world;
  const pieces: { readonly bytes: Buffer; readonly due: number }[] = [];
  let ended = false;
  let over = false;
  let sinceSet = 0;
  let held = false;
  let freeAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let bound = conditions();

  const pump = (): void => {
    clearTimeout(timer);
    if (over) return;
    const now = conditions();
    if (now !== bound) {
      bound = now;
      sinceSet = 0;
      held = false;
    }
    if (now.partition === true) {
      if (pieces.length > 0 && !held) fault();
      held ||= pieces.length > 0;
      return;
    }
    for (let piece = pieces[0]; piece !== undefined; [piece] = pieces) {
      const wait = Math.max(piece.due, freeAt) - performance.now();
      if (wait > 0) {
        timer = setTimeout(pump, wait);
        return;
      }
      const hold = now.holdAfterBytes?.[way];
      if (hold !== undefined && sinceSet + piece.bytes.length > hold) {
        if (!held) fault();
        held = true;
        return;
      }
      pieces.shift();
      if (now.silent === true) {
        swallow();
        continue;
      }
      if (chance() < (now.resetChance ?? 0)) {
        cut();
        return;
      }
      sinceSet += piece.bytes.length;
      const limit = now.resetAfterBytes?.[way];
      if (limit !== undefined && sinceSet > limit) {
        to.write(piece.bytes.subarray(0, Math.max(0, piece.bytes.length - (sinceSet - limit))));
        cut();
        return;
      }
      if (now.bytesPerSecond !== undefined)
        freeAt = performance.now() + (piece.bytes.length / now.bytesPerSecond) * 1000;
      if (!to.write(piece.bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    }
    if (ended) to.end();
  };

  from.on('data', (bytes: Buffer) => {
    const { latencyMs = 0, bytesPerSecond } = conditions();
    const size = bytesPerSecond === undefined ? MAX_PIECE : Math.max(64, Math.floor(bytesPerSecond / 10));
    for (let at = 0; at < bytes.length; at += size) {
      pieces.push({ bytes: bytes.subarray(at, at + size), due: performance.now() + latencyMs });
    }
    pump();
  });
  from.on('end', () => {
    ended = true;
    pump();
  });
  return {
    resume: pump,
    end: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}
