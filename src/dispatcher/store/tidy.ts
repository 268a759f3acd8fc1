/**
 * Retention, a bounded step at a time: messages all of whose pairs have ended, by age, then by size, oldest first; and
 * whatever then belongs to nothing any more (tidy-rest.ts).
 *
 * Called by core.ts when there is nothing better to do. What is still owed is never deleted, whatever the limits say; a pass
 * walks over it once and then rests, so that a backlog of a million costs nothing. Counters of what was sent or
 * suppressed stay as they are; a dead pair that goes is counted as dropped (retention).
 */

import { storeLimits } from '../../core/limits.ts';
import type { Retention } from '../model/store.ts';
import { usedBytes, write, type Ledger } from './ledger.ts';
import { countDropped, countPair } from './pair-counters.ts';
import { pairState } from './schema.ts';
import {
  sweepAttempts,
  sweepIdentities,
  sweepIncidents,
  sweepRecords,
  sweepSequences,
  type Bounds,
} from './tidy-rest.ts';

interface MessageRow {
  readonly seq: number;
  readonly at: number;
  readonly len: number;
  readonly incidents: string;
}

/** True: there is more to do. */
export function tidyStep(ledger: Ledger, now: number, { maxAgeMs, maxBytes }: Retention): boolean {
  const { sweep, db } = ledger;
  const excess = usedBytes(ledger) - maxBytes;
  const isResting = now < sweep.restUntil && sweep.restUntil - now <= storeLimits.sweepRestMs;
  if (isResting && (excess <= 0 || sweep.tooLarge)) return false;
  const step = write(ledger, () => {
    const messages = sweepMessages(ledger, now - maxAgeMs, excess);
    if (messages.more) return { ...messages, bucket: sweep.bucket };
    const { after, atEnd } = messages;
    const oldest = db.get<{ seq: number; at: number }>('SELECT seq, at FROM message ORDER BY seq LIMIT 1');
    const bounds: Bounds = {
      now,
      expired: now - maxAgeMs,
      gone: Math.max(now - maxAgeMs, oldest?.at ?? now),
      oldest: oldest?.seq ?? Infinity,
    };
    const bucket = sweepIdentities(ledger, bounds, sweep.bucket);
    const rest = [sweepAttempts, sweepIncidents, sweepSequences, sweepRecords].map((part) =>
      part(ledger, bounds),
    );
    return { after, atEnd, more: bucket !== undefined || rest.includes(true), bucket: bucket ?? -1 };
  });
  sweep.after = step.after;
  sweep.bucket = step.bucket;
  if (step.more) return true;
  const tooLarge = usedBytes(ledger) > maxBytes;
  // What was deleted is not all that was hoped for: pages are freed as a whole.
  if (tooLarge && !step.atEnd) return true;
  sweep.after = 0;
  sweep.restUntil = now + storeLimits.sweepRestMs;
  sweep.tooLarge = tooLarge;
  return false;
}

interface MessageStep {
  readonly after: number;
  readonly more: boolean;
  /** No message is left behind it. */
  readonly atEnd: boolean;
}

/** @param excess bytes beyond what is allowed */
function sweepMessages(ledger: Ledger, expired: number, excess: number): MessageStep {
  const { db, sweep } = ledger;
  let { after } = sweep;
  let left = excess;
  let deleted = 0;
  const rows = db.all<MessageRow>(
    'SELECT seq, at, len, incidents FROM message WHERE seq > ? ORDER BY seq LIMIT ?',
    after,
    storeLimits.sweptMessages,
  );
  for (const row of rows) {
    if (row.at >= expired && left <= 0) return { after, more: false, atEnd: false };
    if (deleted === storeLimits.deletedMessages) return { after, more: true, atEnd: false };
    after = row.seq;
    const owed = 'SELECT 1 AS found FROM pair WHERE seq = ? AND state < 3 LIMIT 1';
    if (db.get(owed, row.seq) !== undefined) continue;
    deleteMessage(ledger, row);
    deleted++;
    left -= row.len;
  }
  const more = rows.length === storeLimits.sweptMessages;
  return { after, more, atEnd: !more };
}

function deleteMessage({ db, counters }: Ledger, { seq, incidents }: MessageRow): void {
  const dead = 'SELECT recipient FROM pair WHERE seq = ? AND state = 4';
  for (const { recipient } of db.all<{ recipient: number }>(dead, seq)) {
    countPair(counters, recipient, pairState.dead, '', -1);
    countDropped(counters, recipient, 'retention', 1);
  }
  for (const incident of incidents.split(',').filter((text) => text !== '')) {
    db.run('DELETE FROM member WHERE incident = ? AND seq = ?', Number(incident), seq);
  }
  db.run('DELETE FROM pair WHERE seq = ?', seq);
  db.run('DELETE FROM body WHERE seq = ?', seq);
  db.run('DELETE FROM message WHERE seq = ?', seq);
  counters.add('retained', -1);
  counters.add('forgotten', 1);
}
