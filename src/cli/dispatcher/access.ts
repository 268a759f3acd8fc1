/** `keys` and `users`. Passwords are typed where nobody sees them, twice. */

import type { Control } from '../../dispatcher/control/call.ts';
import { askPassword } from '../ask-password.ts';
import { jsonLine, jsonLines, textTable, when } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runKeys(verb: VerbContext): Promise<number> {
  const { operands, json, withControl, print, misuse, settings } = verb;
  const [word, what, ...rest] = operands;
  if (rest.length > 0) throw misuse(`unexpected argument '${rest[0]}'`);
  return withControl(async (control) => {
    if (word === 'list') {
      const keys = await control.call('keys.list', {});
      const now = Date.now();
      const rows = keys.map((key) => [
        String(key.id),
        `${key.prefix}…`,
        key.owner,
        key.scopes.join(','),
        key.channels?.join(',') ?? 'all of the owner',
        key.revokedAt !== undefined && key.revokedAt <= now
          ? `revoked ${when(key.revokedAt)}`
          : when(key.expiresAt),
        when(key.lastUsedAt),
      ]);
      await print(
        json
          ? jsonLines(keys)
          : textTable(['KEY', 'BEGINS', 'OWNER', 'SCOPES', 'CHANNELS', 'ENDS', 'LAST USED'], rows),
      );
      return 0;
    }
    if (what === undefined)
      throw misuse(word === undefined ? 'missing list, add, rotate or revoke' : 'missing OWNER or N');
    switch (word ?? '') {
      case 'add':
        return await shown(verb, await addKey(verb, control, what));
      case 'rotate':
        return await shown(
          verb,
          await control.call('keys.rotate', { id: Number(what), graceMs: settings.duration('grace') }),
        );
      case 'revoke':
        await control.call('keys.revoke', { id: Number(what) });
        return 0;
      default:
        throw misuse(`unknown word '${word}'`);
    }
  });
}

interface Issued {
  readonly key: string;
  readonly record: { readonly id: number };
}

async function addKey({ settings }: VerbContext, control: Control, owner: string): Promise<Issued> {
  const known = ['ingest', 'read', 'operate', 'admin'] as const;
  const wanted = settings.texts('scope') ?? ['ingest'];
  const channels = settings.texts('channel');
  const lastsMs = settings.optionalDuration('expires');
  return control.call('keys.add', {
    owner,
    scopes: known.filter((scope) => wanted.includes(scope)),
    ...(channels === undefined ? {} : { channels: [...channels] }),
    ...(lastsMs === undefined ? {} : { expiresAt: Date.now() + lastsMs }),
  });
}

async function shown({ json, print }: VerbContext, issued: Issued): Promise<number> {
  await print(json ? jsonLine(issued) : `${issued.key}\n`);
  return 0;
}

export async function runUsers(verb: VerbContext): Promise<number> {
  const { operands, json, withControl, print, misuse, settings } = verb;
  const [word, name, ...rest] = operands;
  if (rest.length > 0) throw misuse(`unexpected argument '${rest[0]}'`);
  const role = settings.has('role') ? settings.choice('role', ['viewer', 'responder', 'admin']) : undefined;
  const roleGiven = role === undefined ? {} : { role };
  return withControl(async (control) => {
    if (word === 'list') {
      const users = await control.call('users.list', {});
      const rows = users.map((user) => [
        user.name,
        user.role,
        user.disabled === true ? 'disabled' : 'enabled',
        user.password,
        when(user.createdAt),
      ]);
      await print(json ? jsonLines(users) : textTable(['USER', 'ROLE', 'STATE', 'PASSWORD', 'SINCE'], rows));
      return 0;
    }
    if (name === undefined) throw misuse(word === undefined ? 'missing list, add, set, …' : 'missing NAME');
    switch (word ?? '') {
      case 'add': {
        const password = settings.flag('no-password') ? undefined : await askPassword(`password of ${name}`);
        await control.call('users.add', {
          name,
          ...roleGiven,
          ...(password === undefined ? {} : { password }),
        });
        return 0;
      }
      case 'set':
        await control.call('users.set', { name, ...roleGiven });
        return 0;
      case 'password':
        await control.call('users.set', { name, password: await askPassword(`new password of ${name}`) });
        return 0;
      case 'enable':
      case 'disable':
        await control.call('users.set', { name, disabled: word === 'disable' });
        return 0;
      case 'remove':
        await control.call('users.remove', { name });
        return 0;
      default:
        throw misuse(`unknown word '${word}'`);
    }
  });
}
