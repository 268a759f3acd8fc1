/** `recipients:` → Recipient values, by the schemas of their endpoints' sink types and the defaults of their audience. */

import type { z } from 'zod';

import { dispatcherLimits } from '../../core/limits.ts';
import { severityRank } from '../../core/severity.ts';
import { below, checkInput, type Fault, type KeyPath } from '../input/check-input.ts';
import { type Endpoint, isChannel, type Provenance, type Recipient } from '../model/recipient.ts';
import type { SinkType } from '../model/sink.ts';
import { type Built, failed, presentFaults } from './build-endpoints.ts';
import { recipientKeys } from './file-schema.ts';
import { resolveSecrets, type SecretFiles } from './secrets.ts';

export interface RecipientContext {
  readonly types: ReadonlyMap<string, SinkType>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly files: SecretFiles;
  readonly provenance: Provenance;
  /** Of the host. */
  readonly timeZone: string;
  readonly readTemplate: (path: string) => string;
}

type Content = z.output<z.ZodObject<typeof recipientKeys>> & Readonly<Record<string, unknown>>;

export function buildRecipient(
  name: string,
  content: Content,
  at: KeyPath,
  context: RecipientContext,
): Built<Recipient> {
  const endpoint = context.endpoints.get(content.endpoint);
  const type = endpoint === undefined ? undefined : context.types.get(endpoint.type);
  if (endpoint === undefined || type === undefined) {
    return failed([{ path: [...at, 'endpoint'], text: `there is no endpoint '${content.endpoint}'` }]);
  }
  const common = new Set(Object.keys(recipientKeys));
  const own = Object.fromEntries(Object.entries(content).filter(([key]) => !common.has(key)));
  const { params, absent, faults } = resolveSecrets(
    own,
    type.secrets,
    at,
    context.files,
    context.provenance === 'database',
  );
  const parsed = checkInput(type.recipient.strict(), params, [...common]);
  const found: Fault[] = [...faults];
  if (!parsed.ok) found.push(...presentFaults(below(at, parsed.faults), at, absent));
  const template = templateOf(content, at, context, found);
  if (found.length > 0) return failed(found);
  return {
    ok: true,
    value: assemble(name, content, parsed.ok ? parsed.value : params, template, type, context),
  };
}

function assemble(
  name: string,
  content: Content,
  params: Readonly<Record<string, unknown>>,
  template: string | undefined,
  type: SinkType,
  { provenance, timeZone }: RecipientContext,
): Recipient {
  const audience = content.audience ?? type.audience;
  const giveUpMs = 'give_up' in content ? content.give_up : defaultGiveUp(audience);
  const { owner, verbatim } = content;
  const everyMs = content.every ?? (isChannel({ owner, verbatim, audience }) ? undefined : type.everyMs);
  return {
    name,
    endpoint: content.endpoint,
    params,
    provenance,
    audience,
    enabled: content.enabled,
    minSeverity: severityRank(content.min_severity ?? ''),
    priority: content.priority,
    locale: content.locale,
    timeZone: content.time_zone ?? timeZone,
    verbatim: content.verbatim,
    ...optional('owner', content.owner),
    ...optional('when', content.when),
    ...optional('everyMs', everyMs),
    ...optional('budget', content.budget),
    ...optional('batch', content.batch),
    ...optional('template', template),
    ...optional('fallback', content.fallback),
    ...optional('fallbackAfterMs', content.fallback_after),
    ...optional('giveUpMs', giveUpMs),
  };
}

/** A machine is never given up unless somebody says so, and `check` prints that they did. */
function defaultGiveUp(audience: Recipient['audience']): number | undefined {
  return audience === 'people' ? dispatcherLimits.giveUpMs : undefined;
}

function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one key, of that type
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}

function templateOf(
  content: Content,
  at: KeyPath,
  context: RecipientContext,
  faults: Fault[],
): string | undefined {
  const { template, template_file: file } = content;
  if (file === undefined) return template;
  if (template !== undefined) {
    faults.push({ path: [...at, 'template_file'], text: 'template is given too: only one of them' });
  }
  if (context.provenance === 'database') {
    faults.push({ path: [...at, 'template_file'], text: 'a file may be named in the root-owned file only' });
    return undefined;
  }
  try {
    return context.readTemplate(file);
  } catch (error) {
    faults.push({
      path: [...at, 'template_file'],
      text: error instanceof Error ? error.message : String(error),
    });
    return undefined;
  }
}
