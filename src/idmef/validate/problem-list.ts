/**
 * Problems of one message while it is being read: offsets and words, no positions yet.
 *
 * The validator adds to the list; at the end of the message locate.ts turns it into Problems. Beyond
 * xmlLimits.problemsPerMessage they are only counted.
 */

import { xmlLimits } from '../../core/limits.ts';
import { type RuleId, rules } from '../rules.ts';

export interface Finding {
  readonly rule: RuleId;
  readonly section: string;
  /** Offset of the `<` of the element the path names. */
  readonly element: number;
  /** Attribute the path ends with; '' for none. */
  readonly attribute: string;
  /** Offset the line and column name. */
  readonly at: number;
  readonly expected: string;
  readonly got: string;
  readonly text: string;
}

export class ProblemList {
  readonly findings: Finding[] = [];
  /** Not listed. */
  hiddenErrors = 0;
  hiddenWarnings = 0;

  clear(): void {
    this.findings.length = 0;
    this.hiddenErrors = 0;
    this.hiddenWarnings = 0;
  }

  get isEmpty(): boolean {
    return this.findings.length === 0;
  }

  get isFull(): boolean {
    return this.findings.length >= xmlLimits.problemsPerMessage;
  }

  add(finding: Finding): void {
    if (!this.isFull) this.findings.push(finding);
    else if (rules[finding.rule].level === 'error') this.hiddenErrors += 1;
    else this.hiddenWarnings += 1;
  }
}

/** A value as messages quote it: shortened, on one line. */
export function quoted(value: string): string {
  const line = value.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `"${line.slice(0, 57)}…"` : `"${line}"`;
}
