/**
 * The Prefer header (RFC 7240 §2) and the preferences this server knows. Called by router.ts.
 *
 * Names without regard to case, values as tokens or quoted strings, of a repeated preference the first counts,
 * what is unknown or makes no sense is ignored, numbers are clamped to core/limits.ts.
 */

import { leaseLimits } from '../core/limits.ts';
import { severityRank } from '../core/severity.ts';
import type { Severity } from '../core/severity.ts';
import { splitOutsideQuotes } from './conneg.ts';

export interface Preferences {
  /** Seconds; undefined when no lease is asked for. */
  readonly lease: number | undefined;
  /** Seconds. */
  readonly wait: number | undefined;
  readonly batch: number | undefined;
  readonly batchBytes: number | undefined;
  readonly peek: boolean;
  /** Only messages at least so severe; with `lease` only. */
  readonly minSeverity: Severity | undefined;
}

export function readPreferences(header: string | readonly string[] | undefined): Preferences {
  const given = parsePrefer(typeof header === 'object' ? header.join(', ') : header);
  return {
    lease: given.has('lease')
      ? clamp(
          given.get('lease') || String(leaseLimits.defaultSeconds),
          leaseLimits.minSeconds,
          leaseLimits.maxSeconds,
        )
      : undefined,
    wait: clamp(given.get('wait'), 0, leaseLimits.maxWaitSeconds),
    batch: clamp(given.get('batch'), 1, leaseLimits.maxMessages),
    batchBytes: clamp(given.get('batch-bytes'), 1, leaseLimits.maxBytes),
    peek: given.has('peek'),
    minSeverity: severityRank(given.get('min-severity')?.toLowerCase() ?? '') || undefined,
  };
}

/** Preference → value, '' where it has none (an empty value means the same, RFC 7240 §2). */
function parsePrefer(header: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of splitOutsideQuotes(header ?? '', ',')) {
    const [preference = ''] = splitOutsideQuotes(item, ';');
    const match = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s"]*)\s*)?$/.exec(
      preference,
    );
    if (match === null) {
      continue;
    }
    const [, token = '', word = ''] = match;
    const name = token.toLowerCase();
    if (!found.has(name)) {
      found.set(name, word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word);
    }
  }
  return found;
}

function clamp(value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined || !/^\d{1,15}$/.test(value)) {
    return undefined;
  }
  return Math.min(Math.max(Number(value), min), max);
}
