/** Endpoints, recipients and source switches operators made, the versions of the configuration, and small state. */

import type { ConfigVersion, NamedSetting, SettingKind, SettingsChange } from '../model/records.ts';
import { parseObject } from './facts.ts';
import type { Ledger } from './ledger.ts';

export function listSettings({ db }: Ledger, kind: SettingKind): NamedSetting[] {
  return db
    .all<{ name: string; value: string }>(
      'SELECT name, value FROM setting WHERE kind = ? ORDER BY name',
      kind,
    )
    .map(({ name, value }) => ({ name, value: parseObject(value) }));
}

/** Within a transaction. */
export function changeSettings({ db }: Ledger, { put, remove }: SettingsChange): void {
  for (const { kind, name } of remove) db.run('DELETE FROM setting WHERE kind = ? AND name = ?', kind, name);
  const insert = 'INSERT OR REPLACE INTO setting(kind, name, value) VALUES(?, ?, ?)';
  for (const { kind, name, value } of put) db.run(insert, kind, name, JSON.stringify(value));
}

/** The version in force has no `replaced_at`; retention keeps the others as long as messages routed under them. */
export function keepConfig({ db }: Ledger, { hash, text, at, provenance }: ConfigVersion): boolean {
  db.run('UPDATE config SET replaced_at = ? WHERE replaced_at IS NULL AND hash <> ?', at, hash);
  if (db.run('UPDATE config SET replaced_at = NULL WHERE hash = ?', hash) > 0) return false;
  db.run('INSERT INTO config(hash, text, at, provenance) VALUES(?, ?, ?, ?)', hash, text, at, provenance);
  return true;
}

export function getState({ db }: Ledger, key: string): string | undefined {
  return db.get<{ value: string }>('SELECT value FROM state WHERE key = ?', key)?.value;
}

export function setState({ db }: Ledger, key: string, value: string): void {
  db.run('INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)', key, value);
}
