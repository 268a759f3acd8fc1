/**
 * The headers every answer carries (ARCHITECTURE.md: The wire): IDMEF-Relay, IDMEF-Status, Cache-Control; and IDMEF-Pending,
 * which only `/` has, so that "empty" and "wrong URL" differ. Called by the handlers once they know what they
 * took from the journal: the numbers are those after it.
 */

import type { ServerResponse } from 'node:http';
import type { ConsumerStats } from '../journal/journal.ts';
import { lostOf } from '../journal/lost.ts';
import type { SensorContext } from './context.ts';

export function setRelayHeaders(response: ServerResponse): void {
  response.setHeader('IDMEF-Relay', '1');
  response.setHeader('Cache-Control', 'no-store');
}

/**
 * Numbers of one consumer: messages not settled and not leased, the age in seconds of the oldest that is not
 * settled, and those lost since the journal began; the journal is asked unless they are `known`. Of the intake: what it
 * cannot take, and whether it takes nothing at present. Without a consumer (a producer, an unknown one) pending is the
 * largest of all.
 */
export async function setStatusHeaders(
  context: SensorContext,
  response: ServerResponse,
  consumer: string | undefined,
  options: { readonly pending: boolean; readonly known?: ConsumerStats | undefined } = { pending: false },
): Promise<void> {
  const { known } = options;
  const consumers = known === undefined ? (await context.journal.stats()).consumers : [known];
  const mine = consumers.filter(({ name, active }) => (consumer === undefined ? active : name === consumer));
  const pending = Math.max(0, ...mine.map((one) => one.pending));
  const oldestAt = Math.min(...mine.map((one) => one.oldestAt ?? Number.POSITIVE_INFINITY));
  const oldest = Number.isFinite(oldestAt)
    ? Math.max(0, Math.floor((context.clock.now() - oldestAt) / 1000))
    : 0;
  const dropped = Math.max(0, ...mine.map((one) => lostOf(one.dropped)));
  const { stuck, corrupt, paused } = context.status();
  if (response.headersSent) {
    return;
  }
  response.setHeader(
    'IDMEF-Status',
    `pending=${pending}, oldest=${oldest}, stuck=${stuck}, corrupt=${corrupt}, dropped=${dropped}, paused=${paused === undefined ? 0 : 1}`,
  );
  if (options.pending) {
    response.setHeader('IDMEF-Pending', String(pending));
  }
}
