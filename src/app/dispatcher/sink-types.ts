/** All sink types there are: those of the catalogue, the one that prints, and the own modules of the site. */

import { RelayError } from '../../core/errors.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes as catalogue } from '../../dispatcher/sinks/catalogue.ts';
import { createConsoleType } from '../../dispatcher/sinks/own/console/console.ts';
import { loadModules } from '../../dispatcher/sinks/own/modules/load-modules.ts';
import { systemTimers } from './real-timers.ts';

export interface SinkTypeDeps {
  /** Where the `console` sink writes. */
  readonly print: (line: string) => void;
}

/** Throws RelayError CONFIG for a module that is not to be trusted or declares what is there already. */
export async function sinkTypes(
  modulesDir: string | undefined,
  { print }: SinkTypeDeps,
): Promise<ReadonlyMap<string, SinkType>> {
  const consoleType = createConsoleType(print);
  const known = new Map([...catalogue, [consoleType.type, consoleType] as const]);
  if (modulesDir === undefined) return known;
  for (const type of await loadModules(modulesDir, { timers: systemTimers })) {
    if (known.has(type.type)) {
      throw new RelayError(
        'CONFIG',
        `modules_dir ${modulesDir}: there is a sink type '${type.type}' already`,
      );
    }
    known.set(type.type, type);
  }
  return known;
}
