/**
 * Whether a request is a delivery of ours that comes back: it is refused, or an alert would go round for ever. Called by http-app.ts for
 * every post; what stands inside a message the door looks at.
 *
 * Our mails and requests bear `X-Idmef-Relay: <host>; …`; webhooks a `webhook-id` (Standard Webhooks) that only who made it can
 * know. The marks of another dispatcher are none of ours: deliveries from one to the next are meant.
 */

import type { IncomingHttpHeaders } from 'node:http';

import type { Refused } from './answer.ts';
import type { HttpContext } from './context.ts';

export function ownDelivery(
  headers: IncomingHttpHeaders,
  { world, isOwnDelivery }: Pick<HttpContext, 'world' | 'isOwnDelivery'>,
): Refused | undefined {
  const mark = headers['x-idmef-relay'];
  const host = (typeof mark === 'string' ? mark : '').split(';')[0]?.trim().toLowerCase() ?? '';
  const id = headers['webhook-id'];
  const isOurs =
    (host !== '' && host === world.hostname.toLowerCase()) || (typeof id === 'string' && isOwnDelivery(id));
  if (!isOurs) return undefined;
  const message = 'this is a delivery of this dispatcher itself, it is not taken in again';
  return { reason: 'loop', problem: { code: 'FORBIDDEN', message } };
}
