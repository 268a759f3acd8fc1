/** placeholder: the salvage of a damaged store. */

import type { Random } from '../../core/ports.ts';
import { Database } from '../../journal/database.ts';
import { openAttached } from '../../journal/driver.ts';
import type { StoreSalvage } from './options.ts';
import { createSchema } from './schema.ts';

export function salvage(_source: string, target: string, random: Random): StoreSalvage {
  const db = new Database(target, openAttached(target, {}));
  createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
  db.close();
  return { messages: 0, pairs: 0, lost: {}, rows: {}, damaged: [] };
}
