/** One message as criteria and group_by see it: values by libprelude's paths, read from the bytes when they are asked for. */

import type { Path } from './paths.ts';

export interface Subject {
  /**
   * All values at a path (`alert.source(0).node.address(*).address`); a missing index means every element. Empty when there is none.
   * Defaults of RFC 4765 are not filled in. Throws RangeError for a path that is none: check it first (parsePath).
   */
  values(path: string | Path): readonly string[];
  /**
   * One entry for each element of the lists on the way, undefined where it lacks the rest, and a single undefined where a list
   * is empty: never empty. Enumerations that libprelude always sets have their default. This is what criteria judge.
   */
  slots(path: Path): readonly (string | undefined)[];
}
