/**
 * Sets of sequence numbers as ranges of consecutive ones: `17-512,514`.
 *
 * Batches are nearly always consecutive, so work by range is one statement where work by row is hundreds.
 */

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Of ascending numbers, without repeats. */
export function toRanges(sequences: readonly number[]): Range[] {
  const ranges: Range[] = [];
  let first: number | undefined;
  let last = 0;
  for (const sequence of sequences) {
    if (first !== undefined && sequence === last + 1) {
      last = sequence;
      continue;
    }
    if (first !== undefined) ranges.push({ first, last });
    first = sequence;
    last = sequence;
  }
  if (first !== undefined) ranges.push({ first, last });
  return ranges;
}

export function formatRanges(sequences: readonly number[]): string {
  return toRanges(sequences)
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
    .join(',');
}
