/**
 * TheHive 5: an alert a message, `POST /api/v1/alert` (https://docs.strangebee.com/thehive/api-docs/). (type, source, sourceRef) is unique
 * there, and sourceRef is made of the message, so a repetition is "already exists", which is a yes. (Observables may not come twice in one alert
 * either, so they are distinct here.)
 */

import { isIP } from 'node:net';

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { fenced } from '../fence.ts';
import { judgeAnswer, saidIn, textAt } from '../judge.ts';
import { documentId } from '../notification-facts.ts';
import { baseUrl, fingerprint, headerText, limit, listOf, someText } from '../parameters.ts';
import type { SendMessage } from '../../../model/sink.ts';

/** TheHive's: 1 low, 2 medium, 3 high, 4 critical. */
const severities = [2, 1, 1, 2, 3] as const;
const CRITICAL = 4;
const DESCRIPTION_CHARS = 100_000;

export const thehive = httpSink({
  type: 'thehive',
  summary: 'TheHive 5, an alert a message',
  audience: 'machine',
  medium: 'markdown',
  endpoint: z
    .object({
      url: baseUrl('Base of TheHive'),
      token: headerText('API key of a user who may create alerts'),
      organisation: headerText('Organisation, when the user has several').optional(),
    })
    .strict(),
  recipient: z
    .object({
      type: someText('Type of the alerts').max(32).default('idmef'),
      source: someText('Source of the alerts').max(64).default('alert-dispatcher'),
      tags: listOf('Tags').optional(),
      tlp: z.int().min(0).max(4).default(2).describe('Traffic light protocol: 2 is amber'),
      pap: z.int().min(0).max(3).default(2).describe('Permissible actions protocol: 2 is amber'),
    })
    .strict(),
  secrets: ['token'],
  batch: 1,
  text: { body: DESCRIPTION_CHARS, subject: 512 },
  timeoutMs: 30_000,
  limits: ({ url }) => [limit(`thehive:${fingerprint(url)}`, 10, 20)],
  request: ({ notification, endpoint, recipient, text }) => {
    const [message] = notification.messages;
    return {
      method: 'POST',
      url: `${endpoint.url}/api/v1/alert`,
      headers: {
        authorization: `Bearer ${endpoint.token}`,
        ...(endpoint.organisation === undefined ? {} : { 'x-organisation': endpoint.organisation }),
      },
      json: {
        type: recipient.type,
        source: recipient.source,
        sourceRef: message === undefined ? fingerprint(notification.idempotencyKey) : documentId(message),
        title: text.subject,
        description: text.plain ? fenced(text.body, DESCRIPTION_CHARS) : text.body,
        date: message?.view.when ?? notification.at,
        severity: message === undefined ? 1 : severityOf(message),
        tlp: recipient.tlp,
        pap: recipient.pap,
        tags: recipient.tags ?? [],
        // The second try of what was refused goes without: they are what attackers write.
        observables: message === undefined || text.plain ? [] : observablesOf(message),
      },
    };
  },
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(answer, { now });
    const said = saidIn(answer);
    if (verdict.kind === 'refused' && /already exists?/i.test(said) && !/observable/i.test(said)) {
      return { kind: 'ok', ref: 'already there' };
    }
    const ref = textAt(answer.json, '_id');
    return verdict.kind === 'ok' && ref !== undefined ? { ...verdict, ref } : verdict;
  },
});

function severityOf({ facts, view }: SendMessage): number {
  return facts.severity === 4 && view.completion === 'succeeded' ? CRITICAL : severities[facts.severity];
}

function observablesOf({
  view,
}: SendMessage): readonly { readonly dataType: string; readonly data: string }[] {
  const found = new Map<string, { dataType: string; data: string }>();
  const add = (dataType: string, data: string): void => {
    if (data !== '') found.set(JSON.stringify([dataType, data]), { dataType, data });
  };
  for (const { address, name } of [...view.sources, ...view.targets]) {
    if (isIP(address) !== 0) add('ip', address);
    add('hostname', name);
  }
  return [...found.values()];
}
