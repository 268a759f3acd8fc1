/**
 * What commands have made, read out of the store's file from outside: for `check`, which neither waits for a service nor leaves anything
 * behind.
 *
 * Without a log, or with an empty one, all is in the one file, which is then read without locks and without a log of ours beside it;
 * else as any reader beside a running service.
 */

import { accessSync, constants, statSync } from 'node:fs';

import { RelayError, systemCode } from '../../core/errors.ts';
import { storeLimits } from '../../core/limits.ts';
import { Database } from '../../journal/database.ts';
import { openAttached } from '../../journal/driver.ts';
import { explainFailure } from '../../journal/sqlite-errors.ts';
import type { NamedSetting, SettingKind } from '../model/records.ts';
import { APPLICATION_ID } from './schema.ts';
import { listSettings } from './settings.ts';

/** Undefined where there is no store yet. Throws RelayError JOURNAL_…, STATE_OWNER for one that cannot be read. */
export function lookAtSettings(path: string): ((kind: SettingKind) => readonly NamedSetting[]) | undefined {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw new RelayError('STATE_OWNER', `${path} cannot be read by this user`, { cause: error });
  }
  let db: Database | undefined;
  try {
    const withoutLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
    const options = { readOnly: true, timeout: storeLimits.lookWaitMs };
    db = new Database(path, openAttached(path, options, withoutLog));
    // An empty file: a service that began and got no further.
    if (db.pragma('application_id') !== APPLICATION_ID) return undefined;
    const ledger = { db };
    const kinds: readonly SettingKind[] = ['endpoint', 'recipient', 'source'];
    const settings = new Map(kinds.map((kind) => [kind, listSettings(ledger, kind)]));
    return (kind) => settings.get(kind) ?? [];
  } catch (error) {
    throw explainFailure(error, path);
  } finally {
    db?.close();
  }
}
