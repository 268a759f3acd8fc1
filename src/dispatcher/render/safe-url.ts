/**
 * A URL that may become a link: http, https or ftp, no credentials, of characters that mean nothing in any medium's markup.
 *
 * Called by pieces.ts. What it returns names the same resource, percent-encoded; undefined: the text is shown, and leads nowhere.
 */

import { renderLimits } from '../../core/limits.ts';

const schemes = new Set(['http:', 'https:', 'ftp:']);

export interface SafeUrl {
  readonly href: string;
  /** Shown beside the label: a label alone may lie. */
  readonly host: string;
}

export function safeUrl(text: string): SafeUrl | undefined {
  if (!/^(?:https?|ftp):\/\//i.test(text) || text.length > renderLimits.urlChars || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  if (!schemes.has(url.protocol) || url.username !== '' || url.password !== '' || url.hostname === '') {
    return undefined;
  }
  // An IPv6 address in brackets: they are markup in most media.
  if (url.hostname.startsWith('[')) return undefined;
  const href = url.href.replaceAll(
    /[^\w\-.~:/?#@!$&+,;=%]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return href.length > renderLimits.urlChars ? undefined : { href, host: url.host };
}
