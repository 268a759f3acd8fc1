/**
 * Bring over into a new journal whatever can still be read of a damaged one.
 *
 * Called by replace.ts under the instance lock, and by `idmef journal repair`. Reads pages itself (SQLite refuses a
 * damaged tree as a whole), changes nothing of the old file, and keeps one page and one message in memory at a
 * time. What was accepted and is readable is delivered; in doubt twice. What was owed and is not readable is counted.
 *
 * Files: the tables one after the other; then, when something is missing, the pages no tree leads to.
 */

import type { Clock, Random } from '../../core/ports.ts';
import { Database } from '../database.ts';
import { openAttached } from '../driver.ts';
import { DEFAULT_CONSUMER } from '../options.ts';
import { createUnlogged } from '../schema.ts';
import { takeCopies, takeImage, takeStrayCells, takeStrayPages } from './carve.ts';
import { settleFigures } from './figures.ts';
import { markFreePages } from './free-pages.ts';
import { expectedTables, readLayout } from './layout.ts';
import { bringMessages, strayMessages } from './messages.ts';
import { bringDeliveries, decideOwed, lacksMessages, lacksOwed } from './owed.ts';
import { PageSource } from './page-source.ts';
import type { SalvageReport } from './report.ts';
import { bringTables, strayRows, type TableFigures } from './tables.ts';
import type { Gap } from './walk.ts';
import { prepareTarget, type Workplace } from './workplace.ts';

export interface SalvageOptions {
  /** Who is owed the messages where the file does not say it any more. */
  readonly consumers?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Only say what would be saved: the target holds no bodies. */
  readonly plan?: boolean;
}

/** Anywhere: SQLite's temporary file without a name, gone with its connection. */
export const NOWHERE = '';

/**
 * Read the journal `path` with its log, write the new one `target`, which must not exist. It is complete when this
 * returns, but not synced and not in WAL mode (replace.ts does both); a failure leaves an incomplete file.
 */
export function salvage(path: string, target: string, options: SalvageOptions): SalvageReport {
  const source = new PageSource(path);
  let db: Database | undefined;
  try {
    db = new Database(target, openAttached(target, {}));
    createUnlogged(db, Buffer.from(options.random.bytes(16)).toString('hex'));
    return bringOver(source, db, options);
  } finally {
    db?.close();
    source.close();
  }
}

function bringOver(source: PageSource, target: Database, options: SalvageOptions): SalvageReport {
  const used = new Uint8Array(source.count + 1);
  const { tables } = readLayout(source, used);
  const { consumers = [], plan } = options;
  const names = consumers.length === 0 ? [DEFAULT_CONSUMER] : consumers;
  const expected = expectedTables();
  const work: Workplace = { source, used, tables, expected, target, consumers: names, bodies: plan !== true };
  prepareTarget(target);
  return target.transaction(() => {
    const figures: TableFigures = { broken: new Set(), quarantineDamaged: 0 };
    bringTables(work, figures);
    bringMessages(work);
    const gaps = bringDeliveries(work);
    // An image whose page is not certain may be the newest of any page: nothing of what was read is complete.
    if (source.wal.damaged.length > 0) gaps.push({ after: undefined, before: undefined });
    const missing = lacksMessages(work);
    if (missing || figures.broken.size > 0 || gaps.length > 0) bringStrays(work, figures);
    const active = settleConsumers(work);
    decideOwed(work, gaps, active);
    settleLedger(work, gaps);
    const report = settleFigures(work, figures, !missing && gaps.length === 0);
    // The end of a damaged log may have been a torn transaction, or messages.
    return source.wal.broken && source.wal.tail ? { ...report, complete: false } : report;
  });
}

function bringStrays(work: Workplace, figures: TableFigures): void {
  const { source, used } = work;
  markFreePages(source, used);
  const wanted = [strayMessages(work), ...strayRows(work, figures)];
  takeStrayPages(source, used, wanted);
  takeStrayCells(source, used, wanted);
  if (lacksOwed(work)) takeCopies(source, used, [strayMessages(work)]);
  if (source.wal.damaged.length === 0) return;
  for (const image of source.damagedImages()) takeImage(source, image, wanted);
  // What a damaged image has hidden: it may bear the number of another page.
  source.believe(false);
  const again = new Uint8Array(source.count + 1);
  markFreePages(source, again);
  takeStrayPages(source, again, [strayMessages(work)]);
  takeStrayCells(source, again, [strayMessages(work)]);
}

/** Everybody who may be owed something has a row. Returns the ids of the active ones. */
function settleConsumers({ target, consumers }: Workplace): number[] {
  const select = 'SELECT id FROM consumer WHERE active <> 0 ORDER BY id';
  target.run('UPDATE consumer SET active = 1 WHERE active <> 0');
  if (target.get(select) === undefined) {
    for (const name of consumers) {
      target.run(
        'INSERT INTO consumer(name, active) VALUES(?, 1) ON CONFLICT(name) DO UPDATE SET active = 1',
        name,
      );
    }
  }
  target.run(`
    INSERT OR IGNORE INTO consumer(name, active) SELECT DISTINCT consumer, 0 FROM quarantine WHERE kind = 'poison'
      AND consumer IS NOT NULL`);
  return target.all<{ id: number }>(select).map(({ id }) => id);
}

/**
 * A spool file is known as taken only if none of its messages may be lost: else it is taken once more, if it is still
 * there. That one was removed by hand withdraws nothing any more: numbers may belong to others now.
 */
function settleLedger({ target }: Workplace, gaps: readonly Gap[]): void {
  target.exec(`
    INSERT OR IGNORE INTO gone(seq) SELECT seq FROM lost;
    INSERT OR IGNORE INTO gone(seq) SELECT seq FROM bad WHERE seq NOT IN (SELECT seq FROM message);
    DELETE FROM intake WHERE first > 0 AND EXISTS (SELECT 1 FROM gone WHERE seq BETWEEN first AND last);
  `);
  if (gaps.length > 0) {
    target.run(`
      DELETE FROM intake WHERE first > 0
        AND (SELECT count(*) FROM message WHERE seq BETWEEN first AND last) <= last - first`);
  }
  target.exec(`
    DELETE FROM seen WHERE origin NOT IN (SELECT id FROM origin);
    UPDATE origin SET remembered = (SELECT count(*) FROM seen WHERE seen.origin = origin.id);
  `);
}
