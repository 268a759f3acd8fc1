/**
 * One leased batch: into the journal, then acknowledged; or given back when it cannot be read.
 *
 * Called by pull.ts, which loads it with the first batch. The order is the point: durable first, then the
 * acknowledgement.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Origin } from '../journal/journal.ts';
import { readBatch, takeMessages, takeUnreadable } from './intake.ts';
import type { LeasedBatch } from './sensor-client.ts';
import type { PullOptions, PullState } from './pull.ts';

export async function takeBatch(batch: LeasedBatch, options: PullOptions, state: PullState): Promise<void> {
  const { sensor, prefix, log } = options;
  const { sequences } = batch;
  const origin: Origin = { kind: 'sequenced', journal: batch.journal, sequences };
  try {
    await options.seenJournal(batch.journal);
    const verdict = await readBatch(batch.body, options.validate);
    if (verdict.readable && verdict.messages.length === sequences.length) {
      const result = await takeMessages(verdict, origin, options);
      if (result.conflict > 0) {
        log.warning(
          `${prefix}${result.conflict} messages bear known sequences but other content: ` +
            `the sensor was restored from a snapshot; they are taken as new`,
        );
      }
    } else if (sequences.length > 1) {
      state.careful = Math.min(sequences.length, pollerLimits.carefulMessages);
      const why = verdict.readable
        ? `${verdict.messages.length} messages where ${sequences.length} were announced`
        : verdict.problem.text;
      log.warning(`${prefix}a batch of the sensor cannot be read (${why}); asking message by message`);
      await sensor.release(batch.token);
      return;
    } else {
      await takeUnreadable(batch.body, problemOf(verdict, sequences.length), origin, options);
    }
  } catch (error) {
    await sensor.release(batch.token);
    throw error;
  }
  state.careful = Math.max(0, state.careful - sequences.length);
  if (!(await sensor.acknowledge(batch.token))) {
    log.info(`${prefix}a lease had ended before its acknowledgement; its messages will be recognised`);
  }
}

function problemOf(verdict: Awaited<ReturnType<typeof readBatch>>, announced: number) {
  if (!verdict.readable) return verdict.problem;
  const got = verdict.messages.length;
  return {
    level: 'error' as const,
    rule: 'sequence-count',
    section: 'IDMEF-Sequence',
    path: '/IDMEF-Message',
    line: 1,
    column: 1,
    expected: String(announced),
    got: String(got),
    text: `the sensor announced ${announced} message but sent ${got}`,
  };
}
