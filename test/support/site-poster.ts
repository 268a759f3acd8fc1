/**
 * Posts of a bench to the dispatcher's HTTPS listener: batches as our poller sends them (src/destinations), and single
 * messages as producers do. Rejects for every answer but a yes.
 */

import { clientTlsOf } from '../../src/destinations/client-tls.ts';
import { deliverBatches } from '../../src/destinations/batch-delivery.ts';
import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { createGatewayPool } from '../../src/http/gateway-pool.ts';
import { destinationCodes } from '../../src/http/peer.ts';
import { systemClock } from '../../src/os/clock.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import type { Issued, Pki } from './pki.ts';

export interface Poster {
  /** `first`: sequence of the first; they ascend. */
  batch(bodies: readonly Buffer[], first: number): Promise<void>;
  one(body: Buffer): Promise<void>;
  close(): Promise<void>;
}

const JOURNAL = 'f'.repeat(32);

export function createPoster(port: number, { caFile }: Pki, as: Issued, connections: number): Poster {
  const settings = { certFile: as.certFile, keyFile: as.keyFile, caFile, policy: 'anssi' } as const;
  const label = 'dispatcher';
  const tls = clientTlsOf(settings, loadCredentials(settings), systemClock);
  const pool = createGatewayPool(
    { url: new URL(`https://localhost:${port}/`), label, codes: destinationCodes },
    tls,
    { connections, idleMs: 60_000, answerBytes: 10_000 },
  );
  const { signal } = new AbortController();
  return {
    async batch(bodies, first) {
      const sequences = bodies.map((_, index) => first + index);
      const parcel = {
        journal: JOURNAL,
        sequences,
        ranges: `${first}-${first + bodies.length - 1}`,
        lengths: bodies.map(({ length }) => length),
        bodies: [Buffer.concat(bodies)],
      };
      await deliverBatches(
        parcel,
        'profile=dmz1; sensor="sensor-1"',
        (_index, outcome) => {
          if (outcome.kind !== 'ok') throw new Error(`not taken: ${outcome.kind} ${outcome.reason}`);
        },
        { pool, clock: systemClock, label, signal },
      );
    },
    async one(body) {
      const document = Buffer.concat([envelopeHead, body, envelopeTail]);
      const headers = { 'content-type': 'text/xml' };
      const answer = await pool.send({ method: 'POST', headers, body: document });
      if (answer.status !== 200) throw new Error(`not taken: ${answer.status} ${answer.body}`);
    },
    close: async () => await pool.close(),
  };
}
