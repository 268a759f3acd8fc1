/**
 * Decide who is still owed which salvaged message. In doubt everybody is: a repeated alert is better than a lost one.
 *
 * Called by salvage.ts after messages.ts. A stored message is always owed to somebody, so one without any readable
 * row is owed to all; where rows are readable and one is missing, that consumer had settled it. An owed row
 * without its message is a loss that can be counted.
 */

import type { Value } from './record.ts';
import { toRow } from './layout.ts';
import { walkTree, type Gap } from './walk.ts';
import { MAX_SEQUENCE, tableOf, type Workplace } from './workplace.ts';

const OWED = 0;
const RETIRED = 2;
/** Rows that may have been renumbered by a flipped bit are looked into one by one up to so many. */
const SUSPECTS = 1_000;
const MAX_ATTEMPTS = 1_000_000;

const PUT = `
  INSERT OR IGNORE INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
    SELECT ?, seq, len, severity, ?, ?, ? FROM message WHERE seq = ?`;
const OWE = `
  INSERT OR IGNORE INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
    SELECT ?, seq, len, severity, ${OWED}, 0, 0 FROM message`;

/** Whether a row of `lost` names a message in a damaged place. The stretches of `damage` do not overlap. */
export const EXPLAINED = `
  lost.seq IN (SELECT seq FROM bad)
  OR coalesce((SELECT last FROM damage WHERE first <= lost.seq ORDER BY first DESC LIMIT 1), 0) >= lost.seq`;

/** Every row its tree leads to. Returns where rows may be missing. */
export function bringDeliveries(work: Workplace): Gap[] {
  const { source, used } = work;
  const table = tableOf(work, 'delivery');
  const gaps: Gap[] = [];
  const { kind, root, columns } = table;
  walkTree(
    source,
    { kind, root, columns: columns.length, used, key: keyOf },
    {
      row: ({ values }) => {
        const row = toRow(table, values, 0);
        const consumer = Number(values[0]);
        const seq = Number(values[1]);
        if (row === undefined) gaps.push({ after: [consumer, seq], before: [consumer, seq] });
        const sound = row?.['state'] === RETIRED || row?.['state'] === OWED;
        put(work, consumer, seq, sound ? row : {});
      },
      gap: (gap) => gaps.push(gap),
    },
  );
  return gaps;
}

function keyOf([consumer, seq]: readonly Value[]): readonly number[] | undefined {
  if (typeof consumer !== 'number' || typeof seq !== 'number') return undefined;
  return consumer >= 0 && seq >= 1 && seq <= MAX_SEQUENCE ? [consumer, seq] : undefined;
}

function put(
  { target }: Workplace,
  consumer: number,
  seq: number,
  row: Readonly<Record<string, Value>>,
): void {
  const { state = OWED, attempts, not_before: notBefore } = row;
  const tried = typeof attempts === 'number' && attempts >= 0 && attempts < MAX_ATTEMPTS ? attempts : 0;
  const wait = typeof notBefore === 'number' && notBefore >= 0 ? notBefore : 0;
  if (target.run(PUT, consumer, state, tried, wait, seq) > 0 || state === RETIRED) return;
  target.run('INSERT OR IGNORE INTO lost(consumer, seq) VALUES(?, ?)', consumer, seq);
}

/** Whether anything is missing that other pages might still hold. */
export function lacksMessages({ target }: Workplace): boolean {
  const row = target.get<{ missing: number }>(
    `SELECT EXISTS (SELECT 1 FROM damage) + EXISTS (SELECT 1 FROM bad) + EXISTS (SELECT 1 FROM lost) AS missing`,
  );
  return (row?.missing ?? 0) > 0;
}

/** Whether a row owes a message that has not been found yet. */
export function lacksOwed({ target }: Workplace): boolean {
  return target.get('SELECT 1 FROM lost WHERE seq NOT IN (SELECT seq FROM message) LIMIT 1') !== undefined;
}

/** @param active consumers (ids) that are owed what nobody can tell the owner of */
export function decideOwed(work: Workplace, gaps: readonly Gap[], active: readonly number[]): void {
  const { target } = work;
  joinDamage(work);
  target.exec(`
    INSERT OR IGNORE INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
      SELECT consumer, seq, len, severity, ${OWED}, 0, 0 FROM lost JOIN message USING(seq);
    DELETE FROM lost WHERE seq IN (SELECT seq FROM message);
  `);
  adoptUnknownConsumers(work, active);
  for (const consumer of active) for (const gap of gaps) fillGap(work, consumer, gap);
  lookIntoSuspects(work);
  oweOrphans(work, active);
  target.exec(`
    DELETE FROM delivery WHERE state = ${RETIRED};
    DELETE FROM message WHERE NOT EXISTS (
      SELECT 1 FROM consumer CROSS JOIN delivery ON delivery.consumer = consumer.id AND delivery.seq = message.seq);
  `);
}

function joinDamage({ target }: Workplace): void {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of target.all<{ first: number; last: number }>(
    'SELECT first, last FROM damage ORDER BY first',
  )) {
    const before = joined.at(-1);
    if (before === undefined || first > before.last) joined.push({ first, last });
    else before.last = Math.max(before.last, last);
  }
  target.run('DELETE FROM damage');
  for (const { first, last } of joined)
    target.run('INSERT INTO damage(first, last) VALUES(?, ?)', first, last);
}

/** Rows of a consumer the file does not name: a number that was damaged, or a name that is gone. */
function adoptUnknownConsumers({ target }: Workplace, active: readonly number[]): void {
  const unknown = 'consumer NOT IN (SELECT id FROM consumer)';
  for (const id of active) {
    target.run(
      `INSERT OR IGNORE INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
         SELECT ?, seq, len, severity, ${OWED}, 0, 0 FROM delivery WHERE ${unknown} AND state = ${OWED}`,
      id,
    );
    target.run(`INSERT OR IGNORE INTO lost(consumer, seq) SELECT ?, seq FROM lost WHERE ${unknown}`, id);
  }
  target.exec(`DELETE FROM delivery WHERE ${unknown}; DELETE FROM lost WHERE ${unknown};`);
}

/** Rows of free pages are left out: they are owed only where a row says so. */
function fillGap({ target }: Workplace, consumer: number, { after, before }: Gap): void {
  const [fromConsumer = 0, fromSeq = 0] = after ?? [];
  const [toConsumer = Infinity, toSeq = MAX_SEQUENCE] = before ?? [];
  if (consumer < fromConsumer || consumer > toConsumer) return;
  const first = consumer === fromConsumer ? fromSeq : 0;
  const last = consumer === toConsumer ? toSeq : MAX_SEQUENCE;
  target.run(
    `${OWE} WHERE seq BETWEEN ? AND ? AND seq NOT IN (SELECT seq FROM uncertain WHERE free = 1)`,
    consumer,
    first,
    last,
  );
  // A message that was there and is unreadable was, for all we know, owed.
  target.run(
    `INSERT OR IGNORE INTO lost(consumer, seq)
       SELECT ?, seq FROM bad WHERE seq BETWEEN ? AND ?
         AND NOT EXISTS (SELECT 1 FROM message WHERE message.seq = bad.seq)`,
    consumer,
    first,
    last,
  );
}

/**
 * An owed row names a message where none was damaged: the row's own number may be. Then the message it meant is
 * one of those beside it that seem to be settled.
 */
function lookIntoSuspects({ target }: Workplace): void {
  const suspects = target.all<{ consumer: number; seq: number }>(
    `SELECT consumer, seq FROM lost WHERE NOT (${EXPLAINED}) LIMIT ${SUSPECTS}`,
  );
  const beside = 'FROM delivery WHERE consumer = ? AND seq';
  for (const { consumer, seq } of suspects) {
    const below = target.get<{ seq: number | null }>(`SELECT max(seq) AS seq ${beside} < ?`, consumer, seq);
    const above = target.get<{ seq: number | null }>(`SELECT min(seq) AS seq ${beside} > ?`, consumer, seq);
    const last = above?.seq ?? MAX_SEQUENCE;
    target.run(`${OWE} WHERE seq BETWEEN ? AND ?`, consumer, below?.seq ?? 0, last);
  }
}

/** Certain messages nobody has a row of. */
function oweOrphans({ target }: Workplace, active: readonly number[]): void {
  target.exec(`
    INSERT INTO orphan(seq) SELECT seq FROM message
      WHERE NOT EXISTS (
        SELECT 1 FROM consumer CROSS JOIN delivery ON delivery.consumer = consumer.id AND delivery.seq = message.seq)
      AND seq NOT IN (SELECT seq FROM uncertain);
  `);
  for (const id of active) target.run(`${OWE} WHERE seq IN (SELECT seq FROM orphan)`, id);
}
