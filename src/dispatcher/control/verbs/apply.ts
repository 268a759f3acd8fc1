/** `export` and `apply`: everything commands have made (endpoints, recipients, switched sources) as one document, and from one. */

import { z } from 'zod';

import {
  type SettingsPart,
  settingKinds,
  type StoredSettings,
  storedSettings,
} from '../../config/stored-settings.ts';
import type { ChangeNote, NamedSetting, SettingsChange } from '../../model/records.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';

const settings = z.record(z.string(), z.record(z.string(), z.unknown())).default({});

const document = z.strictObject({
  endpoints: settings,
  recipients: settings,
  sources: settings,
  /** What is not named is removed. */
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});

type Wanted = Readonly<Record<SettingsPart, z.output<typeof settings>>>;

const parts = ['endpoints', 'recipients', 'sources'] as const;

export const applyVerbs = {
  /** With the secrets that the database keeps, or it could not be applied elsewhere. */
  export: verb(z.strictObject({}), async ({ store }) => {
    const stored = await storedSettings(store);
    const asMap = (list: readonly NamedSetting[]): Record<string, NamedSetting['value']> =>
      Object.fromEntries(list.map(({ name, value }) => [name, value]));
    return {
      endpoints: asMap(stored.endpoints),
      recipients: asMap(stored.recipients),
      sources: asMap(stored.sources),
    };
  }),
  apply: verb(document, async (context, { prune, dryRun, ...wanted }, by) => {
    const edit = (stored: StoredSettings): SettingsChange => changeTo(stored, wanted, prune);
    if (!dryRun) {
      const note = (change: SettingsChange): ChangeNote => {
        const { put, removed } = named(change);
        const detail = [...put, ...removed.map((one) => `-${one}`)].join(', ');
        return noteOf(context, by, 'config.apply', detail);
      };
      return named(await context.changeSettings(edit, note));
    }
    const change = edit(await storedSettings(context.store));
    await context.tryOut(change);
    return named(change);
  }),
} as const;

function named({ put, remove }: SettingsChange): {
  readonly put: readonly string[];
  readonly removed: readonly string[];
} {
  const name = (one: { readonly kind: string; readonly name: string }): string => `${one.kind} ${one.name}`;
  return { put: put.map(name), removed: remove.map(name) };
}

function changeTo(stored: StoredSettings, wanted: Wanted, prune: boolean): SettingsChange {
  const each = parts.map((part) => ({ kind: settingKinds[part], wished: wanted[part], there: stored[part] }));
  return {
    put: each.flatMap(({ kind, wished }) =>
      Object.entries(wished).map(([name, value]) => ({ kind, name, value })),
    ),
    remove: each.flatMap(({ kind, wished, there }) =>
      there.filter(({ name }) => prune && !Object.hasOwn(wished, name)).map(({ name }) => ({ kind, name })),
    ),
  };
}
