/** One message as criteria and group_by see it: values by libprelude's paths, read from the bytes when they are asked for. */

export interface Subject {
  /**
   * All values at a path (`alert.source(0).node.address(*).address`); a missing index means every element. Empty when there is none.
   * Defaults of RFC 4765 are not filled in.
   */
  values(path: string): readonly string[];
}
