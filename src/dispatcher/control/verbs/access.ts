/** `keys …` and `users …`. A key is shown once, when it is made; only its hash is kept. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { makeKey } from '../../keys/api-key.ts';
import { works } from '../../keys/key-ring.ts';
import { hashPassword } from '../../keys/password.ts';
import type { ApiKey, ChangeNote, User } from '../../model/records.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';

const scope = z.enum(['ingest', 'read']);
const userName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/, { error: 'not a name for a user' });

export type PlainKey = Omit<ApiKey, 'hash'>;
export type PlainUser = Omit<User, 'passwordHash'> & { readonly password: 'none' | 'scrypt' | 'bcrypt' };

function plainKey(key: ApiKey): PlainKey {
  const { hash, ...plain } = key;
  void hash;
  return plain;
}

function plainUser({ passwordHash, ...user }: User): PlainUser {
  const password =
    passwordHash === undefined ? 'none' : passwordHash.startsWith('scrypt$') ? 'scrypt' : 'bcrypt';
  return { ...user, password };
}

async function userOf({ store }: ControlContext, name: string): Promise<User> {
  const user = (await store.users()).find((one) => one.name === name);
  if (user !== undefined) return user;
  throw new RelayError('NOT_FOUND', `there is no user '${name}'`, { hint: `make one: users add ${name}` });
}

async function keyOf({ store }: ControlContext, id: number): Promise<ApiKey> {
  const key = (await store.keys()).find((one) => one.id === id);
  if (key !== undefined) return key;
  throw new RelayError('NOT_FOUND', `there is no key ${id}`);
}

interface KeyWish {
  readonly owner: string;
  readonly scopes: ApiKey['scopes'];
  readonly channels?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
}

async function issue(
  context: ControlContext,
  { owner, scopes, channels, expiresAt }: KeyWish,
  note: ChangeNote,
  replaced?: { readonly id: number; readonly revokedAt: number },
): Promise<{ readonly key: string; readonly record: PlainKey }> {
  const { text: key, hash, prefix } = makeKey(context.random);
  const wanted = {
    hash,
    prefix,
    owner,
    scopes,
    createdAt: context.clock.now(),
    ...(channels === undefined ? {} : { channels }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const record = await context.store.audited(note, 'addKey', wanted, replaced);
  await context.changed('keys');
  return { key, record: plainKey(record) };
}

/** Now, unless it was earlier. */
async function revoke(
  context: ControlContext,
  { id, owner, revokedAt = Infinity }: ApiKey,
  by: string,
): Promise<void> {
  const now = context.clock.now();
  if (now >= revokedAt) return;
  const note = noteOf(context, by, 'key.revoke', `${id} (${owner})`);
  await context.store.audited(note, 'changeKey', id, { revokedAt: now });
}

export const accessVerbs = {
  'keys.list': verb(z.strictObject({ owner: z.string().optional() }), async ({ store }, { owner }) =>
    (await store.keys()).filter((key) => owner === undefined || key.owner === owner).map(plainKey),
  ),
  'keys.add': verb(
    z.strictObject({
      owner: userName,
      scopes: z.array(scope).min(1).default(['ingest']),
      channels: z.array(z.string()).optional(),
      expiresAt: z.number().optional(),
    }),
    async (context, wish, by) => {
      await userOf(context, wish.owner);
      const detail = ` (${wish.owner}): ${wish.scopes.join(', ')}`;
      return await issue(context, wish, noteOf(context, by, 'key.add', detail, true));
    },
  ),
  /** A new key with the same rights; the old one goes on for `graceMs`, so that clients can be changed one by one. */
  'keys.rotate': verb(
    z.strictObject({ id: z.number().int(), graceMs: z.number().int().min(0).default(0) }),
    async (context, { id, graceMs }, by) => {
      const old = await keyOf(context, id);
      const now = context.clock.now();
      if (!works(old, now)) {
        throw new RelayError('INVALID_INPUT', `key ${id} does not work any more`, {
          hint: `make a new one: keys add ${old.owner}`,
        });
      }
      const note = noteOf(context, by, 'key.rotate', ` instead of ${id} (${old.owner})`, true);
      const revokedAt = Math.min(old.revokedAt ?? Infinity, now + graceMs);
      return await issue(context, old, note, { id, revokedAt });
    },
  ),
  'keys.revoke': verb(z.strictObject({ id: z.number().int() }), async (context, { id }, by) => {
    await revoke(context, await keyOf(context, id), by);
    await context.changed('keys');
  }),
  'users.list': verb(z.strictObject({}), async ({ store }) => (await store.users()).map(plainUser)),
  'users.add': verb(
    z.strictObject({
      name: userName,
      role: z.enum(['viewer', 'responder', 'admin']).default('viewer'),
      password: z.string().min(1).optional(),
    }),
    async (context, { name, role, password }, by) => {
      if ((await context.store.users()).some((one) => one.name === name)) {
        throw new RelayError('INVALID_INPUT', `there is a user '${name}' already`);
      }
      await context.store.audited(noteOf(context, by, 'user.add', `${name}: ${role}`), 'putUser', {
        name,
        role,
        createdAt: context.clock.now(),
        ...(password === undefined ? {} : { passwordHash: await hashPassword(password, context.random) }),
      });
      await context.changed('users');
    },
  ),
  'users.set': verb(
    z.strictObject({
      name: z.string(),
      role: z.enum(['viewer', 'responder', 'admin']).optional(),
      password: z.string().min(1).optional(),
      disabled: z.boolean().optional(),
    }),
    async (context, { name, role, password, disabled }, by) => {
      const { disabled: was, ...old } = await userOf(context, name);
      const off = disabled ?? was === true;
      const what = [
        role,
        password && 'password',
        disabled === undefined ? undefined : disabled ? 'disabled' : 'enabled',
      ];
      const note = noteOf(context, by, 'user.set', `${name}: ${what.filter(Boolean).join(', ')}`);
      await context.store.audited(note, 'putUser', {
        ...old,
        ...(role === undefined ? {} : { role }),
        ...(password === undefined ? {} : { passwordHash: await hashPassword(password, context.random) }),
        ...(off ? { disabled: true as const } : {}),
      });
      await context.changed('users');
    },
  ),
  /** With their keys. Their channels stay, without an owner who could post to them: nothing queued is lost. */
  'users.remove': verb(z.strictObject({ name: z.string() }), async (context, { name }, by) => {
    await userOf(context, name);
    for (const key of await context.store.keys()) {
      if (key.owner === name) await revoke(context, key, by);
    }
    await context.store.audited(noteOf(context, by, 'user.remove', name), 'removeUser', name);
    await context.changed('users');
  }),
} as const;
