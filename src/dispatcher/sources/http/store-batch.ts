/**
 * Hands a batch to the door and waits for the commit: the one way from a handler of this folder to a yes.
 *
 * A failure of the door is said in the log, counted, and becomes a problem for the sender, without what an operator alone should read.
 */

import type { Inbound, Receipt } from '../../model/message.ts';
import { notStored } from '../not-stored.ts';
import { doorFault, doorProblem, type Refused } from './answer.ts';
import type { Exchange, HttpContext, HttpSource } from './context.ts';

export async function storeBatch(
  { door, log }: HttpContext,
  { connection }: Exchange,
  source: HttpSource,
  batch: readonly Inbound[],
): Promise<readonly Receipt[] | Pick<Refused, 'problem'>> {
  try {
    const receipts = await door.accept(batch);
    const first = receipts[0]?.seq;
    log.info(`${source}: ${batch.length} messages of ${connection.peer.name} stored`, {
      event: 'post-stored',
      source,
      peer: connection.peer.name,
      address: connection.address,
      messages: batch.length,
      ...(first === undefined ? {} : { first }),
    });
    return receipts;
  } catch (error) {
    log.error(`${source}: post of ${connection.peer.name} not stored: ${doorFault(error)}`, {
      event: 'post-failed',
      source,
      peer: connection.peer.name,
      address: connection.address,
    });
    const reason = notStored(error);
    if (reason !== undefined) door.refused(reason, batch.length);
    return { problem: doorProblem(error) };
  }
}

export function isStored(
  result: readonly Receipt[] | Pick<Refused, 'problem'>,
): result is readonly Receipt[] {
  return Array.isArray(result);
}
