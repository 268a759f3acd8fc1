/**
 * All sink types there are: those of the catalogue, the one that prints, and the own modules of the site.
 *
 * Asked wherever a configuration is read. A module may not take the name of a type that is there already: what `type: smtp` means must
 * not depend on a directory. What has not changed is the same object the next time, so that a reload leaves its sinks alone.
 */

import { RelayError } from '../../core/errors.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes as catalogue } from '../../dispatcher/sinks/catalogue.ts';
import { createConsoleType } from '../../dispatcher/sinks/own/console/console.ts';
import { loadModules } from '../../dispatcher/sinks/own/modules/load-modules.ts';
import { systemTimers } from './real-timers.ts';

/** By name. Throws RelayError CONFIG for a module that is not to be trusted, does not load, or takes a name. */
export type SinkTypes = (modulesDir: string | undefined) => Promise<ReadonlyMap<string, SinkType>>;

/** @param print where the `console` sink writes; nowhere for who only reads a configuration */
export function createSinkTypes(print: (line: string) => void = () => undefined): SinkTypes {
  const console = createConsoleType(print);
  const builtIn = new Map([...catalogue.values(), console].map((type) => [type.type, type]));
  const loaded = new Map<string, SinkType>();
  return async (modulesDir) => {
    if (modulesDir === undefined) return builtIn;
    const known = new Map(builtIn);
    for (const type of await loadModules(modulesDir, { timers: systemTimers, loaded })) {
      if (known.has(type.type)) {
        throw new RelayError('CONFIG', `modules_dir ${modulesDir}: there is a type '${type.type}' already`, {
          hint: 'give the module another name',
        });
      }
      known.set(type.type, type);
    }
    return known;
  };
}
