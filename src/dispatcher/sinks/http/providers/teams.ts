/**
 * Microsoft Teams, by a workflow's webhook ("Send webhook alerts to a channel"), with an Adaptive Card.
 *
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook: 28 KB a message,
 * four requests a second. A workflow answers 202 with nothing, and a workflow that is off or deleted is a 400 like a bad message; the older
 * connectors say `1`, and put errors into a 200 as text. A TextBlock reads Markdown, the runs of a RichTextBlock do not.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { judgeAnswer, textAt } from '../judge.ts';
import { fingerprint, limit, urlList } from '../parameters.ts';
import type { Answer } from '../provider.ts';

const workflowAtFault = /^Workflow|^DirectApi|Authorization|Signature/;

export const teams = httpSink({
  type: 'teams',
  summary: 'Microsoft Teams, by a workflow’s webhook',
  audience: 'people',
  medium: 'teams',
  endpoint: z
    .object({ webhook: urlList('Webhook, one or several; for recipients that name none').optional() })
    .strict(),
  recipient: z.object({ webhook: urlList('Webhook of the workflow, one or several').optional() }).strict(),
  secrets: ['webhook'],
  batch: 1,
  // Of four bytes each they stay below 28 KB.
  text: { body: 6000, subject: 200 },
  timeoutMs: 20_000,
  addressOf: (_endpoint, { webhook }) => (webhook === undefined ? 'endpoint' : 'recipient'),
  lacks: (endpoint, { webhook }) =>
    (webhook ?? endpoint.webhook) === undefined ? 'names no webhook' : undefined,
  receivers: { param: 'webhook', list: (endpoint, { webhook }) => webhook ?? endpoint.webhook ?? [] },
  limits: (_endpoint, _recipient, receiver) => [limit(`teams:webhook:${fingerprint(receiver)}`, 1, 3)],
  request: ({ text }, receiver) => ({
    method: 'POST',
    url: receiver,
    json: {
      type: 'message',
      summary: text.subject,
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            fallbackText: text.subject,
            msteams: { width: 'Full' },
            body: [
              text.plain
                ? { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: text.body }] }
                : { type: 'TextBlock', text: text.body, wrap: true },
            ],
          },
        },
      ],
    },
  }),
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(withInnerStatus(answer), { now });
    const code = textAt(answer.json, 'error', 'code') ?? '';
    if (verdict.kind !== 'refused' || !workflowAtFault.test(code)) return verdict;
    return { ...verdict, kind: 'broken', hint: 'is the workflow there, switched on, and its URL whole' };
  },
});

/** `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with …` is 200. */
function withInnerStatus(answer: Answer): Answer {
  if (answer.status < 200 || answer.status > 299) return answer;
  const inner = /returned HTTP error (\d{3})/i.exec(answer.body)?.[1];
  if (inner !== undefined) return { ...answer, status: Number(inner) };
  return /delivery failed|bad request/i.test(answer.body) ? { ...answer, status: 400 } : answer;
}
