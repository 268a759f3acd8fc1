/**
 * SQLite's varints and records, read with suspicion: whatever does not add up is no record.
 *
 * Used by cells.ts. Only what a journal stores is known: whole numbers that fit a double, texts, blobs and nulls.
 * https://www.sqlite.org/fileformat2.html#record_format
 */

export type Value = number | string | Uint8Array | null;

/** The number at `at` and where the next byte is; undefined when it does not end within the bytes. */
export function readVarint(
  bytes: Buffer,
  at: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  // Nine bytes: negative, or larger than anything a journal counts.
  return undefined;
}

/** Serial types of a record and where its values begin; undefined when the header is none. */
export function readHeader(
  payload: Buffer,
  columns: number,
): { readonly types: readonly number[]; readonly end: number; readonly bytes: number } | undefined {
  const size = readVarint(payload, 0);
  if (size === undefined || size.value > payload.byteLength || size.value < columns + 1) return undefined;
  const types: number[] = [];
  let bytes = size.value;
  let at = size.next;
  while (at < size.value) {
    const type = readVarint(payload, at);
    if (type === undefined || type.next > size.value || types.length === columns) return undefined;
    const length = lengthOf(type.value);
    if (length === undefined) return undefined;
    types.push(type.value);
    bytes += length;
    at = type.next;
  }
  return types.length === columns ? { types, end: size.value, bytes } : undefined;
}

/** All values of a record with so many columns, or undefined when it is not one. */
export function readRecord(payload: Buffer, columns: number): Value[] | undefined {
  const header = readHeader(payload, columns);
  if (header === undefined || header.bytes !== payload.byteLength) return undefined;
  const values: Value[] = [];
  let at = header.end;
  for (const type of header.types) {
    const length = lengthOf(type) ?? 0;
    const value = readValue(payload, at, type, length);
    if (value === undefined) return undefined;
    values.push(value);
    at += length;
  }
  return values;
}

function lengthOf(type: number): number | undefined {
  if (type >= 12) return (type - (type % 2 === 0 ? 12 : 13)) / 2;
  return [0, 1, 2, 3, 4, 6, 8, undefined, 0, 0, undefined, undefined][type];
}

function readValue(bytes: Buffer, at: number, type: number, length: number): Value | undefined {
  if (type >= 12) {
    const part = bytes.subarray(at, at + length);
    return type % 2 === 0 ? part : part.toString('utf8');
  }
  if (type === 0) return null;
  if (type >= 8) return type - 8;
  if (length <= 6) return bytes.readIntBE(at, length);
  const large = Number(bytes.readBigInt64BE(at));
  return Number.isSafeInteger(large) ? large : undefined;
}
