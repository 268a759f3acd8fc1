/**
 * Endpoints, recipients and switched sources that operators made by command, as the store keeps them: the database's part of the
 * configuration. A change is applied here first, so that the whole can be tried out before anything is kept.
 */

import type { NamedSetting, SettingKind, SettingsChange } from '../model/records.ts';
import type { Store } from '../model/store.ts';

/** By name, as the store lists them: the hash of a configuration depends on the order. */
export interface StoredSettings {
  readonly endpoints: readonly NamedSetting[];
  readonly recipients: readonly NamedSetting[];
  /** `{ enabled: false }` by name. */
  readonly sources: readonly NamedSetting[];
}

export type SettingsPart = keyof StoredSettings;

export const settingKinds: Readonly<Record<SettingsPart, SettingKind>> = {
  endpoints: 'endpoint',
  recipients: 'recipient',
  sources: 'source',
};

export const noStoredSettings: StoredSettings = { endpoints: [], recipients: [], sources: [] };

export async function storedSettings(store: Pick<Store, 'settings'>): Promise<StoredSettings> {
  const [endpoints, recipients, sources] = await Promise.all([
    store.settings('endpoint'),
    store.settings('recipient'),
    store.settings('source'),
  ]);
  return { endpoints, recipients, sources };
}

/** What the store will list when the change is kept. */
export function withChange(stored: StoredSettings, { put, remove }: SettingsChange): StoredSettings {
  const changed = (part: SettingsPart): readonly NamedSetting[] => {
    const isOf = ({ kind }: { readonly kind: SettingKind }): boolean => kind === settingKinds[part];
    const settings = new Map(stored[part].map(({ name, value }) => [name, value]));
    for (const { name } of remove.filter(isOf)) settings.delete(name);
    for (const { name, value } of put.filter(isOf)) settings.set(name, value);
    return [...settings]
      .map(([name, value]) => ({ name, value }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };
  return { endpoints: changed('endpoints'), recipients: changed('recipients'), sources: changed('sources') };
}
