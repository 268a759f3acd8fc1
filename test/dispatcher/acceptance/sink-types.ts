/** The sink types of the program, without a site's own modules. */

import { sinkTypes } from '../../../src/app/dispatcher/sink-types.ts';
import type { SinkType } from '../../../src/dispatcher/model/sink.ts';

export async function builtIn(): Promise<ReadonlyMap<string, SinkType>> {
  return await sinkTypes(undefined, { print: () => undefined });
}
