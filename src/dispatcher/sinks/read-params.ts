/**
 * Parameters of an endpoint or recipient as a sink's schema makes them: with types and defaults. The configuration has checked them with
 * the same schema already (src/dispatcher/config). Called by the HTTP engine and by the sinks with code.
 */

import type { z } from 'zod';

import { RelayError } from '../../core/errors.ts';
import { checkInput, pathText } from '../input/check-input.ts';

/** Throws RelayError CONFIG, naming endpoint or recipient (`where`) and parameter, never a value. */
export function readParams<Schema extends z.ZodObject>(
  schema: Schema,
  params: Readonly<Record<string, unknown>>,
  where: string,
): z.output<Schema> {
  const checked = checkInput(schema, params);
  if (checked.ok) return checked.value;
  const words = checked.faults.map(({ path, text }) => [pathText(path), text].filter(Boolean).join(': '));
  throw new RelayError('CONFIG', `${where}: ${words.join('; ')}`);
}
