/**
 * Makes a sink type of a provider's declaration: what the catalogue holds and the outbox uses.
 *
 * Loaded with the catalogue; the HTTP client and the sink itself are loaded when the first endpoint is made.
 */

import type { z } from 'zod';

import type { SinkType } from '../../model/sink.ts';
import { readParams } from '../read-params.ts';
import type { Provider } from './provider.ts';

export function httpSink<E extends z.ZodObject, R extends z.ZodObject>(provider: Provider<E, R>): SinkType {
  const { type, summary, audience, medium, endpoint, recipient, secrets, batch, text, timeoutMs } = provider;
  return {
    type,
    summary,
    audience,
    medium,
    endpoint,
    recipient,
    secrets,
    batch,
    text,
    timeoutMs,
    ...(provider.ticket === undefined ? {} : { ticket: provider.ticket }),
    ...(provider.everyMs === undefined ? {} : { everyMs: provider.everyMs }),
    check: (one, other) =>
      provider.lacks?.(
        readParams(provider.endpoint, one.params, `endpoint ${one.name}`),
        readParams(provider.recipient, other.params, `recipient ${other.name}`),
      ),
    create: async (one, deps) => {
      const params = readParams(provider.endpoint, one.params, `endpoint ${one.name}`);
      const { createHttpSink } = await import('./http-sink.ts');
      return await createHttpSink(provider, one, params, deps);
    },
  };
}
