/**
 * Messages enter here: counted as offered, then accepted, duplicate or quarantined (ARCHITECTURE.md: Invariants).
 *
 * Runs inside a transaction of its caller (core.ts groups calls into one). Sequence numbers come from a counter
 * and are never used again, not even after everything is settled and the process restarted.
 */

import { RelayError } from '../core/errors.ts';
import { xmlLimits } from '../core/limits.ts';
import type { Severity } from '../core/severity.ts';
import { loadChecksum } from './checksum.ts';
import type { Consumer } from './consumers.ts';
import type { Counters } from './counters.ts';
import { dedupe, verdict } from './dedupe.ts';
import type { AppendResult, NewMessage, Origin } from './journal.ts';
import { QUARANTINE_BYTES } from './schema.ts';
import type { Store } from './store.ts';

export interface AppendCall {
  readonly messages: readonly NewMessage[];
  readonly origin?: Origin | undefined;
}

/** Refuse a call that could never be stored, before it is grouped with others. */
export function checkCall({ messages, origin }: AppendCall): void {
  if (origin?.kind === 'sequenced' && origin.sequences.length !== messages.length) {
    throw new RelayError(
      'BUG',
      `${messages.length} messages with ${origin.sequences.length} sequence numbers`,
    );
  }
  for (const { body, quarantine } of messages) {
    if (quarantine === undefined && body.byteLength > xmlLimits.messageBytes) {
      throw new RelayError('TOO_LARGE', `a message of ${body.byteLength} bytes`, {
        hint: `a message has at most ${xmlLimits.messageBytes} bytes`,
      });
    }
  }
}

export function appendMessages(store: Store, { messages, origin }: AppendCall): AppendResult {
  const { counters } = store;
  const verdicts = dedupe(store, messages, origin);
  const at = store.clock.now();
  const fresh: NewMessage[] = [];
  let duplicate = 0;
  let quarantined = 0;
  let conflict = 0;
  messages.forEach((message, index) => {
    if (verdicts?.[index] === verdict.duplicate) {
      duplicate++;
      return;
    }
    if (verdicts?.[index] === verdict.conflict) conflict++;
    if (message.quarantine === undefined) fresh.push(message);
    else {
      quarantined++;
      setAsideInvalid(store, message, at);
    }
  });
  counters.add('offered', messages.length);
  counters.add('duplicate', duplicate);
  counters.add('conflict', conflict);
  counters.add('accepted', fresh.length);
  const { first, last } = insertMessages(store, fresh, at, store.consumers.active);
  return { accepted: fresh.length, duplicate, quarantined, conflict, first, last };
}

/** Counters: the last number given to a message of a severity that has no index (schema.ts). */
const LAST_OF = { 1: 'last:1', 2: 'last:2' } as const;

/** The last number of a message at least so severe and without an index. */
export function lastMildOf(counters: Counters, least: Severity): number {
  const info = least <= 1 ? counters.get(LAST_OF[1]) : 0;
  return least <= 2 ? Math.max(info, counters.get(LAST_OF[2])) : 0;
}

/** Store bodies under new sequence numbers and owe them to consumers. */
export function insertMessages(
  store: Store,
  messages: readonly NewMessage[],
  at: number,
  consumers: readonly Consumer[],
): { readonly first: number; readonly last: number } {
  if (messages.length === 0) return { first: 0, last: 0 };
  const { db, counters } = store;
  const checksum = loadChecksum();
  const first = counters.get('last') + 1;
  let sequence = first;
  let bytes = 0;
  for (const { body, severity } of messages) {
    const length = body.byteLength;
    if (severity === 1 || severity === 2) counters.set(LAST_OF[severity], sequence);
    db.run(
      'INSERT INTO message(seq, at, severity, len, crc32, body) VALUES(?, ?, ?, ?, ?, ?)',
      sequence,
      at,
      severity,
      length,
      checksum(body),
      body,
    );
    bytes += length;
    sequence++;
  }
  const last = sequence - 1;
  counters.set('last', last);
  for (const { id, counter } of consumers) {
    db.run(
      `INSERT INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
         SELECT ?, seq, len, severity, 0, 0, 0 FROM message WHERE seq BETWEEN ? AND ?`,
      id,
      first,
      last,
    );
    counters.add(counter.pending, messages.length);
    counters.add(counter.pendingBytes, bytes);
    counters.add(counter.accepted, messages.length);
  }
  return { first, last };
}

function setAsideInvalid({ db, counters }: Store, message: NewMessage, at: number): void {
  const { body, severity, quarantine } = message;
  if (quarantine === undefined) return;
  db.run(
    `INSERT INTO quarantine(at, kind, reason, detail, severity, len, crc32, body)
       VALUES(?, 'invalid', ?, ?, ?, ?, ?, ?)`,
    at,
    quarantine.reason,
    quarantine.detail,
    severity,
    body.byteLength,
    loadChecksum()(body),
    body,
  );
  counters.add(`quarantined:${quarantine.reason}`, 1);
  counters.add(QUARANTINE_BYTES, body.byteLength);
}
