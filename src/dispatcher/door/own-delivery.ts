/**
 * Whether a message is one of our own deliveries that came back: it carries our mark (model/delivery-mark.ts).
 *
 * Called by the door for each message, so the bytes are searched before anything is read. What the dispatcher makes itself
 * carries the mark and comes in by its own source: that is no loop.
 */

import { createSubject } from '../../idmef/criteria/create-subject.ts';
import { DELIVERY_MARK, OWN_SOURCE } from '../model/delivery-mark.ts';
import type { Inbound } from '../model/message.ts';

const mark = Buffer.from(DELIVERY_MARK);

/** `own`: the id this dispatcher marks its deliveries with. */
export function isOwnDelivery({ body, origin }: Pick<Inbound, 'body' | 'origin'>, own: string): boolean {
  if (origin.source === OWN_SOURCE || !body.includes(mark)) return false;
  const subject = createSubject(body);
  return ['alert', 'heartbeat'].some((root) =>
    subject.values(`${root}.additional_data('${DELIVERY_MARK}').data`).includes(own),
  );
}
