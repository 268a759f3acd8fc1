/** Runs a verb by name with arguments that came as JSON: the one way for the socket's server and for a command that works alone. */

import type { z } from 'zod';

import { RelayError } from '../../core/errors.ts';
import { checkInput, pathText } from '../input/check-input.ts';
import type { ControlContext } from './control-context.ts';
import { verbs } from './verbs.ts';

export type Verbs = typeof verbs;
export type VerbName = keyof Verbs;
export type VerbArgs<N extends VerbName> = z.input<Verbs[N]['args']>;
export type VerbResult<N extends VerbName> = Awaited<ReturnType<Verbs[N]['run']>>;

/** How commands reach the store, wherever it is. */
export interface Control {
  call<N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>>;
  close(): Promise<void>;
}

/** Throws RelayError USAGE for unknown verbs and arguments that are not of its form. */
export async function callVerb(
  context: ControlContext,
  name: string,
  args: unknown,
  by: string,
): Promise<unknown> {
  if (!Object.hasOwn(verbs, name)) throw new RelayError('USAGE', `there is no verb '${name}'`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of them; its own schema checks the arguments
  const found = verbs[name as VerbName];
  const checked = checkInput<z.ZodType>(found.args, args);
  if (!checked.ok) {
    const faults = checked.faults.map(({ path, text }) =>
      [name, pathText(path), text].filter(Boolean).join(': '),
    );
    throw new RelayError('USAGE', faults.join('; '));
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own schema has just made them
  return await found.run(context, checked.value as never, by);
}

/** A command that works alone, on a store nobody else has open. */
export function localControl(context: ControlContext, by: string): Control {
  return {
    async call<N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>> {
      // Through JSON, so that both ways give the same.
      const result = JSON.stringify((await callVerb(context, name, args, by)) ?? null);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the verb returns
      return JSON.parse(result) as VerbResult<N>;
    },
    close: () => context.store.close(),
  };
}
