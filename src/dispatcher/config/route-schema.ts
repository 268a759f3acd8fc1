/** `route:` and `time_intervals:` of the configuration: Alertmanager's words, Prelude's criteria. */

import { z } from 'zod';

import { parseTimeInterval } from '../route/time-interval.ts';
import type { TimeWindow } from '../model/config.ts';
import * as v from './values.ts';

export const timeIntervalSchema = z.strictObject({
  zone: v.timeZone.optional(),
  times: v.texts.transform((lines, context): readonly TimeWindow[] =>
    lines.flatMap((line) => {
      // The zone is not known here; the windows do not depend on it.
      const parsed = parseTimeInterval(line, 'UTC');
      if (parsed.ok) return parsed.interval.windows;
      context.addIssue({ code: 'custom', message: parsed.text });
      return [];
    }),
  ),
});

const thresholdSchema = z
  .strictObject({
    path: v.texts,
    seconds: z.number().int().min(1).max(86_400),
    limit: z.number().int().min(1).optional(),
    count: z.number().int().min(1).optional(),
  })
  .refine(({ limit, count }) => (limit === undefined) !== (count === undefined), {
    error: 'needs either limit (pass the first so many) or count (pass every so many-th)',
  });

const escalationSchema = z.strictObject({
  after: v.span,
  to: v.name,
  unless: z.literal('acked').default('acked'),
});

export interface RouteContent {
  readonly when?: z.output<typeof v.criteria> | undefined;
  readonly to?: readonly string[] | undefined;
  readonly inherit: boolean;
  readonly continue: boolean;
  readonly group_by?: readonly string[] | undefined;
  readonly group_wait?: number | undefined;
  readonly window?: number | undefined;
  readonly repeat?: number | undefined;
  readonly repeat_max?: number | undefined;
  readonly threshold?: z.output<typeof thresholdSchema> | undefined;
  readonly escalate?: readonly z.output<typeof escalationSchema>[] | undefined;
  readonly active?: readonly string[] | undefined;
  readonly mute?: readonly string[] | undefined;
  readonly routes?: readonly RouteContent[] | undefined;
}

export const routeSchema: z.ZodType<RouteContent> = z.strictObject({
  when: v.criteria.optional(),
  to: v.names.optional(),
  inherit: z.boolean().default(true),
  continue: z.boolean().default(false),
  group_by: v.texts.optional(),
  group_wait: v.duration.optional(),
  window: v.span.optional(),
  repeat: v.duration.optional(),
  repeat_max: v.duration.optional(),
  threshold: thresholdSchema.optional(),
  escalate: z.array(escalationSchema).max(1, { error: 'one step only' }).optional(),
  active: v.names.optional(),
  mute: v.names.optional(),
  get routes() {
    return z.array(routeSchema).optional();
  },
});
