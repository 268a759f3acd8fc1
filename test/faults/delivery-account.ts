/**
 * What was promised to a sensor and what arrived at the receivers, by messageid and hash: the small oracle of the
 * scenarios that run in one process.
 */

import { createHash } from 'node:crypto';

import { readDocument } from '../../src/idmef/read-document.ts';
import { messageids } from '../support/tiny-alerts.ts';

export interface Verdict {
  readonly obligations: number;
  readonly lost: number;
  readonly unexpected: number;
  readonly altered: number;
  readonly duplicates: number;
}

export const clean: Verdict = { obligations: 0, lost: 0, unexpected: 0, altered: 0, duplicates: 0 };

/** `own` are documents of messages that went in; `excused` are ids that must not arrive. */
export function account(
  own: readonly string[],
  arrived: readonly Uint8Array[],
  excused: ReadonlySet<string> = new Set(),
): Verdict {
  const promised = new Map(own.map((element) => [messageids(element)[0] ?? '', hashOf(element)]));
  const seen = new Map<string, number>();
  let [unexpected, altered] = [0, 0];
  for (const document of arrived) {
    const verdict = readDocument(document, 'off');
    for (const { bytes } of verdict.readable ? verdict.messages : []) {
      const id = messageids(bytes)[0] ?? '';
      const hash = promised.get(id);
      if (hash === undefined) {
        // The relay's own reports bear random ids of 32 hex digits.
        if (!/^[0-9a-f]{32}$/.test(id)) unexpected += 1;
        continue;
      }
      seen.set(id, (seen.get(id) ?? 0) + 1);
      if (hashOf(bytes) !== hash) altered += 1;
    }
  }
  let [lost, duplicates] = [0, 0];
  for (const id of promised.keys()) {
    const times = seen.get(id) ?? 0;
    if (excused.has(id)) unexpected += times;
    else if (times === 0) lost += 1;
    else duplicates += times - 1;
  }
  return { obligations: promised.size - excused.size, lost, unexpected, altered, duplicates };
}

export function add(sum: Verdict, more: Verdict): Verdict {
  return {
    obligations: sum.obligations + more.obligations,
    lost: sum.lost + more.lost,
    unexpected: sum.unexpected + more.unexpected,
    altered: sum.altered + more.altered,
    duplicates: sum.duplicates + more.duplicates,
  };
}

function hashOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
