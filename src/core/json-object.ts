/**
 * Reads a JSON object whose content is not trusted: a peer's answer, or an entry of a journal's state that an
 * older version wrote. Values are unknown until they are looked at with the two helpers below.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined for anything that is not JSON or no object. */
export function jsonObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
