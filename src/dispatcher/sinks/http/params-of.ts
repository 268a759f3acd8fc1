/** Parameters of an endpoint or recipient as a provider's schema makes them. Called by engine.ts and http-sink.ts. */

import type { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import type { Endpoint, Recipient } from '../../model/recipient.ts';

/** Parsed by the schema. Throws RelayError CONFIG naming endpoint or recipient and the parameter; never its value. */
export function paramsOf<S extends z.ZodObject>(
  schema: S,
  { name, params }: Pick<Endpoint | Recipient, 'name' | 'params'>,
  what: 'endpoint' | 'recipient',
): z.output<S> {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.')}: ${message}`,
  );
  throw new RelayError('CONFIG', `${what} ${name}: ${problems.join('; ')}`);
}
