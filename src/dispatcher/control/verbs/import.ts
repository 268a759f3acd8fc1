/** `import alertgateway`: keeps what was planned (src/dispatcher/import), all of it tried out before anything is written. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { problemLine } from '../../config/problem.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { audited } from './audited.ts';
import { storedSettings } from './settings.ts';

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
  'import.alertgateway': verb(wish, async (context, plan, by): Promise<ImportReport> => {
    const { store, clock, config } = context;
    const made: string[] = [];
    const kept: string[] = [];
    const existing = new Set((await store.users()).map(({ name }) => name));
    const keys = new Set((await store.keys()).map(({ hash }) => Buffer.from(hash).toString('hex')));
    const stored = await storedSettings(context);
    const fresh = { endpoints: {} as typeof plan.endpoints, recipients: {} as typeof plan.recipients };
    for (const part of ['endpoints', 'recipients'] as const) {
      for (const [name, value] of Object.entries(plan[part])) {
        const isThere = config()[part].some((one) => one.name === name);
        (isThere ? kept : made).push(`${part.slice(0, -1)} ${name}`);
        if (!isThere) fresh[part][name] = value;
      }
    }
    await tried(context, stored, fresh);
    for (const { name, keyHash } of plan.users) {
      (existing.has(name) ? kept : made).push(`user ${name}`);
      if (keyHash !== undefined) (keys.has(keyHash) ? kept : made).push(`key of ${name}`);
    }
    if (plan.dryRun) return { made, kept };
    const now = clock.now();
    for (const { name, passwordHash, keyHash, keyPrefix } of plan.users) {
      if (!existing.has(name)) {
        await store.putUser({
          name,
          role: 'viewer',
          createdAt: now,
          ...(passwordHash === undefined ? {} : { passwordHash }),
        });
      }
      if (keyHash !== undefined && !keys.has(keyHash)) {
        await store.addKey({
          hash: Buffer.from(keyHash, 'hex'),
          prefix: keyPrefix ?? '',
          owner: name,
          scopes: ['ingest'],
          createdAt: now,
        });
      }
    }
    for (const [name, value] of Object.entries(fresh.endpoints))
      await store.putSetting('endpoint', { name, value });
    for (const [name, value] of Object.entries(fresh.recipients))
      await store.putSetting('recipient', { name, value });
    await audited(context, by, 'import.alertgateway', made.join(', '));
    await context.changed('users');
    await context.changed('keys');
    await context.reload();
    return { made, kept };
  }),
} as const;

type Stored = Awaited<ReturnType<typeof storedSettings>>;

async function tried(
  context: ControlContext,
  stored: Stored,
  fresh: { readonly endpoints: z.output<typeof settings>; readonly recipients: z.output<typeof settings> },
): Promise<void> {
  const asList = (
    part: z.output<typeof settings>,
  ): { readonly name: string; readonly value: Record<string, unknown> }[] =>
    Object.entries(part).map(([name, value]) => ({ name, value }));
  const problems = await context.tryOut({
    ...stored,
    endpoints: [...stored.endpoints, ...asList(fresh.endpoints)],
    recipients: [...stored.recipients, ...asList(fresh.recipients)],
  });
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new RelayError('INVALID_INPUT', `${problemLine(first)}${more}`);
}
