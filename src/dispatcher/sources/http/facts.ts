/**
 * Fields of a foreign JSON alert as AdditionalData: each under a name of its own, typed, nothing left out. Called by ntopng-alert.ts and
 * alertresponder.ts; pure.
 *
 * An alert made from text has so many facts of so many characters (wrapLimits); where the fields are more or longer, the whole alert
 * is the body besides, as it came.
 */

import type { JsonObject } from '../../../core/json-object.ts';
import { wrapLimits } from '../../../core/limits.ts';
import type { DatumParts } from '../../../idmef/compose.ts';

/** `ntopng.` + field → value; objects and lists as JSON. */
export function factsOf(prefix: string, fields: JsonObject): DatumParts[] {
  return Object.entries(fields).map(([name, value]) => factOf(`${prefix}${name}`, value));
}

export function factOf(meaning: string, value: unknown): DatumParts {
  if (typeof value === 'boolean') return { meaning, type: 'boolean', value: String(value) };
  if (Number.isSafeInteger(value)) return { meaning, type: 'integer', value: String(value) };
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  // 1e21 and the like stay text: RFC 4765 §3.4.3 has reals in plain digits.
  const isReal = typeof value === 'number' && /^-?\d+\.\d+$/.test(text);
  return { meaning, type: isReal ? 'real' : 'string', value: text };
}

/** Whether wrapText would keep all of it. Empty values say nothing and are no loss. */
export function fits(facts: readonly DatumParts[]): boolean {
  const told = facts.filter(({ value }) => value !== '');
  return (
    told.length <= wrapLimits.data &&
    told.every(
      ({ meaning, value }) =>
        meaning.length <= wrapLimits.titleChars && value.length <= wrapLimits.datumChars,
    )
  );
}

/** Values of the first field that is there. */
export function firstOf(fields: readonly (JsonObject | undefined)[], names: readonly string[]): unknown {
  for (const name of names) {
    for (const each of fields) {
      const value = each?.[name];
      if (value !== undefined && value !== null && value !== '') return value;
    }
  }
  return undefined;
}

/** A number, or a text that is one. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^-?\d{1,16}(?:\.\d{1,9})?$/.test(value.trim())) return undefined;
  return Number(value);
}

/** A word for a party's name, user, address; '' for what is neither text nor number. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** A port, or nothing. */
export function portOf(value: unknown): { readonly port: number } | undefined {
  const port = numeric(value);
  return port !== undefined && Number.isInteger(port) && port > 0 && port <= 65_535 ? { port } : undefined;
}

/** Seconds (or milliseconds) since 1970 as wall ms that RFC 4765 can say; undefined for none. */
export function timeOf(value: unknown): number | undefined {
  const number = numeric(value);
  if (number === undefined || number <= 0) return undefined;
  const ms = Math.round(number > 100_000_000_000 ? number : number * 1000);
  return ms < Date.UTC(2100, 0) ? ms : undefined;
}
