/**
 * `DELETE /leases/<token>` acknowledges, `PUT /leases/<token>` renews, `POST /leases/<token>/release` gives back
 * (ARCHITECTURE.md: The wire). Called by router.ts for certificates that may poll. Whoever does not hold a token gets
 * the 410 of one that never was; so does who renews what is settled.
 */

import type { Exchange, SensorContext } from './context.ts';
import { logDelivery, sequenceRange } from './delivery-log.ts';
import { readPreferences } from './prefer.ts';
import { sendProblem } from '../http/problem.ts';
import { setStatusHeaders } from './status-headers.ts';

export async function acknowledgeLease(
  context: SensorContext,
  exchange: Exchange,
  token: string,
): Promise<void> {
  const { connection } = exchange;
  const { result, claim, facts } = await context.leases.acknowledge(token, connection.peer.key);
  if (claim !== undefined) {
    logDelivery(context.logger, connection, {
      journal: context.journal.id,
      messages: claim.count,
      bytes: claim.bytes,
      ...sequenceRange(claim.sequences),
      receipt: 'ack',
      ...facts,
    });
  }
  await answer(context, exchange, result !== 'unknown');
}

/** The clock begins anew, with the seconds of `Prefer: lease=N` or those first granted. */
export async function renewLease(context: SensorContext, exchange: Exchange, token: string): Promise<void> {
  const { request, response, connection } = exchange;
  const { lease } = readPreferences(request.headers['prefer']);
  const seconds = context.leases.renew(token, connection.peer.key, lease);
  if (seconds !== undefined) {
    response.setHeader('IDMEF-Lease', `${token}; expires=${seconds}`);
    if (lease !== undefined) response.setHeader('Preference-Applied', `lease=${seconds}`);
  }
  await answer(context, exchange, seconds !== undefined);
}

export async function releaseLease(context: SensorContext, exchange: Exchange, token: string): Promise<void> {
  const claim = await context.leases.release(token, exchange.connection.peer.key);
  await answer(context, exchange, claim !== undefined);
}

async function answer(
  context: SensorContext,
  { response, connection }: Exchange,
  good: boolean,
): Promise<void> {
  await setStatusHeaders(context, response, connection.consumer);
  if (good) {
    response.writeHead(204);
    response.end();
  } else {
    sendProblem(response, {
      code: 'LEASE_EXPIRED',
      message:
        'this lease is unknown, over or not yours: its messages are due again or were acknowledged before',
    });
  }
}
