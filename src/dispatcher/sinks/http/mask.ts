/**
 * Takes secrets out of what is stored and shown. Reasons of deliveries quote providers and their errors, and a provider may repeat
 * the token it does not like, the URL it was called by, or a webhook's path.
 *
 * Made by http-sink.ts from the values of an endpoint's and a recipient's secret parameters; applied to every reason.
 */

import { outboundLimits } from '../../../core/limits.ts';

const MASK = '***';
/** Shorter ones would blot out ordinary words. */
const MIN_SECRET = 4;
const MIN_SEGMENT = 8;

export type Mask = (text: string) => string;

/** Values are texts, lists and objects of texts; anything else holds no secret. */
export function createMask(values: readonly unknown[]): Mask {
  const secrets = [...new Set(values.flatMap(textsOf).flatMap(formsOf))].toSorted(
    (a, b) => b.length - a.length,
  );
  return (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** What basic authentication sends, in base64 like any other secret (createMask). */
export function basicPair(username: string, password: string): string {
  return `${username}:${password}`;
}

/**
 * As written, as it stands in a URL, as it stands in JSON, in base64; of a URL its path and the longer parts of that, and user and
 * password, not its host.
 */
function formsOf(secret: string): readonly string[] {
  const url = /^https?:\/\//i.test(secret) && URL.canParse(secret) ? new URL(secret) : undefined;
  const parts =
    url === undefined
      ? [secret]
      : isBare(url)
        ? []
        : [
            secret,
            url.href,
            `${url.pathname}${url.search}`,
            url.search,
            ...url.pathname.split('/').filter((segment) => segment.length >= MIN_SEGMENT),
            ...[...url.searchParams.values()].filter((value) => value.length >= MIN_SEGMENT),
            url.password,
            decoded(url.password),
            ...(url.username === '' ? [] : [basicPair(decoded(url.username), decoded(url.password))]),
          ];
  return parts.flatMap((part) =>
    part.length < MIN_SECRET
      ? []
      : [
          part,
          encodeURIComponent(part),
          encodeURI(part),
          JSON.stringify(part).slice(1, -1),
          Buffer.from(part).toString('base64').replace(/=+$/, ''),
        ],
  );
}

/** Nothing but a host, which is to be read in every reason. */
function isBare({ pathname, search, username, password }: URL): boolean {
  return pathname === '/' && search === '' && username === '' && password === '';
}

/** A part of a URL as it was meant; as it stands when it cannot be decoded. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** One line without control, format and separator characters, at most so many code points. */
export function oneLine(text: string, chars: number = outboundLimits.reasonChars): string {
  const clean = text
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  const points = Array.from(clean.slice(0, 2 * chars + 2));
  return points.length <= chars ? clean : `${points.slice(0, chars - 1).join('')}…`;
}
