/**
 * The statements a journal's tables and indexes are made with, as SQLite keeps them.
 *
 * Used by prove.ts and open.ts, to tell a schema that was damaged from one that is of another format.
 */

import { Database } from './database.ts';
import { AS, openAttached } from './driver.ts';
import { createSchema } from './schema.ts';

/** Of a file made by this program. */
export function ownDefinitions(): ReadonlySet<string> {
  const model = new Database(':memory:', openAttached(':memory:', {}));
  try {
    createSchema(model, '');
    return definitionsIn(model);
  } finally {
    model.close();
  }
}

export function definitionsIn(db: Database): ReadonlySet<string> {
  // Of a damaged schema it need not be text.
  const select = `SELECT CAST(sql AS TEXT) AS sql FROM ${AS}.sqlite_schema WHERE sql IS NOT NULL`;
  return new Set(db.all<{ sql: string }>(select).map(({ sql }) => normal(sql)));
}

export function sameDefinitions(found: Iterable<string>): boolean {
  const own = ownDefinitions();
  const others = new Set([...found].map(normal));
  return own.size === others.size && [...own].every((one) => others.has(one));
}

function normal(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').trim();
}
