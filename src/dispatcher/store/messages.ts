/** Stored messages for people: by number, by id, of an incident, by search; and who was heard of. Called by core.ts. */

import { storeLimits } from '../../core/limits.ts';
import type { AnalyzerRecord, MessageRecord, SearchWish } from '../model/store.ts';
import { bodyFault } from './claim.ts';
import { FACTS, factsOf, originOf, toBuffer, type FactsRow } from './facts.ts';
import type { Ledger } from './ledger.ts';

interface MessageRow extends FactsRow {
  readonly id: Uint8Array;
  readonly conflict: number;
  readonly incidents: string;
  readonly len: number;
  readonly hash: string | null;
  readonly configAt: number | null;
  readonly crc32: number | null;
  readonly body: Uint8Array | null;
  readonly verbatim: string | null;
}

const MESSAGE = `
  SELECT ${FACTS}, message.id, message.conflict, message.incidents, message.len, word.text AS hash,
      config.at AS configAt, body.crc32, body.body, body.verbatim
    FROM message LEFT JOIN body ON body.seq = message.seq LEFT JOIN word ON word.id = message.config
      LEFT JOIN config ON config.hash = word.text
    WHERE message.seq = ?`;

/** Of several messages of one id (conflicts) the newest. */
export function showMessage(ledger: Ledger, idOrSeq: string | number): MessageRecord | undefined {
  const seq = typeof idOrSeq === 'number' ? idOrSeq : newestOf(ledger, idOrSeq);
  const row = seq === undefined ? undefined : ledger.db.get<MessageRow>(MESSAGE, seq);
  return row === undefined ? undefined : toRecord(row);
}

function newestOf({ db }: Ledger, id: string): number | undefined {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  return db.get<{ seq: number }>(
    `SELECT message.seq FROM bucket CROSS JOIN ident ON ident.bucket = bucket.number AND ident.id = ?
        CROSS JOIN message ON message.seq = ident.seq ORDER BY message.seq DESC LIMIT 1`,
    Buffer.from(id, 'hex'),
  )?.seq;
}

/** Newest first. */
export function messagesOf(ledger: Ledger, incident: number, limit: number): MessageRecord[] {
  return records(
    ledger,
    ledger.db.all<{ seq: number }>(
      'SELECT seq FROM member WHERE incident = ? ORDER BY seq DESC LIMIT ?',
      incident,
      Math.min(limit, storeLimits.listedRows),
    ),
  );
}

function records({ db }: Ledger, rows: readonly { readonly seq: number }[]): MessageRecord[] {
  const found: MessageRecord[] = [];
  let room = storeLimits.listedBytes;
  for (const { seq } of rows) {
    const row = db.get<MessageRow>(MESSAGE, seq);
    if (row === undefined) continue;
    room -= row.len;
    if (room < 0 && found.length > 0) break;
    found.push(toRecord(row));
  }
  return found;
}

/** Where a search goes on; undefined: it is at its end. */
export interface SearchStep {
  readonly found: readonly MessageRecord[];
  readonly below: number | undefined;
}

/** A bounded part of a search, newest first: the caller goes on below until it has enough. */
export function searchStep(ledger: Ledger, wish: SearchWish, below: number): SearchStep {
  const { db, counters } = ledger;
  const { since = 0, until = Number.MAX_SAFE_INTEGER, minSeverity = 0, text = '' } = wish;
  const top = Math.min(below, counters.get('last:message') + 1);
  const bottom = Math.max(0, top - storeLimits.searchedMessages);
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const rows = db.all<{ seq: number }>(
    `SELECT seq FROM message WHERE seq < ?1 AND seq >= ?2 AND at >= ?3 AND at <= ?4
        AND iif(severity = 0 AND NOT heartbeat, 3, severity) >= ?5
        AND (?6 = '' OR classification LIKE ?7 ESCAPE '\\' OR analyzer LIKE ?7 ESCAPE '\\'
          OR source LIKE ?7 ESCAPE '\\' OR target LIKE ?7 ESCAPE '\\')
      ORDER BY seq DESC LIMIT ?8`,
    top,
    bottom,
    since,
    until,
    minSeverity,
    text,
    pattern,
    Math.min(wish.limit, storeLimits.listedRows),
  );
  const oldest = db.get<{ seq: number; at: number }>(
    'SELECT seq, at FROM message WHERE seq >= ? ORDER BY seq LIMIT 1',
    bottom,
  );
  // Acceptance rises with the number: nothing below what is older than `since` is younger.
  const isPast = bottom === 0 || (oldest !== undefined && oldest.at < since);
  const found = records(ledger, rows);
  // Too many bytes for one answer: the asker goes on below the last one.
  return { found, below: isPast || found.length < rows.length ? undefined : bottom };
}

/** Of each origin those heard of last: no sender can push another one's out of the list. */
export function listAnalyzers({ db }: Ledger): AnalyzerRecord[] {
  const rows = db.all<{
    origin: string;
    analyzer: string;
    lastAt: number;
    heartbeatAt: number | null;
    messages: number;
  }>(
    `SELECT origin, analyzer, last_at AS lastAt, heartbeat_at AS heartbeatAt, messages FROM analyzer
      ORDER BY row_number() OVER (PARTITION BY origin ORDER BY last_at DESC), origin LIMIT ?`,
    storeLimits.analyzers,
  );
  const inOrder = rows.toSorted((a, b) =>
    a.origin === b.origin ? compare(a.analyzer, b.analyzer) : compare(a.origin, b.origin),
  );
  return inOrder.map(({ heartbeatAt, ...row }) => ({
    ...row,
    ...(heartbeatAt === null ? {} : { lastHeartbeatAt: heartbeatAt }),
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toRecord(row: MessageRow): MessageRecord {
  const damaged = bodyFault(row);
  return {
    seq: row.seq,
    id: Buffer.from(row.id).toString('hex'),
    at: row.at,
    facts: factsOf(row),
    origin: originOf(row.origin),
    ...(row.verbatim === null ? {} : { verbatim: row.verbatim }),
    ...(damaged === undefined ? {} : { damaged }),
    conflict: row.conflict !== 0,
    config: row.hash ?? '',
    ...(row.configAt === null ? {} : { configAt: row.configAt }),
    incidents: row.incidents === '' ? [] : row.incidents.split(',').map(Number),
    body: toBuffer(row.body ?? new Uint8Array(0)),
  };
}
