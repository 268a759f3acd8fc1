/**
 * HEAD of `/` where GET would take messages: the head of what GET would answer now, and nothing is taken. Called by
 * router.ts; where GET only looks, HEAD is a GET without content (plain-get.ts).
 *
 * GET takes what is due; what another request holds is not, so all leased is 404. While some are leased, how many
 * bytes are due is known only by taking them: Content-Length is then left out (RFC 9110 §9.3.2), and where GET would
 * compress. `min-severity` is not applied, and not confirmed: only a lease can tell what is in a lane.
 */

import type { Exchange, SensorContext } from './context.ts';
import { encodes, leaseWant } from './leased-get.ts';
import { answerEmpty, plainWant } from './plain-get.ts';
import type { Preferences } from './prefer.ts';
import { setStatusHeaders } from './status-headers.ts';
import { documentLength } from './stream-claim.ts';

export async function answerHead(
  context: SensorContext,
  exchange: Exchange,
  preferences: Preferences,
  consumer: string,
): Promise<void> {
  const { response, connection } = exchange;
  const { journal } = context;
  const { consumers } = await journal.stats();
  const mine = consumers.find(({ name }) => name === consumer);
  const leased = preferences.lease !== undefined;
  const { batch, batchBytes } = preferences;
  const want = leased
    ? leaseWant(context, { batch, batchBytes, minSeverity: undefined })
    : plainWant(context);
  const claim =
    mine === undefined || mine.pending === 0
      ? undefined
      : await journal.peek(consumer, { ...want, byOther: connection.consumer !== consumer });
  if (mine === undefined || claim === undefined) {
    await answerEmpty(context, response, consumer);
    return;
  }
  try {
    await setStatusHeaders(context, response, consumer, { pending: true });
    const encoded = leased && encodes(exchange, claim.bytes);
    response.writeHead(200, {
      'Content-Type': 'text/xml; charset=UTF-8',
      ...(leased ? { Vary: 'Accept-Encoding' } : {}),
      ...(encoded ? { 'Content-Encoding': 'gzip' } : {}),
      ...(mine.leased === 0 && !encoded ? { 'Content-Length': documentLength(claim) } : {}),
    });
    response.end();
  } finally {
    await journal.release(claim.id);
  }
}
