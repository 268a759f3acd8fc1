/**
 * Bring over into a new store whatever can still be read of a damaged one.
 *
 * Called by replace.ts with a copy of the file. SQLite reads it table by table, in ranges that are halved around what it
 * cannot read (salvage-tables.ts). Where the first page is damaged, it is taken from a new file: the tables are made
 * in the same order in every store, so their roots are where they have always been. Then the books are made right:
 * what was leased is due again, what was owed and cannot be read is counted as dropped (salvage-settle.ts).
 */

import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Random } from '../../core/ports.ts';
import { Database } from '../../journal/database.ts';
import { AS, openAttached } from '../../journal/driver.ts';
import type { StoreSalvage } from './options.ts';
import { bringTables } from './salvage-tables.ts';
import { settleBooks } from './salvage-settle.ts';
import { configure, createSchema } from './schema.ts';

const PAGE_COUNT_AT = 28;

/**
 * Read the file `source`, which may be changed, write the new one `target`, which is empty. It is complete when this returns, but not
 * synced.
 *
 * @param now wall ms
 */
export function salvage(source: string, target: string, random: Random, now: number): StoreSalvage {
  const db = new Database(target, openAttached(target, {}));
  try {
    createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
    // It counts only when it is complete.
    db.exec(`PRAGMA ${AS}.synchronous = OFF`);
    const old = openOld(source, random);
    try {
      return db.transaction(() => {
        const brought = bringTables(old, db);
        const { lost, pairs, messages } = settleBooks(db, brought, now);
        return { messages, pairs, lost, rows: brought.rows, damaged: brought.damaged };
      });
    } finally {
      old?.close();
      db.exec(`PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`);
    }
  } finally {
    db.close();
  }
}

/** Undefined: nothing of it is a database. */
function openOld(path: string, random: Random): Database | undefined {
  for (const prepare of [undefined, () => replaceFirstPage(path, random)]) {
    let db: Database | undefined;
    try {
      prepare?.();
      db = new Database(path, openAttached(path, {}));
      configure(db);
      const tables = db.get(`SELECT 1 AS found FROM ${AS}.sqlite_schema WHERE name = 'message'`);
      if (tables !== undefined) return db;
    } catch {
      // Whatever SQLite says of it is about its first page.
    }
    db?.close();
  }
  return undefined;
}

function replaceFirstPage(path: string, random: Random): void {
  const model = `${path}.page`;
  rmSync(model, { force: true });
  const db = new Database(model, openAttached(model, {}));
  let pageBytes: number;
  try {
    createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
    pageBytes = db.pragma('page_size');
  } finally {
    db.close();
  }
  const page = Buffer.alloc(pageBytes);
  const from = openSync(model, 'r');
  const to = openSync(path, 'r+');
  try {
    readSync(from, page, 0, pageBytes, 0);
    page.writeUInt32BE(Math.floor(statSync(path).size / pageBytes), PAGE_COUNT_AT);
    writeSync(to, page, 0, pageBytes, 0);
  } finally {
    closeSync(from);
    closeSync(to);
    rmSync(model, { force: true });
  }
}
