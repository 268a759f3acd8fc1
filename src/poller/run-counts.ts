/**
 * What one run (or one minute of a follower) did, for its summary line and its report.
 *
 * Made by profile-run.ts and follow.ts; the parts of a run add to it.
 */

export interface RunCounts {
  /** Messages received and new here. */
  fetched: number;
  duplicate: number;
  /** Known sequence, other bytes: a restored snapshot. Taken as new. */
  conflict: number;
  forwarded: number;
  /** Set aside: invalid at the door. */
  quarantined: number;
  /** Set aside: refused by a destination, with proof. */
  poison: number;
  /** Set aside: a destination cannot hold it, so it was not sent. */
  unfit: number;
  /** Which destination, and why, of the first of these. */
  unfitExample: string;
  /** Forwarded in another form than they were written, by destination. */
  changedMessages: number;
  /** The same by rule; a message counts for each. */
  readonly changed: Map<string, number>;
  /** Refused by a destination without proof so far: kept. */
  refused: number;
  /** Set aside: the end of an answer that broke off. The fault of the sensor speaks for it. */
  brokenOff: number;
  /** What was set aside at the door, by first rule. */
  readonly invalid: Map<string, number>;
  /** Invalid messages accepted all the same (`--on-invalid forward`), by first rule. */
  readonly letThrough: Map<string, number>;
  /** Where and why of the first invalid one. */
  example: string;
  /** Repairs made, by name. */
  readonly leniencies: Map<string, number>;
}

export function newRunCounts(): RunCounts {
  return {
    fetched: 0,
    duplicate: 0,
    conflict: 0,
    forwarded: 0,
    quarantined: 0,
    poison: 0,
    unfit: 0,
    unfitExample: '',
    changedMessages: 0,
    changed: new Map(),
    refused: 0,
    brokenOff: 0,
    invalid: new Map(),
    letThrough: new Map(),
    example: '',
    leniencies: new Map(),
  };
}

export function addTo(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** `E12 ×3, child-order` */
export function listCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([key, n]) => (n === 1 ? key : `${key} ×${n}`)).join(', ');
}

/** All that went to quarantine, whatever the reason. */
export function setAside({ quarantined, poison, unfit, brokenOff }: RunCounts): number {
  return quarantined + poison + unfit + brokenOff;
}

/** Whether there is anything worth a line. */
export function didSomething(counts: RunCounts): boolean {
  const { fetched, forwarded, conflict } = counts;
  return fetched + forwarded + setAside(counts) + conflict > 0;
}

/** What was counted since the last time; counting starts anew. */
export function takeCounts(counts: RunCounts): RunCounts {
  const { changed, invalid, letThrough, leniencies } = counts;
  const maps = { changed, invalid, letThrough, leniencies };
  const taken = {
    ...counts,
    changed: new Map(changed),
    invalid: new Map(invalid),
    letThrough: new Map(letThrough),
    leniencies: new Map(leniencies),
  };
  for (const map of Object.values(maps)) map.clear();
  Object.assign(counts, newRunCounts(), maps);
  return taken;
}
