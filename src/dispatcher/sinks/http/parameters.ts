/**
 * The kinds of parameters providers have, as zod schemas: URLs, secrets that go into headers, lists as AlertGateway writes them.
 *
 * Used by providers/. Each description is one line of the operator's table (describe-type.ts).
 */

import { createHash } from 'node:crypto';

import { z } from 'zod';

import { outboundLimits } from '../../../core/limits.ts';
import type { LimitSpec } from '../../model/sink.ts';

const httpUrl = z.string().refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), {
  error: 'must be an http or https URL',
});

/** An absolute URL, without the slashes at its end: paths are appended. It is shown, so it holds no password. */
export function baseUrl(description: string): z.ZodType<string, string> {
  return httpUrl
    .refine((text) => !URL.canParse(text) || !holdsCredentials(new URL(text)), {
      error: 'must not hold user and password',
    })
    .transform((text) => text.replace(/\/+$/, ''))
    .describe(description);
}

function holdsCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** An absolute URL as it is; a secret. User and password in it are sent as such. */
export function fullUrl(description: string): z.ZodType<string, string> {
  return httpUrl.describe(description);
}

/** A text that fits into a header, as tokens and passwords do. */
export function headerText(description: string): z.ZodString {
  return z
    .string()
    .min(1)
    .regex(/^[\x21-\x7e][\x20-\x7e]*$/, { error: 'must be printable ASCII, without line breaks' })
    .describe(description);
}

export function someText(description: string): z.ZodString {
  return z.string().min(1).describe(description);
}

/** One or several, as a list or as a text with commas (or lines, in a file); numbers are taken as texts. None given twice. */
export function listOf(
  description: string,
): z.ZodType<string[], string | number | readonly (string | number)[]> {
  return z
    .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).readonly()])
    .transform((value) => [
      ...new Set(
        (Array.isArray(value) ? value.map(String) : String(value).split(/[,\n]/))
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
    ])
    .refine((items) => items.length <= outboundLimits.receivers, {
      error: `at most ${outboundLimits.receivers}`,
    })
    .describe(description);
}

export function urlList(
  description: string,
): z.ZodType<string[], string | number | readonly (string | number)[]> {
  return listOf(description).refine((urls) => urls.every((url) => httpUrl.safeParse(url).success), {
    error: 'must be http or https URLs',
  });
}

/** Stable and without secrets: 12 hex digits. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

export function limit(key: string, rate: number, burst: number): LimitSpec {
  return { key, rate, burst };
}

/** The header of an endpoint's credentials, whichever of them it has. */
export function authorization({ token, username, password = '' }: Credentials): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

interface Credentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}
