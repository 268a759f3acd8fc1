/** `import alertgateway`: keeps what was planned (src/dispatcher/import), all of it tried out before anything is written. */

import { z } from 'zod';

import type { SettingsChange } from '../../model/records.ts';
import { settingKinds } from '../../config/stored-settings.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';

const WHAT = 'import.alertgateway';

const settings = z.record(z.string(), z.record(z.string(), z.unknown()));

const wish = z.strictObject({
  users: z.array(
    z.strictObject({
      name: z.string(),
      passwordHash: z.string().optional(),
      keyHash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
      keyPrefix: z.string().optional(),
    }),
  ),
  endpoints: settings,
  recipients: settings,
  dryRun: z.boolean(),
});

export interface ImportReport {
  readonly made: readonly string[];
  /** There already: left as they are. */
  readonly kept: readonly string[];
}

export const importVerbs = {
  'import.alertgateway': verb(
    wish,
    async (context, { users, dryRun, ...wanted }, by): Promise<ImportReport> => {
      const { store } = context;
      const made: string[] = [];
      const kept: string[] = [];
      const put: SettingsChange['put'][number][] = [];
      for (const part of ['endpoints', 'recipients'] as const) {
        const kind = settingKinds[part];
        const there = new Set(context.config()[part].map(({ name }) => name));
        for (const [name, value] of Object.entries(wanted[part])) {
          (there.has(name) ? kept : made).push(`${kind} ${name}`);
          if (!there.has(name)) put.push({ kind, name, value });
        }
      }
      const known = new Set((await store.users()).map(({ name }) => name));
      const keys = new Set((await store.keys()).map(({ hash }) => Buffer.from(hash).toString('hex')));
      for (const { name, keyHash } of users) {
        (known.has(name) ? kept : made).push(`user ${name}`);
        if (keyHash !== undefined) (keys.has(keyHash) ? kept : made).push(`key of ${name}`);
      }
      await context.tryOut({ put, remove: [] });
      if (dryRun || made.length === 0) return { made, kept };
      // Users first: what an interrupted import leaves is harmless, and the next run makes the rest.
      for (const user of users) await takeUser(context, user, by, known, keys);
      await context.changed('users');
      await context.changed('keys');
      if (put.length > 0) {
        const detail = put.map(({ kind, name }) => `${kind} ${name}`).join(', ');
        await context.changeSettings(() => ({ put, remove: [] }), noteOf(context, by, WHAT, detail));
      }
      return { made, kept };
    },
  ),
} as const;

async function takeUser(
  context: ControlContext,
  { name, passwordHash, keyHash, keyPrefix = '' }: z.output<typeof wish>['users'][number],
  by: string,
  known: ReadonlySet<string>,
  keys: ReadonlySet<string>,
): Promise<void> {
  const { store } = context;
  const createdAt = context.clock.now();
  if (!known.has(name)) {
    const password = passwordHash === undefined ? {} : { passwordHash };
    const note = noteOf(context, by, WHAT, `user ${name}`);
    await store.audited(note, 'putUser', { name, role: 'viewer', createdAt, ...password });
  }
  if (keyHash === undefined || keys.has(keyHash)) return;
  const hash = Buffer.from(keyHash, 'hex');
  const note = noteOf(context, by, WHAT, ` is the key of ${name}`, true);
  const key = { hash, prefix: keyPrefix, owner: name, scopes: ['ingest'] as const, createdAt };
  await store.audited(note, 'addKey', key);
}
