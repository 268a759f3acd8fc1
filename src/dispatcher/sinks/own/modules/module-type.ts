/**
 * An own module (module-interface.ts) as a sink type: its parameters as schemas, its answers as outcomes.
 *
 * Whatever a module does wrong is an outcome of this call and a line in the log: it throws, it does not answer in time, it answers
 * something else than it may. Called by load-modules.ts.
 */

import { z } from 'zod';

import { messageOf, RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { untilAbort } from '../../../../core/until-abort.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Notification, Sink, SinkAnswer, SinkDeps, SinkType } from '../../../model/sink.ts';
import { formatNtopngText } from '../../../render/ntopng-text.ts';
import { readParams } from '../../read-params.ts';
import { answer, said, saidBy } from '../say.ts';
import { ownBatch } from './own-batch.ts';
import type { OwnContext, OwnParam, OwnSink } from './module-interface.ts';

export function moduleType(own: OwnSink): SinkType {
  const { endpoint = [], recipient = [] } = own.params ?? {};
  return {
    type: own.name,
    summary: own.summary ?? `own module ${own.name}`,
    audience: own.audience ?? 'people',
    medium: 'plain',
    endpoint: schemaOf(endpoint),
    recipient: schemaOf(recipient),
    secrets: [...endpoint, ...recipient].filter(({ secret }) => secret === true).map(({ name }) => name),
    fileOnly: true,
    batch: own.batch ?? 1,
    text: { body: ownSinkLimits.mailChars, subject: ownSinkLimits.subjectChars },
    timeoutMs: (own.timeoutMs ?? ownSinkLimits.scriptMs) + ownSinkLimits.scriptKillMs,
    ...(own.everyMs === undefined ? {} : { everyMs: own.everyMs }),
    create: (made, deps) => createModuleSink(own, made, deps),
  };
}

function schemaOf(params: readonly OwnParam[]): z.ZodObject {
  const kinds = { string: z.string().min(1), number: z.number(), boolean: z.boolean() };
  const fields = params.map(({ name, type = 'string', required, description = '' }) => {
    const kind = kinds[type].describe(description);
    return [name, required === true ? kind : kind.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}

async function createModuleSink(own: OwnSink, endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const params = readParams(schemaOf(own.params?.endpoint ?? []), endpoint.params, where);
  const timeoutMs = own.timeoutMs ?? ownSinkLimits.scriptMs;
  const closing = new AbortController();

  /** Rejects with what the module throws, when its time is over, and when the signal aborts. */
  const call = async <Result>(
    work: (context: OwnContext) => Result | Promise<Result>,
    recipient: Readonly<Record<string, unknown>>,
    outer: AbortSignal,
  ): Promise<Result> => {
    outer.throwIfAborted();
    const stop = new AbortController();
    const context: OwnContext = {
      endpoint: structuredClone(params),
      recipient: structuredClone(recipient),
      log: (text) => deps.log.info(said(`${where}: ${text}`)),
      ntopngText: ({ view }, options) => formatNtopngText(view, options),
      signal: stop.signal,
      hostname: deps.hostname,
      version: deps.version,
    };
    const late = new Error(`no answer within ${timeoutMs} ms`);
    const cancel = deps.timers.after(timeoutMs, () => stop.abort(late));
    const abort = (): void => stop.abort(outer.reason);
    outer.addEventListener('abort', abort, { once: true });
    try {
      // In a function of its own, so that what is thrown at once is a rejection too.
      return await untilAbort((async () => await work(context))(), stop.signal);
    } finally {
      cancel();
      outer.removeEventListener('abort', abort);
    }
  };

  if (own.onLoad !== undefined) {
    try {
      await call((context) => own.onLoad?.(context), {}, closing.signal);
    } catch (error) {
      throw new RelayError('CONFIG', `${where}: module ${own.name} refuses to start: ${saidBy(error)}`, {
        cause: error,
      });
    }
  }

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { recipient, form } = notification;
    try {
      const batch = ownBatch(notification);
      const result: unknown = await call(
        (context) =>
          form === 'test' && own.test !== undefined ? own.test(batch, context) : own.send(batch, context),
        recipient.params,
        signal,
      );
      return answerOf(result);
    } catch (error) {
      signal.throwIfAborted();
      const reason = said(`module ${own.name} failed: ${messageOf(error)}`);
      deps.log.warning(`${where}: ${reason}`);
      return answer({ kind: 'again', reason }, true);
    }
  };

  const isAvailable = async (): Promise<string | undefined> => {
    try {
      const available: unknown = await call(
        (context) => own.isAvailable?.(context) ?? true,
        {},
        closing.signal,
      );
      if (available === true) return undefined;
      return typeof available === 'string' && available !== ''
        ? said(available)
        : `module ${own.name} is not available`;
    } catch (error) {
      return said(`module ${own.name} failed: ${messageOf(error)}`);
    }
  };

  const { budget, everyMs = 1_000 } = own;
  const limits =
    budget === undefined
      ? []
      : [{ key: `module:${endpoint.name}`, rate: (budget * 1_000) / everyMs, burst: budget }];
  return {
    limits: () => limits,
    send,
    ...(own.isAvailable === undefined ? {} : { isAvailable }),
    close: () => {
      closing.abort(new Error('the service ends'));
      return Promise.resolve();
    },
  };
}

const good = z.object({ ok: z.literal(true), ref: z.string().optional() });
const bad = z.object({
  error: z.string(),
  retry: z.boolean().optional(),
  retryAfterMs: z.number().min(0).optional(),
});

function answerOf(result: unknown): SinkAnswer {
  const taken = good.safeParse(result);
  if (taken.success) {
    const { ref } = taken.data;
    return { ...answer(OK), ...(ref === undefined ? {} : { providerRef: said(ref) }) };
  }
  const failed = bad.safeParse(result);
  if (!failed.success)
    return answer({ kind: 'again', reason: 'the module answered neither { ok: true } nor { error }' });
  const { error, retry, retryAfterMs: wanted } = failed.data;
  const retryAfterMs = wanted === undefined ? undefined : Math.min(wanted, ownSinkLimits.retryAfterMaxMs);
  const outcome: Outcome =
    retry === false
      ? { kind: 'refused', reason: said(error) }
      : { kind: 'again', reason: said(error), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return answer(outcome);
}
