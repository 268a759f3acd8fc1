/**
 * AlertGateway's way of building a URL: literal words in it are replaced by values. `message`, `receiver` and the name of every further
 * parameter, wherever they stand.
 *
 * Called by the custom providers. Two things are done otherwise than there, because they are holes: every value is percent-encoded, so that a
 * message cannot add parameters; and all words are replaced in one pass, so that a value that contains a word stays as it is, and the
 * URL of one receiver is not made from that of the one before. The message never becomes part of the host.
 */

/** Undefined when the result is no http URL. `message` is left out for requests that carry it in the body: the word then stands for itself. */
export function fillUrl(
  template: string,
  values: Readonly<Record<string, string>>,
  message: string | undefined,
): string | undefined {
  const authority = authorityOf(template);
  if (authority === undefined) return undefined;
  const [, path = '', query = ''] = /^([^?#]*)([^]*)$/.exec(template.slice(authority.length)) ?? [];
  const all = message === undefined ? values : { ...values, message };
  const url =
    replaceWords(authority, values, encode) +
    replaceWords(path, all, encodeSegment) +
    replaceWords(query, all, encode);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return undefined;
  return url;
}

/** Whether the word `receiver` stands in the host: then the address is the recipient's choice. */
export function receiverNamesHost(template: string): boolean {
  return authorityOf(template)?.includes('receiver') === true;
}

function authorityOf(template: string): string | undefined {
  return /^[a-z]+:\/\/[^/?#\\]*/i.exec(template)?.[0];
}

function replaceWords(
  text: string,
  values: Readonly<Record<string, string>>,
  how: (value: string) => string,
): string {
  const names = Object.keys(values)
    .filter((name) => name !== '')
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (names.length === 0) return text;
  return text.replace(new RegExp(names.join('|'), 'g'), (name) => how(values[name] ?? ''));
}

/** A lone surrogate, which has no encoding, becomes U+FFFD. */
function encode(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString());
}

/** `.` and `..` are steps between directories, however they are encoded: a zero-width space follows them. */
function encodeSegment(value: string): string {
  return encode(/^\.{1,2}$/.test(value) ? `${value}\u200b` : value);
}

/** As much of a text as takes so many bytes in a URL; servers refuse longer ones. Ends with `…` when it was cut. */
export function encodable(text: string, bytes: number): string {
  if (encode(text).length <= bytes) return text;
  let left = bytes - encode('…').length;
  let kept = '';
  for (const point of text) {
    left -= encode(point).length;
    if (left < 0) break;
    kept += point;
  }
  return `${kept}…`;
}
