/**
 * Reads `IDMEF-Sequence: <journal-id>; 17-512,514` of a leased answer (ARCHITECTURE.md: The wire).
 *
 * Called by sensor-client.ts. The header comes from the network: numbers are checked and their count is
 * bounded before anything is expanded.
 */

import { leaseLimits } from '../core/limits.ts';

export interface SequenceHeader {
  readonly journal: string;
  /** Ascending. */
  readonly sequences: readonly number[];
}

/** Undefined when it is not of that form, not ascending, or names more messages than a lease can hold. */
export function parseSequenceHeader(header: string | undefined): SequenceHeader | undefined {
  const match = /^\s*([A-Za-z0-9._-]{1,64})\s*;\s*([0-9,\s-]*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, journal = '', list = ''] = match;
  const sequences: number[] = [];
  let previous = -1;
  for (const part of list.split(',')) {
    const range = /^\s*(\d{1,15})(?:-(\d{1,15}))?\s*$/.exec(part);
    if (range === null) return undefined;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (first <= previous || last < first) return undefined;
    if (last - first >= leaseLimits.maxMessages - sequences.length) return undefined;
    for (let sequence = first; sequence <= last; sequence++) sequences.push(sequence);
    previous = last;
  }
  return { journal, sequences };
}
