/**
 * The counters of the salvaged journal: those of the old file where they still agree with each other, mended so that
 * the law of conservation holds, with what was lost counted as dropped, damaged.
 *
 * Called by salvage.ts last. Counters have no checksum, but they are bound by equations (law.ts): one flipped bit breaks
 * its equation, and then that consumer's history begins anew with what is pending.
 */

import { countAnew } from '../schema.ts';
import { EXPLAINED } from './owed.ts';
import type { SalvagedConsumer, SalvageReport } from './report.ts';
import type { TableFigures } from './tables.ts';
import { MAX_SEQUENCE, type Workplace } from './workplace.ts';

type Counters = Map<string, number>;

/** Counts and sums the rows of the new file, writes its counters, says what was saved. */
export function settleFigures(work: Workplace, tables: TableFigures, gapless: boolean): SalvageReport {
  const { target } = work;
  const old: Counters = new Map(
    target
      .all<{ name: string; value: number }>('SELECT name, value FROM found')
      .map((row) => [row.name, row.value]),
  );
  const counters: Counters = new Map(
    [...old].filter(([name]) => !/^(?:(?:consumer|files|quarantined|last):|quarantineBytes$)/.test(name)),
  );
  carryFiles(old, counters);
  let complete = true;
  let damaged = count(work, `SELECT count(DISTINCT seq) AS count FROM lost WHERE ${EXPLAINED}`);
  const consumers: SalvagedConsumer[] = [];
  for (const { id, name } of target.all<{ id: number; name: string }>(
    'SELECT id, name FROM consumer ORDER BY id',
  )) {
    // Of a damaged table, only what is there can agree with itself.
    const there = !tables.broken.has('counter') || old.has(`consumer:${id}:accepted`);
    const trusted = there && consumerLaw(old, id);
    complete &&= trusted || gapless;
    const one = settleConsumer(work, { id, name }, trusted ? old : new Map(), counters, trusted);
    damaged = Math.max(damaged, one.damaged);
    consumers.push(one);
  }
  const messages = count(work, 'SELECT count(*) AS count FROM message');
  settleJournal(work, old, counters, messages + damaged);
  target.run('UPDATE intake SET first = 0, last = 0');
  for (const [name, value] of counters) {
    if (value !== 0) target.run('INSERT OR REPLACE INTO counter(name, value) VALUES(?, ?)', name, value);
  }
  countAnew(target);
  return {
    messages,
    damaged,
    complete,
    consumers,
    quarantine: count(work, 'SELECT count(*) AS count FROM quarantine'),
    quarantineDamaged: tables.quarantineDamaged,
    files: count(work, 'SELECT count(*) AS count FROM intake'),
    remembered: count(work, 'SELECT count(*) AS count FROM seen'),
  };
}

/** What a consumer was owed, and what became of it. */
function settleConsumer(
  work: Workplace,
  { id, name }: { readonly id: number; readonly name: string },
  old: Counters,
  counters: Counters,
  trusted: boolean,
): SalvagedConsumer {
  const prefix = `consumer:${id}:`;
  for (const [key, value] of old)
    if (key.startsWith(prefix) && key !== `${prefix}lapseTo`) counters.set(key, value);
  const owed = work.target.get<{ count: number; bytes: number }>(
    'SELECT count(*) AS count, coalesce(sum(len), 0) AS bytes FROM delivery WHERE consumer = ?',
    id,
  ) ?? { count: 0, bytes: 0 };
  const missing = 'SELECT count(*) AS count FROM lost WHERE consumer = ?';
  const damaged = trusted
    ? Math.max(
        (old.get(`${prefix}pending`) ?? 0) - owed.count,
        count(work, `${missing} AND (${EXPLAINED})`, id),
        0,
      )
    : count(work, missing, id);
  const poison = `SELECT count(*) AS count FROM quarantine WHERE kind = 'poison' AND consumer = ?`;
  const dead = Math.max(old.get(`${prefix}dead`) ?? 0, count(work, poison, name));
  const lost = `${prefix}dropped:damaged`;
  counters.set(lost, (counters.get(lost) ?? 0) + damaged);
  counters.set(`${prefix}pending`, owed.count);
  counters.set(`${prefix}pendingBytes`, owed.bytes);
  counters.set(`${prefix}dead`, dead);
  const settled = counters.get(`${prefix}settled`) ?? 0;
  counters.set(`${prefix}accepted`, settled + owed.count + dead + under(counters, `${prefix}dropped:`));
  return { name, pending: owed.count, damaged };
}

function consumerLaw(old: Counters, id: number): boolean {
  const prefix = `consumer:${id}:`;
  const value = (name: string): number => old.get(prefix + name) ?? 0;
  const whole = value('settled') + value('pending') + value('dead') + under(old, `${prefix}dropped:`);
  return value('accepted') === whole && [...old].every(([name, one]) => !name.startsWith(prefix) || one >= 0);
}

function settleJournal(work: Workplace, old: Counters, counters: Counters, atLeast: number): void {
  const value = (name: string): number => old.get(name) ?? 0;
  const sound = value('offered') === value('accepted') + value('duplicate') + under(old, 'quarantined:');
  const reasons = new Map<string, number>();
  for (const [name, one] of old) if (sound && name.startsWith('quarantined:')) reasons.set(name, one);
  const entries = `SELECT reason, count(*) AS count FROM quarantine WHERE kind = 'invalid' GROUP BY reason`;
  for (const row of work.target.all<{ reason: string; count: number }>(entries)) {
    const name = `quarantined:${row.reason}`;
    reasons.set(name, Math.max(reasons.get(name) ?? 0, row.count));
  }
  for (const [name, one] of reasons) counters.set(name, one);
  const accepted = sound ? value('accepted') : atLeast;
  const duplicate = sound ? value('duplicate') : 0;
  counters.set('accepted', accepted);
  counters.set('duplicate', duplicate);
  counters.set('offered', accepted + duplicate + under(counters, 'quarantined:'));
  counters.set('last', lastSequence(work, value('last')));
}

/** Never lower than any number seen: receivers may remember them. */
function lastSequence(work: Workplace, counted: number): number {
  const seen = work.target.get<{ last: number }>(
    `SELECT max(coalesce((SELECT max(seq) FROM message), 0), coalesce((SELECT max(seq) FROM lost), 0),
                coalesce((SELECT max(last) FROM intake), 0)) AS last`,
  );
  return [counted, seen?.last ?? 0].filter((one) => one <= MAX_SEQUENCE).reduce((a, b) => Math.max(a, b), 0);
}

/** Of spool files: as they stand, if they add up. */
function carryFiles(old: Counters, counters: Counters): void {
  const files = [...old].filter(([name]) => name.startsWith('files:'));
  const found = old.get('files:found') ?? 0;
  const sum = files.reduce((all, [name, value]) => (name === 'files:found' ? all : all + value), 0);
  if (sum !== found || files.some(([, value]) => value < 0)) return;
  for (const [name, value] of files) counters.set(name, value);
}

function under(counters: Counters, prefix: string): number {
  let sum = 0;
  for (const [name, value] of counters) if (name.startsWith(prefix)) sum += value;
  return sum;
}

function count({ target }: Workplace, sql: string, ...values: (number | string)[]): number {
  return target.get<{ count: number }>(sql, ...values)?.count ?? 0;
}
