/**
 * Whether a request's Accept header lets us answer with XML (RFC 9110 §12.5.1). Called by router.ts.
 *
 * The answer is always `text/xml`; who accepts only `application/xml` gets it too, as from the server this
 * one replaces. Quality values, case, several header lines (joined by Node) and specificity count.
 */

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

/** `undefined` and an empty header accept anything. */
export function acceptsXml(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') {
    return true;
  }
  const ranges = splitOutsideQuotes(accept, ',').flatMap(parseRange);
  const asText = qualityOf('text', ranges);
  return (asText ?? qualityOf('application', ranges) ?? 0) > 0;
}

/** Quality of `<type>/xml` by its most specific range; undefined when none matches. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number | undefined {
  const match =
    ranges.find((range) => range.type === type && range.subtype === 'xml') ??
    ranges.find((range) => range.type === type && range.subtype === '*') ??
    ranges.find((range) => range.type === '*' && range.subtype === '*');
  return match?.quality;
}

function parseRange(text: string): MediaRange[] {
  const [range = '', ...parameters] = splitOutsideQuotes(text, ';').map((part) => part.trim().toLowerCase());
  const match = /^([^\s/]+)\/([^\s/]+)$/.exec(range);
  if (match === null) {
    return [];
  }
  const [, type = '', subtype = ''] = match;
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.slice(weight.indexOf('=') + 1));
  return [{ type, subtype, quality: Number.isFinite(quality) ? quality : 1 }];
}

/** Splits a header value at a separator that stands outside quoted strings (RFC 9110 §5.6.4). */
export function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted && char === '\\') {
      at += 1;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (char === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
