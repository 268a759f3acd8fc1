/** `users list|add|set|password|enable|disable|remove`. Passwords are typed where nobody sees them, twice. */

import { askPassword } from '../ask-password.ts';
import type { Settings } from '../settings.ts';
import { jsonLines, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import type { VerbContext } from './verb-context.ts';
import { byWord } from './words.ts';

const roles = ['viewer', 'responder', 'admin'] as const;

function roleOf(settings: Settings): { readonly role?: (typeof roles)[number] } {
  return settings.has('role') ? { role: settings.choice('role', roles) } : {};
}

function able(disabled: boolean) {
  return async ({ operands: [name = ''], withControl }: VerbContext): Promise<number> =>
    await withControl(async (control) => {
      await control.call('users.set', { name, disabled });
      return 0;
    });
}

export const runUsers = byWord(wordTables.users, {
  list: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
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
    }),
  add: async ({ operands: [name = ''], settings, withControl }) => {
    const password = settings.flag('no-password')
      ? {}
      : { password: await askPassword(`password of ${name}`) };
    return await withControl(async (control) => {
      await control.call('users.add', { name, ...roleOf(settings), ...password });
      return 0;
    });
  },
  set: async ({ operands: [name = ''], settings, withControl, misuse }) => {
    if (!settings.has('role')) throw misuse('missing --role');
    return await withControl(async (control) => {
      await control.call('users.set', { name, ...roleOf(settings) });
      return 0;
    });
  },
  password: async ({ operands: [name = ''], withControl }) => {
    const password = await askPassword(`new password of ${name}`);
    return await withControl(async (control) => {
      await control.call('users.set', { name, password });
      return 0;
    });
  },
  enable: able(false),
  disable: able(true),
  remove: async ({ operands: [name = ''], withControl }) =>
    await withControl(async (control) => {
      await control.call('users.remove', { name });
      return 0;
    }),
});
