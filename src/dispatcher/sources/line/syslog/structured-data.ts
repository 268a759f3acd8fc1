/**
 * Structured data of RFC 5424 §6.3: `[id name="value" …]…`, or `-`.
 *
 * Called by syslog-message.ts. Reads as far as the grammar holds; from where it does not, the rest belongs to the message.
 */

export interface SdParam {
  /** `origin@32473`. */
  readonly element: string;
  /** '' for an element without parameters. */
  readonly name: string;
  readonly value: string;
}

const ELEMENT = /\[([^\s=\]"]{1,128})/y;
const PARAM = / ([^\s=\]"]{1,128})="((?:[^"\\\]]|\\.)*)"/sy;

/** `end`: behind what was read. */
export function readStructuredData(
  text: string,
  from: number,
): { readonly params: readonly SdParam[]; readonly end: number } {
  if (text[from] === '-') return { params: [], end: from + 1 };
  const params: SdParam[] = [];
  let end = from;
  for (;;) {
    ELEMENT.lastIndex = end;
    const [head, element = ''] = ELEMENT.exec(text) ?? [];
    if (head === undefined) break;
    const own: SdParam[] = [];
    let at = end + head.length;
    for (;;) {
      PARAM.lastIndex = at;
      const [all, name = '', raw = ''] = PARAM.exec(text) ?? [];
      if (all === undefined) break;
      own.push({ element, name, value: raw.replace(/\\(["\\\]])/g, '$1') });
      at += all.length;
    }
    if (text[at] !== ']') break;
    params.push(...(own.length === 0 ? [{ element, name: '', value: '' }] : own));
    end = at + 1;
  }
  return { params, end };
}
