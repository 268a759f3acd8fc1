/** Leaves out what is not there: machine formats have no empty fields. Used by the builders beside it. */

/** A copy without undefined, '', and lists and objects that are or become empty, at any depth. List items keep their place unless empty. */
export function compact(value: object): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const kept = keep(field);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

function keep(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return undefined;
  if (Array.isArray(value)) {
    const items = value.map(keep).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== 'object') return value;
  const fields = compact(value);
  return Object.keys(fields).length === 0 ? undefined : fields;
}
