/**
 * Endpoints and recipients made by command, and switched sources: `endpoints …`, `recipients …`, `sources …`. A change is tried out on
 * the whole configuration, kept and taken up, or nothing of it; what the file provides is read-only.
 */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { settingKinds, storedSettings } from '../../config/stored-settings.ts';
import type { ChangeNote, NamedSetting } from '../../model/records.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';

const named = z.strictObject({ name: z.string(), value: z.record(z.string(), z.unknown()) });
const byName = z.strictObject({ name: z.string() });

type Made = 'endpoints' | 'recipients';

/** Where it is now; throws for what commands may not change. */
function found({ config }: ControlContext, part: Made, settings: readonly NamedSetting[], name: string) {
  const setting = settings.find((one) => one.name === name);
  if (setting !== undefined) return setting;
  const kind = settingKinds[part];
  if (config()[part].some((one) => one.name === name && one.provenance === 'file')) {
    throw new RelayError('FORBIDDEN', `${kind} ${name} comes from the configuration file`, {
      hint: 'change it there, then alert-dispatcher reload',
    });
  }
  throw new RelayError('NOT_FOUND', `there is no ${kind} '${name}'`, {
    hint: `alert-dispatcher ${part} list shows them`,
  });
}

function add(part: Made) {
  const kind = settingKinds[part];
  return verb(named, async (context: ControlContext, { name, value }: NamedSetting, by: string) => {
    if (context.config()[part].some((one) => one.name === name)) {
      throw new RelayError('INVALID_INPUT', `there is a ${kind} '${name}' already`, {
        hint: `alert-dispatcher ${part} set ${name} KEY=VALUE changes it`,
      });
    }
    const note = noteOf(context, by, `${kind}.add`, `${name}: ${Object.keys(value).join(', ')}`);
    await context.changeSettings(() => ({ put: [{ kind, name, value }], remove: [] }), note);
  });
}

/** Merges keys into what is there; null removes one. */
async function merge(
  context: ControlContext,
  part: Made,
  { name, value }: NamedSetting,
  note: ChangeNote,
): Promise<void> {
  await context.changeSettings((stored) => {
    const old = found(context, part, stored[part], name);
    const merged = Object.entries({ ...old.value, ...value }).filter(([, one]) => one !== null);
    return { put: [{ kind: settingKinds[part], name, value: Object.fromEntries(merged) }], remove: [] };
  }, note);
}

function set(part: Made) {
  return verb(named, async (context: ControlContext, setting: NamedSetting, by: string) => {
    const keys = Object.keys(setting.value).join(', ');
    const note = noteOf(context, by, `${settingKinds[part]}.set`, `${setting.name}: ${keys}`);
    await merge(context, part, setting, note);
  });
}

function remove(part: Made) {
  const kind = settingKinds[part];
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) => {
    await context.changeSettings(
      (stored) => {
        found(context, part, stored[part], name);
        return { put: [], remove: [{ kind, name }] };
      },
      noteOf(context, by, `${kind}.remove`, name),
    );
  });
}

function enable(enabled: boolean) {
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) => {
    const note = noteOf(context, by, `recipient.${enabled ? 'enable' : 'disable'}`, name);
    await merge(context, 'recipients', { name, value: { enabled } }, note);
  });
}

function switchSource(enabled: boolean) {
  return verb(byName, async (context: ControlContext, { name }: { readonly name: string }, by: string) => {
    if (!context.sourceNames().includes(name)) {
      throw new RelayError('NOT_FOUND', `there is no source '${name}'`, {
        hint: `the configuration has ${context.sourceNames().join(', ') || 'none'}`,
      });
    }
    const note = noteOf(context, by, `source.${enabled ? 'enable' : 'disable'}`, name);
    const change = { put: [{ kind: 'source' as const, name, value: { enabled } }], remove: [] };
    await context.changeSettings(() => change, note);
  });
}

/** Sources that share the HTTPS listener. */
const ON_HTTPS: ReadonlySet<string> = new Set(['idmef', 'rest', 'alertgateway', 'ntopng', 'alertresponder']);

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
  'endpoints.remove': remove('endpoints'),
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
  'recipients.remove': remove('recipients'),
  'recipients.enable': enable(true),
  'recipients.disable': enable(false),
  'sources.list': verb(z.strictObject({}), async ({ store, sourceNames, service }) => {
    const { sources } = await storedSettings(store);
    const off = new Set(sources.filter(({ value }) => value['enabled'] === false).map(({ name }) => name));
    const { listeners = [], notListening = [] } = service?.() ?? {};
    return sourceNames().map((name) => {
      const where = ON_HTTPS.has(name) ? 'https' : name;
      const enabled = !off.has(name);
      const trouble = notListening.find(({ source }) => source === where)?.reason;
      return {
        name,
        enabled,
        listeners: enabled ? listeners.filter(({ source }) => source === where) : [],
        ...(trouble === undefined || !enabled ? {} : { trouble }),
      };
    });
  }),
  'sources.enable': switchSource(true),
  'sources.disable': switchSource(false),
} as const;
