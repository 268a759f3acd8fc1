/**
 * Hands a batch to the door and waits for the commit: the one way from a handler of this folder to a yes.
 *
 * A failure of the door is said in the log and becomes a problem for the sender, without what an operator alone should read. `busy` is
 * counted for what passes, so that refusals add up; what the message itself is to blame for the door has counted.
 */

import type { Inbound, Receipt } from '../../model/message.ts';
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
    const problem = doorProblem(error);
    log.error(`${source}: post of ${connection.peer.name} not stored: ${doorFault(error)}`, {
      event: 'post-failed',
      source,
      peer: connection.peer.name,
      address: connection.address,
    });
    if (
      problem.code === 'UNAVAILABLE' ||
      problem.code === 'JOURNAL_FULL' ||
      problem.code === 'DISK_RESERVE'
    ) {
      door.refused('busy', batch.length);
    }
    return { problem };
  }
}

export function isStored(
  result: readonly Receipt[] | Pick<Refused, 'problem'>,
): result is readonly Receipt[] {
  return Array.isArray(result);
}
