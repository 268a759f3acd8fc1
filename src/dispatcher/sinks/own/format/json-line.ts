/**
 * JSON as one line that holds no control, direction or separator character at all, and fits so many bytes.
 *
 * JSON.stringify leaves C1 controls, DEL, U+2028 and the direction overrides as they are; here they are written as escapes, which every
 * parser reads as the same text. What does not fit loses its longest texts first, never its form: the result is
 * always JSON, and says in `truncated_bytes` how much shorter it became.
 */

import { escapeControls } from '../../../../log/escape.ts';
import { cutText } from './cut-text.ts';

export function jsonLine(value: object): string {
  // Within strings only: outside of them JSON.stringify writes none of these.
  return escapeControls(JSON.stringify(value));
}

/** `maxBytes` of UTF-8. Below some hundred bytes only `truncated_bytes` may be left. */
export function fitJson(value: object, maxBytes: number): string {
  const whole = jsonLine(value);
  const bytes = Buffer.byteLength(whole);
  if (bytes <= maxBytes) return whole;
  for (const [chars, items] of steps) {
    const shorter = shortenFields(value, chars, items);
    const length = Buffer.byteLength(jsonLine({ ...shorter, truncated_bytes: bytes }));
    // The difference has no more digits than the whole.
    if (length <= maxBytes) return jsonLine({ ...shorter, truncated_bytes: bytes - length });
  }
  return jsonLine({ truncated_bytes: bytes });
}

/** Longest text (code points) and list of each try. */
const steps: readonly (readonly [number, number])[] = [
  [1024, 50],
  [256, 20],
  [128, 5],
  [64, 2],
  [24, 1],
  [12, 0],
];

function shorten(value: unknown, chars: number, items: number): unknown {
  if (typeof value === 'string') return cutText(value, chars);
  if (Array.isArray(value)) return value.slice(0, items).map((item) => shorten(item, chars, items));
  return typeof value === 'object' && value !== null ? shortenFields(value, chars, items) : value;
}

function shortenFields(value: object, chars: number, items: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, shorten(field, chars, items)] as const),
  );
}
