/**
 * What one fault scenario is, and what it reports. Each file `rNN-*.ts` of this folder exports `scenario`; main.ts finds
 * them, runs them and prints the table. A scenario does its own work in `directory` with chance from `seed` only,
 * bounded by `scale`, and throws only when it cannot judge (a missing tool, a harness mistake).
 */

export type Scale = 'ci' | 'long';

export interface FaultContext {
  /** Everything random comes from it, so that a failing run can be repeated. */
  readonly seed: number;
  readonly scale: Scale;
  /** Empty and its own; removed after a good run, kept and named after a bad one. */
  readonly directory: string;
  /** One line to stderr while it runs. */
  readonly say: (line: string) => void;
}

export interface FaultResult {
  /** How often the whole cycle was run. */
  readonly runs: number;
  /** Faults that really happened, not those that were planned. */
  readonly faults: number;
  /** Alerts that somebody was promised: fsync and rename returned, or 201, or settled at the receiver. */
  readonly obligations: number;
  readonly lost: number;
  /** Came out, never went in. */
  readonly unexpected: number;
  /** Came out with other bytes. */
  readonly altered: number;
  /** Came out twice: allowed where the scenario says so, always counted. */
  readonly duplicates: number;
  /** What else went wrong, one sentence each; any makes the scenario fail. */
  readonly failures: readonly string[];
  /** Figures for the table, e.g. `412/412 crash points`, `p99 9.8 ms`. */
  readonly figures: readonly string[];
}

export interface Scenario {
  /** `R1` … `R25`. */
  readonly id: string;
  readonly title: string;
  readonly run: (context: FaultContext) => Promise<FaultResult>;
}
