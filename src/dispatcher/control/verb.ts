/**
 * One thing a command can ask for: the form of its arguments and the work. Arguments and results are JSON, because they pass through the
 * control socket. Verbs that change something write it to the audit log themselves, with who asked.
 */

import type { z } from 'zod';

import type { ControlContext } from './control-context.ts';

export interface Verb<Schema extends z.ZodType, Result> {
  readonly args: Schema;
  readonly run: (context: ControlContext, args: z.output<Schema>, by: string) => Promise<Result>;
}

export function verb<Schema extends z.ZodType, Result>(
  args: Schema,
  run: (context: ControlContext, args: z.output<Schema>, by: string) => Promise<Result>,
): Verb<Schema, Result> {
  return { args, run };
}
