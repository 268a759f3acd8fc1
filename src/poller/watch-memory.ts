/**
 * The watch's memory as text, for the journal's state: `watch`.
 *
 * Called by watch-profile.ts. What cannot be read (an older form, a hand in the file) is forgotten: at worst a
 * thing is reported once more. `quiet` lets a run that saw nothing look no further than this one entry.
 */

import { isObject, jsonObject, numberOf, textOf, type JsonObject } from '../core/json-object.ts';
import { emptyMemory, isQuiet, type Memory } from './watch-facts.ts';

export function formatMemory(memory: Memory): string {
  return JSON.stringify({ quiet: isQuiet(memory), ...memory });
}

export function parseMemory(text: string | undefined): Memory {
  const entry = jsonObject(text);
  if (entry === undefined) return emptyMemory;
  const failingSince = numberOf(entry['failingSince']);
  const journal = textOf(entry['journal']);
  const quarantined = recordOf(entry['quarantined']);
  const unfit = recordOf(entry['unfit']);
  return {
    ...(failingSince === undefined ? {} : { failingSince }),
    ...(entry['silenceTold'] === true ? { silenceTold: true } : {}),
    ...(journal === undefined ? {} : { journal }),
    ages: agesOf(entry['ages']),
    ...(entry['pausedTold'] === true ? { pausedTold: true } : {}),
    stuck: numberOf(entry['stuck']) ?? 0,
    corrupt: numberOf(entry['corrupt']) ?? 0,
    dropped: numberOf(entry['dropped']) ?? 0,
    lost: Object.fromEntries(
      Object.entries(recordOf(entry['lost'])).map(([id, count]) => [id, numberOf(count) ?? 0]),
    ),
    quarantined: {
      count: numberOf(quarantined['count']) ?? 0,
      rules: listOf(quarantined['rules']).flatMap((rule) => textOf(rule) ?? []),
      text: textOf(quarantined['text']) ?? '',
    },
    unfit: { count: numberOf(unfit['count']) ?? 0, text: textOf(unfit['text']) ?? '' },
    brokenOff: numberOf(entry['brokenOff']) ?? 0,
    sent: listOf(entry['sent']).flatMap((at) => numberOf(at) ?? []),
  };
}

function agesOf(value: unknown): Memory['ages'] {
  const ages: Record<string, Memory['ages'][string]> = {};
  for (const [place, entry] of Object.entries(recordOf(value))) {
    const { oldestAt, seenAt, told } = recordOf(entry);
    const [oldest, seen] = [numberOf(oldestAt), numberOf(seenAt)];
    if (oldest !== undefined && seen !== undefined)
      ages[place] = { oldestAt: oldest, seenAt: seen, told: told === true };
  }
  return ages;
}

function recordOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
