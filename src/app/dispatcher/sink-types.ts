/**
 * All sink types there are: those of the catalogue, those with code of their own, and the own modules of the site.
 *
 * Used wherever a configuration is read. A module may not take the name of a type that is there already: what `type: smtp` means must
 * not depend on a directory.
 */

import { RelayError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes as catalogue } from '../../dispatcher/sinks/catalogue.ts';
import { createConsoleType } from '../../dispatcher/sinks/own/console/console.ts';
import { loadModules } from '../../dispatcher/sinks/own/modules/load-modules.ts';
import { ownSinkTypes } from '../../dispatcher/sinks/own/types.ts';
import { systemTimers } from './real-timers.ts';

export interface SinkTypeDeps {
  readonly log: Logger;
  /** Where the `console` sink writes. */
  readonly print: (line: string) => void;
}

/** Throws RelayError CONFIG for a module that is not to be trusted or takes a name. */
export async function sinkTypes(
  modulesDir: string | undefined,
  { print }: SinkTypeDeps,
): Promise<ReadonlyMap<string, SinkType>> {
  const known = new Map(catalogue);
  for (const type of [...ownSinkTypes, createConsoleType(print)]) known.set(type.type, type);
  if (modulesDir === undefined) return known;
  for (const type of await loadModules(modulesDir, { timers: systemTimers })) {
    if (known.has(type.type)) {
      throw new RelayError('CONFIG', `modules_dir ${modulesDir}: there is a type '${type.type}' already`, {
        hint: 'give the module another name',
      });
    }
    known.set(type.type, type);
  }
  return known;
}
