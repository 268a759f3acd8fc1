/**
 * Values of fields of kind `data`, whatever type their sender chose, as the model has them: text, or the 64 bits of an
 * NTP stamp. The text is what Prelude's reports print, but for numbers with a fraction, which they cut at six digits.
 */

import type { PreludeData, PreludeTime, PreludeValue } from './model.ts';
import { dataTypes } from './table.ts';
import type { TlvCursor } from './tlv-cursor.ts';

/** Of a value that is not there though its field is: empty text, an unknown keyword. Undefined is a fault. */
export const NOTHING: unique symbol = Symbol('nothing');

/** The cursor stands on the first of two fields with the same tag: the type's number, then the value. */
export function readData(cursor: TlvCursor): PreludeData | typeof NOTHING | undefined {
  const { tag } = cursor;
  const type = cursor.uint(4);
  if (type === undefined || !cursor.next() || cursor.tag !== tag) return undefined;
  const value = valueOf(cursor, type);
  return value === '' ? NOTHING : value;
}

function valueOf(cursor: TlvCursor, type: number): PreludeData | undefined {
  switch (type) {
    case dataTypes.character:
      return cursor.length === 1 ? cursor.bytes.toString('latin1', cursor.start, cursor.end) : undefined;
    case dataTypes.byte:
      return cursor.uint(1)?.toString();
    case dataTypes.uint32:
      return cursor.uint(4)?.toString();
    case dataTypes.integer:
      return cursor.uint64();
    case dataTypes.float:
      return decimal(cursor.float());
    case dataTypes.text:
      // libprelude refuses empty text here, and the message with it.
      return cursor.length > 1 ? cursor.text() : undefined;
    case dataTypes.bytes:
      return cursor.bytes.toString('base64', cursor.start, cursor.end);
    case dataTypes.time:
      return written(cursor.time());
    default:
      return undefined;
  }
}

/** 64 bits are an NTP stamp, or a number like any other: only the type of AdditionalData beside it says which. */
export function settleData(fields: Record<string, PreludeValue>): void {
  const { data, buffer, type } = fields;
  if (typeof data === 'bigint' && type !== 'ntpstamp') fields['data'] = signed(data);
  if (typeof buffer === 'bigint') fields['buffer'] = signed(buffer);
}

function signed(bits: bigint): string {
  return BigInt.asIntN(64, bits).toString();
}

/** The shortest decimal that is the same single-precision number. */
function decimal(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function written(time: PreludeTime | undefined): string | undefined {
  if (time === undefined) return undefined;
  const { seconds, microseconds, offsetSeconds } = time;
  const local = new Date((seconds + offsetSeconds) * 1000).toISOString().slice(0, 19);
  const fraction = microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0')}`;
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60);
  const zone = [Math.trunc(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return `${local}${fraction}${offsetSeconds < 0 ? '-' : '+'}${zone}`;
}
