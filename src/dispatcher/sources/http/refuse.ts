/**
 * A refused post: counted by the door, said in the log, answered as problem+json (or as a source's clients know it). Called by every
 * handler that refuses.
 *
 * A certificate of ours that is refused is worth a warning each time. Anybody can send without one, so of an address's wrong keys
 * and broken posts one a minute is said, the rest at level info.
 */

import { problemAnswer, type Answer, type Refused } from './answer.ts';
import type { Exchange, HttpContext, HttpSource } from './context.ts';

export function noteRefusal(
  { door, log, pace }: HttpContext,
  { connection }: Exchange,
  source: HttpSource,
  { reason, problem }: Refused,
): void {
  door.refused(reason);
  const known = connection.identity !== undefined;
  const level = known || pace.take(`said ${connection.network}`, 1) === undefined ? 'warning' : 'info';
  log[level](`${source}: post of ${connection.peer.name} refused: ${problem.message}`, {
    event: 'post-refused',
    source,
    peer: connection.peer.name,
    address: connection.address,
    reason,
  });
}

export function refuse(
  context: HttpContext,
  exchange: Exchange,
  source: HttpSource,
  refused: Refused,
): Answer {
  noteRefusal(context, exchange, source, refused);
  return problemAnswer(refused.problem);
}
