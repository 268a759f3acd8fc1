/**
 * Which receivers of a notification have it already: of a recipient that stands for several (AlertGateway's lists), only those that
 * failed are called again.
 *
 * Kept in memory by http-sink.ts. After a crash it is forgotten: then the pair is due again as `uncertain`, every receiver is
 * called, and those that had the message get it a second time, marked as a possible repetition. A duplicate beats a miss.
 */

import { outboundLimits } from '../../../core/limits.ts';
import type { Notification } from '../../model/sink.ts';

export interface Delivered {
  has(notification: Notification, receiver: string): boolean;
  add(notification: Notification, receiver: string): void;
  /** All have it, or nobody will ask again. */
  forget(notification: Notification): void;
}

export function createDelivered(capacity: number = outboundLimits.rememberedNotifications): Delivered {
  const receivers = new Map<string, Set<string>>();
  return {
    has: (notification, receiver) => receivers.get(keyOf(notification))?.has(receiver) ?? false,
    add: (notification, receiver) => {
      const key = keyOf(notification);
      const known = receivers.get(key) ?? new Set<string>();
      receivers.delete(key);
      receivers.set(key, known.add(receiver));
      const [oldest] = receivers.keys();
      if (receivers.size > capacity && oldest !== undefined) receivers.delete(oldest);
    },
    forget: (notification) => void receivers.delete(keyOf(notification)),
  };
}

/** By its messages rather than by its number: the second, plain try of a refused message is the same thing to its receivers. */
function keyOf({ recipient, messages, idempotencyKey }: Notification): string {
  const what = messages.length === 0 ? idempotencyKey : messages.map(({ seq }) => seq).join(',');
  return JSON.stringify([recipient.name, what]);
}
