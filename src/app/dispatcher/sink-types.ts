/** All sink types there are: those of the catalogue, and the own modules of the site. */

import type { Logger } from '../../core/ports.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes as catalogue } from '../../dispatcher/sinks/catalogue.ts';

/** Throws RelayError CONFIG for a module that is not to be trusted or declares what is there already. */
export async function sinkTypes(
  modulesDir: string | undefined,
  log: Logger,
): Promise<ReadonlyMap<string, SinkType>> {
  if (modulesDir === undefined) return catalogue;
  const { loadModules } = await import('../../dispatcher/sinks/own/load-modules.ts');
  const own = await loadModules(modulesDir, { log, taken: new Set(catalogue.keys()) });
  return new Map([...catalogue, ...own.map((type) => [type.type, type] as const)]);
}
