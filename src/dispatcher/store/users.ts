/** Who may log in, and which API keys there are. Of passwords and keys only hashes are stored. */

import { RelayError } from '../../core/errors.ts';
import { storeLimits } from '../../core/limits.ts';
import type { ApiKey, KeyChange, KeyScope, User, UserRole } from '../model/records.ts';
import { toBuffer } from './facts.ts';
import type { Ledger } from './ledger.ts';

interface KeyRow {
  readonly id: number;
  readonly hash: Uint8Array;
  readonly prefix: string;
  readonly owner: string;
  readonly scopes: string;
  readonly channels: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

const scopeNames: readonly string[] = ['ingest', 'read'] satisfies KeyScope[];

export function listUsers({ db }: Ledger): User[] {
  const rows = db.all<{
    name: string;
    role: string;
    password_hash: string | null;
    created_at: number;
    disabled: number;
  }>('SELECT * FROM user ORDER BY name');
  return rows.map(({ name, role, password_hash: hash, created_at: createdAt, disabled }) => ({
    name,
    role: toRole(role),
    ...(hash === null ? {} : { passwordHash: hash }),
    createdAt,
    ...(disabled === 0 ? {} : { disabled: true as const }),
  }));
}

export function putUser({ db }: Ledger, { name, role, passwordHash, createdAt, disabled }: User): void {
  db.run(
    'INSERT OR REPLACE INTO user(name, role, password_hash, created_at, disabled) VALUES(?, ?, ?, ?, ?)',
    name,
    role,
    passwordHash ?? null,
    createdAt,
    disabled === true ? 1 : 0,
  );
}

export function removeUser({ db }: Ledger, name: string): boolean {
  return db.run('DELETE FROM user WHERE name = ?', name) > 0;
}

export function listKeys({ db }: Ledger): ApiKey[] {
  return db.all<KeyRow>('SELECT * FROM api_key ORDER BY id').map(toKey);
}

/** Whether the key is worth anything is for the key ring to say; that it was used is written down to the minute. */
export function findKey({ db }: Ledger, hash: Buffer): ApiKey | undefined {
  const row = db.get<KeyRow>('SELECT * FROM api_key WHERE hash = ?', hash);
  return row === undefined ? undefined : toKey(row);
}

export function isUseNews({ lastUsedAt }: ApiKey, now: number): boolean {
  return lastUsedAt === undefined || Math.abs(now - lastUsedAt) >= storeLimits.keyUsedMs;
}

export function useKey({ db }: Ledger, id: number, now: number): void {
  db.run('UPDATE api_key SET last_used_at = ? WHERE id = ?', now, id);
}

/** Within a transaction. */
export function addKey(
  ledger: Ledger,
  key: Omit<ApiKey, 'id'>,
  replaced?: { readonly id: number; readonly revokedAt: number },
): ApiKey {
  const { hash, prefix, owner, scopes, channels, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  if (findKey(ledger, hash) !== undefined) throw new RelayError('USAGE', `key ${prefix}…: it exists already`);
  ledger.db.run(
    `INSERT INTO api_key(hash, prefix, owner, scopes, channels, created_at, expires_at, revoked_at, last_used_at)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    hash,
    prefix,
    owner,
    JSON.stringify(scopes),
    channels === undefined ? null : JSON.stringify(channels),
    createdAt,
    expiresAt ?? null,
    revokedAt ?? null,
    lastUsedAt ?? null,
  );
  const made = findKey(ledger, hash);
  if (made === undefined) throw new RelayError('BUG', 'a key that was not kept');
  if (replaced !== undefined) changeKey(ledger, replaced.id, { revokedAt: replaced.revokedAt });
  return made;
}

export function changeKey({ db }: Ledger, id: number, change: KeyChange): boolean {
  return (
    db.run(
      'UPDATE api_key SET revoked_at = coalesce(?, revoked_at), scopes = coalesce(?, scopes) WHERE id = ?',
      change.revokedAt ?? null,
      change.scopes === undefined ? null : JSON.stringify(change.scopes),
      id,
    ) > 0
  );
}

function toKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    hash: toBuffer(row.hash),
    prefix: row.prefix,
    owner: row.owner,
    scopes: texts(row.scopes).filter(isScope),
    ...(row.channels === null ? {} : { channels: texts(row.channels) }),
    createdAt: row.created_at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  };
}

function texts(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map(String) : [];
}

function isScope(text: string): text is KeyScope {
  return scopeNames.includes(text);
}

/** What is none of the three may as little as possible. */
function toRole(text: string): UserRole {
  return text === 'admin' || text === 'responder' ? text : 'viewer';
}
