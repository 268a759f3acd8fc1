/**
 * Reads a leased batch and checks it: length, digest, sequences. The digest is over the bytes as they came
 * (RFC 9530 §2), so it is verified before anything is inflated, and inflating has a bound.
 *
 * Called by sensor-client.ts, which loads it only when there is one.
 */

import { messageOf, RelayError, systemCode } from '../core/errors.ts';
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
  const document = await decode(body, headerOf(answer.headers, 'content-encoding'), fault);
  const sequence = parseSequenceHeader(headerOf(answer.headers, 'idmef-sequence'));
  if (sequence === undefined) throw fault('sent a batch without a usable IDMEF-Sequence');
  return { body: document, token, ...sequence };
}

/** Undoes the coding (RFC 9110 §8.4). Off the main thread: 8 MiB take 30 ms. */
async function decode(
  body: Buffer,
  encoding: string | undefined,
  fault: (text: string) => RelayError,
): Promise<Buffer> {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return body;
  if (name !== 'gzip') throw fault(`sent a batch in the coding ${name.slice(0, 40)}, which nobody asked for`);
  const [{ gunzip }, { promisify }] = await Promise.all([import('node:zlib'), import('node:util')]);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: BATCH_BYTES });
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw fault(`sent ${body.length} bytes that inflate to more than ${BATCH_BYTES}`);
    }
    throw fault(`sent a compressed batch that cannot be inflated (${messageOf(error)})`);
  }
}
