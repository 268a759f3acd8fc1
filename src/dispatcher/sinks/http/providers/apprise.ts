/**
 * Apprise API (https://github.com/caronc/apprise-api): one bridge to some 150 services, by its own key and tags, or by Apprise URLs.
 *
 * 200 is yes; 204, and 424 without a log of what was done, say that nothing is configured for the key and tag; 424 that a service behind it
 * failed, which is tried again: as long as it takes where nobody has it, twice at most where others have it each time. Apprise URLs can name
 * any host and file of the bridge, so a recipient of the database may use keys and tags only.
 */

import { z } from 'zod';

import { textOf } from '../../../../core/json-object.ts';
import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { judgeAnswer, textAt } from '../judge.ts';
import { gravest } from '../notification-facts.ts';
import { authorization, baseUrl, fingerprint, headerText, limit, someText } from '../parameters.ts';
import type { Answer, Verdict } from '../provider.ts';

/** By urgency; the first is for unrated. */
const kinds = ['warning', 'info', 'info', 'warning', 'failure'] as const;

export const apprise = httpSink({
  type: 'apprise',
  summary: 'Apprise API, a bridge to about 150 services',
  audience: 'people',
  medium: 'plain',
  endpoint: z
    .object({
      url: baseUrl('Base of the Apprise API'),
      username: headerText('User, when it asks for one').optional(),
      password: z.string().describe('Password').optional(),
    })
    .strict(),
  recipient: z
    .object({
      key: z
        .string()
        .regex(/^[\w-]{1,128}$/, { error: 'must be a configuration key' })
        .describe('Key of a configuration kept by the bridge')
        .optional(),
      tag: someText('Tag within that configuration').optional(),
      urls: z
        .union([z.string(), z.array(z.string())])
        .transform((value) => (Array.isArray(value) ? value.join(', ') : value))
        .describe('Apprise URLs instead of a key; configuration file only')
        .optional(),
    })
    .strict(),
  secrets: ['password', 'urls'],
  batch: 1,
  text: { body: 10_000, subject: 250 },
  timeoutMs: 30_000,
  lacks: (_endpoint, { key, urls }) =>
    key === undefined && urls === undefined ? 'names neither key nor urls' : undefined,
  limits: ({ url }) => [limit(`apprise:${fingerprint(url)}`, 1, 5)],
  exchange:
    (endpoint) =>
    async ({ notification, recipient, text, now }, _receiver, ask) => {
      const { key, tag, urls } = recipient;
      if (urls !== undefined && notification.recipient.provenance === 'database') {
        return { kind: 'broken', words: 'urls may be named in the configuration file only' };
      }
      const result = await ask({
        method: 'POST',
        url: `${endpoint.url}/notify/${key ?? ''}`,
        headers: authorization(endpoint),
        json: {
          title: text.subject,
          body: text.body,
          type: kinds[gravest(notification)],
          format: 'text',
          ...(tag === undefined ? {} : { tag }),
          ...(key === undefined ? { urls } : {}),
        },
      });
      if (failed(result)) return result.failed;
      const { status } = result.answer;
      if (status === 204) return { kind: 'broken', words: nothing(status) };
      return status === 424
        ? judgeFailure(result.answer, notification.repeated)
        : judgeAnswer(result.answer, { now });
    },
});

/** `details`: [level, time, text] of each thing done. */
function judgeFailure({ status, json }: Answer, repeated: boolean): Verdict {
  const details = json?.['details'];
  const log = Array.isArray(details) ? details.map(lineOf) : undefined;
  if (log?.length === 0) return { kind: 'broken', words: nothing(status) };
  const fault = log?.find(({ level }) => /^(?:warning|error|critical)$/i.test(level))?.text;
  const said = fault ?? textAt(json, 'error') ?? '';
  const partly = log?.some(({ text }) => /^Sent\b.*\bnotification/.test(text)) === true;
  return partly && repeated
    ? { kind: 'refused', words: `answers ${status} again, though some of its services have it`, said }
    : { kind: 'again', words: `answers ${status}`, said, uncertain: true };
}

function lineOf(entry: unknown): { readonly level: string; readonly text: string } {
  const [level, , text] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
  return { level: textOf(level) ?? '', text: textOf(text) ?? '' };
}

function nothing(status: number): string {
  return `answers ${status}: nothing is configured for that key and tag`;
}
