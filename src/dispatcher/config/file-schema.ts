/**
 * What `dispatcher.yml` may say. Endpoints and recipients keep what belongs to their sink type for the type's own schema
 * (build-endpoints.ts, build-recipients.ts). Unknown keys are errors everywhere.
 */

import { z } from 'zod';

import { routeSchema, timeIntervalSchema } from './route-schema.ts';
import { sourcesSchema } from './sources-schema.ts';
import * as v from './values.ts';

/** Keys of every endpoint; all others are the sink type's. */
export const endpointKeys = {
  type: z.string(),
  proxy: v.url.optional(),
  ca_file: v.path.optional(),
  client_cert: v.path.optional(),
  client_key: v.path.optional(),
} as const;

/** Keys of every recipient; all others are the sink type's. */
export const recipientKeys = {
  endpoint: v.name,
  enabled: z.boolean().default(true),
  owner: z.string().min(1).max(64).optional(),
  audience: z.enum(['people', 'machine']).optional(),
  when: v.criteria.optional(),
  min_severity: v.severity.optional(),
  every: v.duration.optional(),
  budget: z.number().int().min(1).max(1000).optional(),
  batch: z.number().int().min(1).max(10_000).optional(),
  priority: z.number().int().min(0).max(999).default(0),
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(?:-[A-Za-z]{2,4}){0,2}$/, { error: 'must be a language such as en, es or pt-BR' })
    .default('en'),
  time_zone: v.timeZone.optional(),
  template: z.string().optional(),
  template_file: v.path.optional(),
  fallback: v.name.optional(),
  fallback_after: v.duration.optional(),
  give_up: v.spanOrNever.optional(),
  verbatim: z.boolean().default(true),
} as const;

const expectSchema = z
  .strictObject({
    sensor: z.string().optional(),
    analyzer: z.string().optional(),
    within: v.span,
    severity: z.enum(['low', 'medium', 'high']).default('high'),
  })
  .refine(({ sensor, analyzer }) => (sensor === undefined) !== (analyzer === undefined), {
    error: 'needs either sensor (the name in its certificate) or analyzer (an analyzerid)',
  });

export const fileSchema = z.strictObject({
  instance: z.string().min(1).max(100).optional(),
  report_to: v.name.optional(),
  retention: z.strictObject({ age: v.span.optional(), size: v.size.optional() }).optional(),
  outbound_allow: v.networks.optional(),
  modules_dir: v.path.optional(),
  locales_dir: v.path.optional(),
  endpoints: z.record(v.name, z.looseObject(endpointKeys)).optional(),
  recipients: z.record(v.name, z.looseObject(recipientKeys)).optional(),
  time_intervals: z.record(v.name, timeIntervalSchema).optional(),
  route: routeSchema.optional(),
  expect: z.record(v.name, expectSchema).optional(),
  sources: sourcesSchema.optional(),
});

export type FileContent = z.output<typeof fileSchema>;
