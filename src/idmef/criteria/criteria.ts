/**
 * Prelude's IDMEF criteria language, compiled: what routes, recipients, silences and searches ask of a message.
 *
 * Made by parse-criteria.ts from text, evaluated on a Subject (subject.ts), which reads only the paths that are asked
 * for. Paths and operators are libprelude's; `in 10.0.0.0/8` is ours. Regular expressions run in linear time.
 */

import type { Subject } from './subject.ts';

export interface Criteria {
  /** As written. */
  readonly text: string;
  matches(subject: Subject): boolean;
  /** What each of its conditions says of a message, in the order written: for `route explain`. */
  explain?(subject: Subject): readonly Condition[];
}

/** One condition of criteria and one message. */
export interface Condition {
  /** As written: `alert.assessment.impact.severity >= high`. */
  readonly text: string;
  readonly matches: boolean;
  /** What the message has at its path. */
  readonly values: readonly string[];
}

export type ParsedCriteria =
  | { readonly ok: true; readonly criteria: Criteria }
  /** `column` counts from 1; `text` is one clause, lower case. */
  | { readonly ok: false; readonly column: number; readonly text: string };
