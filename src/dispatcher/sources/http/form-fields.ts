/**
 * The fields of a posted form: application/x-www-form-urlencoded and multipart/form-data (RFC 7578), as Flask's `request.form` had
 * them: the first of a name counts, files are passed over, bytes that are no UTF-8 become U+FFFD. Called by alertgateway.ts; pure.
 *
 * Linear in the body, whatever it holds: each part is found by one search for the delimiter.
 */

import { httpsLimits } from '../../../core/limits.ts';

export type FormFields = ReadonlyMap<string, string>;

/** Undefined for another media type and for a form that is broken or has too many fields. */
export function formFields(type: string | undefined, body: Buffer): FormFields | undefined {
  const essence = (type ?? '').split(';')[0]?.trim().toLowerCase();
  if (essence === 'application/x-www-form-urlencoded') return urlencoded(body);
  if (essence !== 'multipart/form-data') return undefined;
  const boundary = parameter(type ?? '', 'boundary');
  // RFC 2046 §5.1.1: 1 to 70 characters.
  if (boundary === undefined || !/^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary)) return undefined;
  return multipart(body, boundary);
}

function urlencoded(body: Buffer): FormFields | undefined {
  const text = body.toString('utf8');
  let pairs = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    pairs += 1;
    if (pairs > httpsLimits.formFields) return undefined;
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** `--boundary CRLF head CRLF CRLF content CRLF --boundary … --boundary--` */
function multipart(body: Buffer, boundary: string): FormFields | undefined {
  const fields = new Map<string, string>();
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first delimiter may open the body, without a line before it.
  let at = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))
    ? delimiter.length - 2
    : after(body, delimiter, 0);
  for (let parts = 0; at !== undefined; parts += 1) {
    const closing = body.toString('latin1', at, at + 2);
    if (closing === '--') return fields;
    if (parts >= httpsLimits.formFields) return undefined;
    const start = after(body, Buffer.from('\r\n'), at);
    if (start === undefined || body.toString('latin1', at, start).trim() !== '') return undefined;
    // A part without header lines has no name, and is none of a form.
    const content = after(
      body.subarray(0, start + httpsLimits.partHeadBytes),
      Buffer.from('\r\n\r\n'),
      start,
    );
    const next = content === undefined ? undefined : after(body, delimiter, content - 2);
    if (content === undefined || next === undefined) return undefined;
    const name = fieldName(body.toString('utf8', start, content - 2));
    if (name !== undefined && !fields.has(name)) {
      fields.set(name, body.toString('utf8', content, Math.max(content, next - delimiter.length)));
    }
    at = next;
  }
  return undefined;
}

/** Where the bytes after the next `what` begin. */
function after(body: Buffer, what: Buffer, from: number): number | undefined {
  const at = body.indexOf(what, from);
  return at < 0 ? undefined : at + what.length;
}

/** Of a part that is a field; undefined for a file. */
function fieldName(head: string): string | undefined {
  const disposition = /^content-disposition:[ \t]*form-data[ \t]*(;[^\r\n]*)\r$/im.exec(head)?.[1];
  if (disposition === undefined || parameter(disposition, 'filename') !== undefined) return undefined;
  return parameter(disposition, 'name');
}

/** `; name="a \"quoted\" value"` or `; name=token`. */
function parameter(text: string, name: string): string | undefined {
  const entry = /;[ \t]*([!#$%&'*+.^_`|~0-9a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))/gi;
  for (const [, key = '', quoted, bare = ''] of text.matchAll(entry)) {
    if (key.toLowerCase() === name) return quoted === undefined ? bare : quoted.replace(/\\(["\\])/g, '$1');
  }
  return undefined;
}
