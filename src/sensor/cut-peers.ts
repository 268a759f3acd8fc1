/**
 * After new certificates or revocation lists: every open connection is judged again. Who is no longer trusted is cut off
 * in the middle of whatever it was told, and its leases go back; who cannot be judged any more ends after its answer.
 * Called by server.ts.
 */

import type { TLSSocket } from 'node:tls';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import { certificateReason } from '../tls/handshake-error.ts';
import type { SensorConnection } from './connection.ts';
import type { Leases } from './leases.ts';
import type { PeerGate } from '../tls/peer-gate.ts';

interface CutDeps {
  readonly leases: Leases;
  readonly logger: Logger;
}

export function cutPeers(
  connections: ReadonlyMap<unknown, SensorConnection>,
  rejudge: (socket: TLSSocket) => ReturnType<PeerGate['rejudge']>,
  { leases, logger }: CutDeps,
): void {
  for (const connection of connections.values()) {
    const verdict = rejudge(connection.socket);
    if (verdict.kind === 'unseen') connection.retire();
    if (verdict.kind !== 'refused') continue;
    const { peer, address } = connection;
    const reason = certificateReason(verdict.code);
    logger.warning(`${peer.name}: ${reason}: connection cut`, {
      event: 'peer-cut',
      peer: peer.name,
      serial: peer.serial,
      address,
      reason,
    });
    connection.socket.destroy();
    leases.releaseAll(peer.key).catch((error: unknown) => {
      logger.error(messageOf(error));
    });
  }
}
