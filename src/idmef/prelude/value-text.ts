/** Values of Prelude's fields as text, alike in both XML forms. Used by secef-document.ts and rfc-message.ts. */

import { isTime } from './kinds.ts';
import type { PreludeValue } from './model.ts';
import { floatText } from './numbers.ts';
import type { FieldSpec } from './table.ts';
import { timeText } from './times.ts';

/** The elements that have an ntpstamp. */
export const stampedTimes: ReadonlySet<string> = new Set(['CreateTime', 'DetectTime', 'AnalyzerTime']);

/** '' for objects and lists. */
export function valueText(value: PreludeValue, { kind }: FieldSpec): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return kind === 'float' ? floatText(value) : String(value);
  if (typeof value === 'bigint') return String(value);
  return isTime(value) ? timeText(value) : '';
}
