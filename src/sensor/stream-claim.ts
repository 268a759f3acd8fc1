/**
 * Writes the messages of a claim as one IDMEF document in constant memory: the next chunk is read from the
 * journal while the last one is encrypted, and nothing is read while the peer does not take what it got.
 * Called by plain-get.ts after the head of the answer, Content-Length included, is set.
 *
 * An answer that cannot be completed is cut: a short body under a Content-Length must not look like a slow one.
 */

import type { ServerResponse } from 'node:http';
import { RelayError } from '../core/errors.ts';
import { connectionLimits } from '../core/limits.ts';
import { envelopeBytes, envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import type { Claim, Journal } from '../journal/journal.ts';
import type { BufferBin } from './buffer-bin.ts';
import { STALL_TICK_MS } from './connection.ts';
import type { BeforeLastByte } from './receipt.ts';

/** Length of the document a claim becomes. */
export function documentLength(claim: Claim): number {
  return claim.bytes + envelopeBytes;
}

interface Streamed {
  /** All bytes were given to the response (which says nothing about the peer). */
  readonly complete: boolean;
  /** First and last sequence written; 0 when none was. */
  readonly first: number;
  readonly last: number;
}

interface StreamDeps {
  readonly journal: Journal;
  readonly bufferBin: BufferBin;
  readonly streams: { readonly size: number };
}

/** Rejects, with the connection cut, when the journal cannot be read. */
export async function streamClaim(
  { journal, bufferBin, streams }: StreamDeps,
  claim: Claim,
  response: ServerResponse,
  beforeLastByte?: BeforeLastByte,
): Promise<Streamed> {
  let first = 0;
  let last = 0;
  let written = 0;
  let read = readAhead(journal, claim);
  try {
    response.socket?.setTimeout(STALL_TICK_MS);
    response.write(envelopeHead);
    for (;;) {
      const chunk = await read.result;
      // One read ahead keeps the peer busy; it is a chunk of memory for as long as a slow one takes, so not for all.
      const ahead = streams.size <= connectionLimits.readingAhead;
      if (ahead && !chunk.done) {
        read = readAhead(journal, claim);
      }
      first ||= chunk.sequences[0] ?? 0;
      last = chunk.sequences.at(-1) ?? last;
      written += chunk.bodies.length;
      if (response.destroyed) {
        return { complete: false, first, last };
      }
      const more = response.write(chunk.bodies, () => bufferBin.discard(chunk.bodies));
      if (!more && !(await drained(response))) {
        return { complete: false, first, last };
      }
      if (chunk.done) {
        break;
      }
      if (!ahead) {
        read = readAhead(journal, claim);
      }
    }
    if (written !== claim.bytes) {
      throw new RelayError('BUG', `claim of ${claim.bytes} bytes gave ${written}`);
    }
    beforeLastByte?.();
    response.end(envelopeTail);
    return { complete: true, first, last };
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** A read whose failure is looked at later, or never when the peer has gone. */
function readAhead(journal: Journal, claim: Claim): { readonly result: ReturnType<Journal['read']> } {
  const result = journal.read(claim.id);
  result.catch(() => undefined);
  return { result };
}

/** True when the response takes more; false when it closed first. */
async function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) {
    return false;
  }
  return await new Promise((resolve) => {
    const settle = (more: boolean) => () => {
      response.off('drain', onDrain);
      response.off('close', onClose);
      resolve(more);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    response.once('drain', onDrain);
    response.once('close', onClose);
  });
}
