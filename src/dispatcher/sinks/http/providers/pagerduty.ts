/**
 * PagerDuty, Events API v2: https://developer.pagerduty.com/docs/send-alert-event. One alert there is one incident here (`dedup_key`), so
 * its repetitions extend it, and its end resolves it; a digest is an alert of its own. 202 and `status: success` is yes; 429 again. 120
 * events a minute and key are taken.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { judgeAnswer, saidIn, textAt } from '../judge.ts';
import { gravest, incidentOf } from '../notification-facts.ts';
import { baseUrl, fingerprint, headerText, limit, someText } from '../parameters.ts';

const OWN_URL = 'https://events.pagerduty.com/v2/enqueue';
/** By urgency; the first is for unrated. */
const severities = ['error', 'info', 'warning', 'error', 'critical'] as const;

export const pagerduty = httpSink({
  type: 'pagerduty',
  summary: 'PagerDuty, Events API v2; one alert an incident',
  audience: 'people',
  medium: 'plain',
  endpoint: z
    .object({
      url: baseUrl('Address of the Events API, for the service region EU another').prefault(OWN_URL),
      routing_key: headerText('Integration key, for recipients that name none').optional(),
    })
    .strict(),
  recipient: z
    .object({
      routing_key: headerText('Integration key of the service').optional(),
      component: someText('Component shown with each alert').optional(),
    })
    .strict(),
  secrets: ['routing_key'],
  batch: 1,
  text: { body: 8000, subject: 1024 },
  timeoutMs: 15_000,
  addressOf: ({ url }) => (url === OWN_URL ? 'provider' : 'endpoint'),
  lacks: (endpoint, recipient) =>
    (recipient.routing_key ?? endpoint.routing_key) === undefined ? 'has no routing_key' : undefined,
  limits: (endpoint, recipient) => [
    limit(`pagerduty:${fingerprint(recipient.routing_key ?? endpoint.routing_key ?? '')}`, 1.75, 10),
  ],
  request: ({ notification, endpoint, recipient, text, hostname }) => {
    const incident = incidentOf(notification);
    const [first] = notification.messages;
    const key =
      incident === undefined
        ? `idmef-${fingerprint(notification.idempotencyKey)}`
        : `idmef-incident-${hostname}-${incident.id}`;
    const routing = {
      routing_key: recipient.routing_key ?? endpoint.routing_key,
      dedup_key: key.slice(0, 255),
    };
    if (incident?.state === 'closed') {
      return { method: 'POST', url: endpoint.url, json: { ...routing, event_action: 'resolve' } };
    }
    return {
      method: 'POST',
      url: endpoint.url,
      json: {
        ...routing,
        event_action: 'trigger',
        client: 'alert-dispatcher',
        payload: {
          summary: text.subject,
          source: first?.facts.target || first?.facts.analyzer || hostname,
          severity: severities[gravest(notification)],
          timestamp: new Date(first?.view.when ?? notification.at).toISOString(),
          component: recipient.component,
          class: first?.facts.classification || undefined,
          custom_details: { text: text.body, notification: notification.tag, messages: incident?.count },
        },
      },
    };
  },
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(answer, { now });
    const said = saidIn(answer);
    if (verdict.kind === 'refused' && /routing[_ ]key|integration key/i.test(`${said} ${answer.body}`)) {
      return { ...verdict, kind: 'broken', hint: 'check the routing_key' };
    }
    if (verdict.kind !== 'ok') return verdict;
    const status = textAt(answer.json, 'status');
    if (status !== 'success')
      return { kind: 'refused', words: `answers ${answer.status} without success`, said };
    const ref = textAt(answer.json, 'dedup_key');
    return ref === undefined ? verdict : { ...verdict, ref };
  },
});
