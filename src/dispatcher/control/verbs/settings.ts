/**
 * Endpoints and recipients made by command, and switched sources: `endpoints …`, `recipients …`, `sources …`, `export`, `apply`. A change is
 * tried out on the whole configuration before it is kept; what the file provides is read-only.
 */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import type { StoredSettings } from '../../config/load-config.ts';
import { problemLine } from '../../config/problem.ts';
import type { NamedSetting, SettingKind } from '../../model/records.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { audited } from './audited.ts';

type Part = keyof StoredSettings;

const kinds: Readonly<Record<Part, SettingKind>> = {
  endpoints: 'endpoint',
  recipients: 'recipient',
  sources: 'source',
};

const named = z.strictObject({ name: z.string(), value: z.record(z.string(), z.unknown()) });
const byName = z.strictObject({ name: z.string() });

export async function storedSettings({ store }: Pick<ControlContext, 'store'>): Promise<StoredSettings> {
  const [endpoints, recipients, sources] = await Promise.all([
    store.settings('endpoint'),
    store.settings('recipient'),
    store.settings('source'),
  ]);
  return { endpoints, recipients, sources };
}

/** Keep a change if the configuration with it is sound, then take it up. */
async function put(
  context: ControlContext,
  part: Part,
  setting: NamedSetting,
  by: string,
  what: string,
): Promise<void> {
  const stored = await storedSettings(context);
  const others = stored[part].filter(({ name }) => name !== setting.name);
  await tried(context, { ...stored, [part]: [...others, setting] });
  await context.store.putSetting(kinds[part], setting);
  await audited(context, by, what, `${setting.name}: ${Object.keys(setting.value).join(', ')}`);
  await context.reload();
}

async function remove(context: ControlContext, part: Part, name: string, by: string): Promise<void> {
  const stored = await storedSettings(context);
  if (!stored[part].some((one) => one.name === name)) throw readOnly(context, part, name);
  await tried(context, { ...stored, [part]: stored[part].filter((one) => one.name !== name) });
  await context.store.removeSetting(kinds[part], name);
  await audited(context, by, `${kinds[part]}.remove`, name);
  await context.reload();
}

async function tried(context: ControlContext, stored: StoredSettings): Promise<void> {
  const problems = await context.tryOut(stored);
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new RelayError('INVALID_INPUT', `${problemLine(first)}${more}`);
}

function readOnly({ config }: ControlContext, part: Part, name: string): RelayError {
  const inFile =
    part !== 'sources' && config()[part].some((one) => one.name === name && one.provenance === 'file');
  return inFile
    ? new RelayError('FORBIDDEN', `${part} ${name} comes from the configuration file`, {
        hint: 'change it there, then reload',
      })
    : new RelayError('NOT_FOUND', `there is no ${kinds[part]} '${name}'`);
}

async function current(context: ControlContext, part: Part, name: string): Promise<NamedSetting> {
  const found = (await storedSettings(context))[part].find((one) => one.name === name);
  if (found === undefined) throw readOnly(context, part, name);
  return found;
}

function add(part: 'endpoints' | 'recipients') {
  return verb(named, async (context: ControlContext, setting: NamedSetting, by: string) => {
    const taken = context.config()[part].some(({ name }) => name === setting.name);
    if (taken) throw new RelayError('INVALID_INPUT', `there is a ${kinds[part]} '${setting.name}' already`);
    await put(context, part, setting, by, `${kinds[part]}.add`);
  });
}

/** Merges keys into what is there; null removes one. */
function set(part: 'endpoints' | 'recipients') {
  return verb(named, async (context: ControlContext, { name, value }: NamedSetting, by: string) => {
    const old = await current(context, part, name);
    const merged = Object.entries({ ...old.value, ...value }).filter(([, one]) => one !== null);
    await put(context, part, { name, value: Object.fromEntries(merged) }, by, `${kinds[part]}.set`);
  });
}

function removal(part: 'endpoints' | 'recipients') {
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) =>
    remove(context, part, name, by),
  );
}

function enabled(value: boolean) {
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) => {
    const old = await current(context, 'recipients', name);
    const what = `recipient.${value ? 'enable' : 'disable'}`;
    await put(context, 'recipients', { name, value: { ...old.value, enabled: value } }, by, what);
  });
}

function switched(value: boolean) {
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) => {
    if (!context.sourceNames().includes(name)) {
      throw new RelayError('NOT_FOUND', `there is no source '${name}'`, {
        hint: `known: ${context.sourceNames().join(', ') || 'none'}`,
      });
    }
    const what = `source.${value ? 'enable' : 'disable'}`;
    await put(context, 'sources', { name, value: { enabled: value } }, by, what);
  });
}

export const settingVerbs = {
  'endpoints.list': verb(z.strictObject({}), async ({ config, types }) =>
    config().endpoints.map(({ name, type, provenance, params }) => ({
      name,
      type,
      provenance,
      params: Object.fromEntries(
        Object.entries(params).map(([key, value]) => [
          key,
          types().get(type)?.secrets.includes(key) === true ? '***' : value,
        ]),
      ),
    })),
  ),
  'endpoints.add': add('endpoints'),
  'endpoints.set': set('endpoints'),
  'endpoints.remove': removal('endpoints'),
  'recipients.list': verb(z.strictObject({}), async ({ config, store, clock }) => {
    const queues = new Map((await store.queues(clock.now())).map((queue) => [queue.recipient, queue]));
    return config().recipients.map((recipient) => ({
      name: recipient.name,
      endpoint: recipient.endpoint,
      audience: recipient.audience,
      enabled: recipient.enabled,
      provenance: recipient.provenance,
      ...(recipient.owner === undefined ? {} : { owner: recipient.owner }),
      queue: queues.get(recipient.name) ?? null,
    }));
  }),
  'recipients.add': add('recipients'),
  'recipients.set': set('recipients'),
  'recipients.remove': removal('recipients'),
  'recipients.enable': enabled(true),
  'recipients.disable': enabled(false),
  'sources.list': verb(z.strictObject({}), async (context) => {
    const { sources } = await storedSettings(context);
    const off = new Set(sources.filter(({ value }) => value['enabled'] === false).map(({ name }) => name));
    const listeners = context.service?.().listeners ?? [];
    return context.sourceNames().map((name) => ({
      name,
      enabled: !off.has(name),
      listeners: listeners.filter(({ source }) => source === name || source === name.split('.')[0]),
    }));
  }),
  'sources.enable': switched(true),
  'sources.disable': switched(false),
  export: verb(z.strictObject({}), async (context) => {
    const stored = await storedSettings(context);
    const asMap = (settings: readonly NamedSetting[]): Record<string, unknown> =>
      Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    return {
      endpoints: asMap(stored.endpoints),
      recipients: asMap(stored.recipients),
      sources: asMap(stored.sources),
    };
  }),
  apply: verb(
    z.strictObject({
      endpoints: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
      recipients: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
      sources: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
      /** What is not named is removed. */
      prune: z.boolean().default(false),
      dryRun: z.boolean().default(false),
    }),
    async (context, { prune, dryRun, ...wanted }, by) => applySettings(context, wanted, prune, dryRun, by),
  ),
} as const;

async function applySettings(
  context: ControlContext,
  wanted: Readonly<Record<Part, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>,
  prune: boolean,
  dryRun: boolean,
  by: string,
): Promise<{ readonly put: readonly string[]; readonly removed: readonly string[] }> {
  const stored = await storedSettings(context);
  const parts = ['endpoints', 'recipients', 'sources'] as const;
  const next = Object.fromEntries(
    parts.map((part) => {
      const kept = prune ? [] : stored[part].filter(({ name }) => wanted[part][name] === undefined);
      return [part, [...kept, ...Object.entries(wanted[part]).map(([name, value]) => ({ name, value }))]];
    }),
  );
  const { endpoints = [], recipients = [], sources = [] } = next;
  await tried(context, { endpoints, recipients, sources });
  const kept = parts.flatMap((part) => Object.keys(wanted[part]).map((name) => `${kinds[part]} ${name}`));
  const gone = parts.flatMap((part) =>
    prune
      ? stored[part]
          .filter(({ name }) => wanted[part][name] === undefined)
          .map(({ name }) => ({ part, name }))
      : [],
  );
  const removed = gone.map(({ part, name }) => `${kinds[part]} ${name}`);
  if (dryRun) return { put: kept, removed };
  for (const part of parts) {
    for (const [name, value] of Object.entries(wanted[part])) {
      await context.store.putSetting(kinds[part], { name, value });
    }
  }
  for (const { part, name } of gone) await context.store.removeSetting(kinds[part], name);
  await audited(context, by, 'config.apply', [...kept, ...removed.map((one) => `-${one}`)].join(', '));
  await context.reload();
  return { put: kept, removed };
}
