/**
 * Whether a request is a delivery of ours that comes back: it is refused, or an alert would go round for ever. Called by http-app.ts for
 * every post; what stands inside a message the door looks at.
 *
 * Mails, and requests that a source here would take (ntopng's webhook), bear `X-Idmef-Relay: <host>; …`. The marks of another dispatcher
 * are none of ours: deliveries from one to the next are meant.
 */

import type { IncomingHttpHeaders } from 'node:http';

import { markHost } from '../../model/delivery-mark.ts';
import type { Refused } from './answer.ts';
import type { HttpContext } from './context.ts';

export function ownDelivery(
  headers: IncomingHttpHeaders,
  { world }: Pick<HttpContext, 'world'>,
): Refused | undefined {
  const mark = headers['x-idmef-relay'];
  if (typeof mark !== 'string' || markHost(mark.split(';')[0] ?? '') !== markHost(world.hostname)) {
    return undefined;
  }
  const message = 'this is a delivery of this dispatcher itself, it is not taken in again';
  return { reason: 'loop', problem: { code: 'FORBIDDEN', message } };
}
