/**
 * Reads a leased batch and checks it: length, digest, sequences.
 *
 * Called by sensor-client.ts, which loads it only when there is one.
 */

import { RelayError } from '../core/errors.ts';
import { leaseLimits, xmlLimits } from '../core/limits.ts';
import { verifyContentDigest } from '../http/content-digest.ts';
import { headerOf, type HttpsAnswer } from '../http/https-client.ts';
import type { Peer } from '../http/peer.ts';
import type { LeasedBatch } from './sensor-client.ts';
import { parseSequenceHeader } from './sequence-header.ts';

const BATCH_BYTES = leaseLimits.maxBytes + xmlLimits.messageBytes;

/** Rejects with SENSOR_PROTOCOL when any of the three is missing or wrong; nothing was acknowledged then. */
export async function readLeasedBatch(answer: HttpsAnswer, token: string, peer: Peer): Promise<LeasedBatch> {
  const body = await answer.bytes(BATCH_BYTES);
  const fault = (text: string): RelayError =>
    new RelayError('SENSOR_PROTOCOL', `${peer.label} ${text}`, {
      hint: 'nothing was acknowledged: the alerts wait there',
    });
  const digest = verifyContentDigest(headerOf(answer.headers, 'content-digest'), body);
  if (digest === undefined) throw fault('sent a batch without Content-Digest');
  if (!digest) throw fault(`sent a batch of ${body.length} bytes that its Content-Digest contradicts`);
  const sequence = parseSequenceHeader(headerOf(answer.headers, 'idmef-sequence'));
  if (sequence === undefined) throw fault('sent a batch without a usable IDMEF-Sequence');
  return { body, token, ...sequence };
}
