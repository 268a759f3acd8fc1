/** The service as a whole: `status`, `reload`, `route explain`, `render`, `backup`, `audit`. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import { readDocument } from '../../../idmef/read-document.ts';
import { problemLine } from '../../config/problem.ts';
import type { Rendered, SendMessage } from '../../model/sink.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { audited } from './audited.ts';

/** The one message of a document. */
function onlyMessage(document: string): Buffer {
  const verdict = readDocument(Buffer.from(document, 'utf8'), 'lenient');
  if (!verdict.readable) throw new RelayError('INVALID_INPUT', verdict.problem.text);
  const [message, ...others] = verdict.messages;
  if (message === undefined) throw new RelayError('INVALID_INPUT', 'the document has no message');
  if (others.length > 0)
    throw new RelayError('INVALID_INPUT', `the document has ${others.length + 1} messages: one is wanted`);
  const fault = message.problems.find(({ level }) => level === 'error');
  if (!message.valid && fault !== undefined) {
    throw new RelayError('INVALID_INPUT', `line ${fault.line}: ${fault.rule} ${fault.path}: ${fault.text}`);
  }
  return Buffer.from(message.bytes);
}

async function render(
  context: ControlContext,
  name: string,
  document: string,
): Promise<Rendered & { readonly type: string; readonly medium: string; readonly audience: string }> {
  const { config, types, renderer, router, clock } = context;
  const recipient = config().recipients.find((one) => one.name === name);
  if (recipient === undefined) throw new RelayError('NOT_FOUND', `there is no recipient '${name}'`);
  const endpoint = config().endpoints.find((one) => one.name === recipient.endpoint);
  const type = types().get(endpoint?.type ?? '');
  if (type === undefined) throw new RelayError('BUG', `recipient ${name} has no sink type`);
  const body = onlyMessage(document);
  const message: SendMessage = {
    seq: 0,
    body,
    facts: router().read(body).facts,
    origin: { source: 'render' },
    at: clock.now(),
    view: await renderer().view(body),
  };
  const rendered = await renderer().messages([message], {
    recipient,
    medium: type.medium,
    limits: type.text,
    tag: '#0000',
    repeated: false,
  });
  return { type: type.type, medium: type.medium, audience: recipient.audience, ...rendered };
}

/** Who runs the command and who writes the copy are often not the same. */
async function backup({ store }: ControlContext, path: string): Promise<void> {
  try {
    await store.backup(path);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'JOURNAL_IO') throw error;
    throw new RelayError('JOURNAL_IO', error.message.replace(/^journal /, 'backup '), {
      hint: 'who has the store open writes the copy: name a place it may write, its state directory for one',
      cause: error,
    });
  }
}

/** The store is looked at whatever the configuration is. */
function hashOrProblem(
  config: ControlContext['config'],
): { readonly hash: string } | { readonly problem: string } {
  try {
    return { hash: config().hash };
  } catch (error) {
    if (error instanceof RelayError && error.kind !== 'bug') return { problem: error.message };
    throw error;
  }
}

export const serviceVerbs = {
  ping: verb(z.strictObject({}), async () => ({ pong: true })),
  status: verb(z.strictObject({}), async ({ store, clock, config, service }) => {
    const now = clock.now();
    return {
      at: now,
      service: service?.() ?? null,
      config: hashOrProblem(config),
      stats: await store.stats(now),
      storms: await store.storms(),
      limits: (await store.limits()).filter(({ notBefore }) => notBefore > now),
    };
  }),
  'config.reload': verb(z.strictObject({}), async (context, _, by) => {
    const problems = await context.reload();
    await audited(
      context,
      by,
      'config.reload',
      problems.length === 0 ? 'taken' : `${problems.length} problems`,
    );
    return { problems: problems.map(problemLine) };
  }),
  'route.explain': verb(
    z.strictObject({
      document: z.string(),
      sensor: z.string().optional(),
      profile: z.string().optional(),
    }),
    async (context, { document, sensor, profile }) =>
      context.explain({
        body: onlyMessage(document),
        origin: {
          source: 'explain',
          ...(sensor === undefined ? {} : { sensor }),
          ...(profile === undefined ? {} : { profile }),
        },
      }),
  ),
  render: verb(z.strictObject({ recipient: z.string(), document: z.string() }), async (context, wish) =>
    render(context, wish.recipient, wish.document),
  ),
  backup: verb(z.strictObject({ path: z.string().regex(/^\//) }), async (context, { path }, by) => {
    await backup(context, path);
    await audited(context, by, 'backup', path);
  }),
  'audit.list': verb(
    z.strictObject({
      limit: z.number().int().min(1).max(dispatcherLimits.searchRows).default(100),
    }),
    // The newest ones; newest last, as somebody reads a story.
    async ({ store }, { limit }) => (await store.auditTrail({ limit, newest: true })).toReversed(),
  ),
  'audit.verify': verb(z.strictObject({}), async ({ store }) => {
    const broken = await store.verifyAudit();
    return broken === undefined ? { whole: true } : { whole: false, broken };
  }),
} as const;
