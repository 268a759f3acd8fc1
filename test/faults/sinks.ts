/**
 * What arrived, read back from where it was stored: the file destination's directory and our receiver's. Files are read
 * once and again only when they changed, so that asking often costs little.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { arrivalsIn, type Arrival } from './fault-alert.ts';

export interface Sink {
  /** Everything it holds now, repeats included. */
  readonly arrivals: () => Arrival[];
  ids(): Set<string>;
}

/** The `*.xml` of a directory. */
export function directorySink(dir: string): Sink {
  const known = new Map<string, { readonly mark: string; readonly arrivals: readonly Arrival[] }>();
  const arrivals = (): Arrival[] => {
    const names = readdirSync(dir).filter((name) => name.endsWith('.xml') && !name.startsWith('.'));
    return names.toSorted().flatMap((name) => {
      const path = join(dir, name);
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) return [];
      const mark = `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
      const before = known.get(name);
      if (before?.mark === mark) return before.arrivals;
      const found = arrivalsIn(readFileSync(path));
      known.set(name, { mark, arrivals: found });
      return found;
    });
  };
  return { arrivals, ids: () => new Set(arrivals().map(({ id }) => id)) };
}
