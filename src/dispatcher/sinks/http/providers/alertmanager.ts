/**
 * Prometheus Alertmanager, API v2: https://prometheus.io/docs/alerting/latest/alerts_api/. Labels are an alert's identity there, so the same
 * classification, source and target again extends the alert that is there, as its users expect; the annotations say which message was last.
 * An IDMEF alert happens once and is never resolved: it ends by itself, `ends_after` from its sending. (From its beginning, alerts that
 * waited out an outage would be over before anybody was told.)
 */

import { z } from 'zod';

import { severityNames } from '../../../../core/severity.ts';
import type { SendMessage } from '../../../model/sink.ts';
import { compact } from '../../format/compact.ts';
import { httpSink } from '../engine.ts';
import { authorization, baseUrl, fingerprint, headerText, limit } from '../parameters.ts';

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export const alertmanager = httpSink({
  type: 'alertmanager',
  summary: 'Prometheus Alertmanager, API v2',
  audience: 'machine',
  medium: 'plain',
  endpoint: z
    .object({
      url: baseUrl('Base of Alertmanager, with its route prefix'),
      username: headerText('User').optional(),
      password: z.string().describe('Password').optional(),
      token: headerText('Bearer token, instead of user and password').optional(),
    })
    .strict(),
  recipient: z
    .object({
      labels: z
        .record(z.string().regex(LABEL, { error: 'must be the name of a label' }), z.string())
        .default({})
        .describe('Labels added to each alert'),
      ends_after: z
        .int()
        .min(60)
        .default(3600)
        .describe('Seconds after which an alert ends, from its sending'),
    })
    .strict(),
  secrets: ['password', 'token'],
  batch: 50,
  text: { body: 4000, subject: 500 },
  timeoutMs: 15_000,
  limits: ({ url }) => [limit(`alertmanager:${fingerprint(url)}`, 20, 20)],
  request: ({ notification, endpoint, recipient, text, hostname, now }) => {
    const { messages, at } = notification;
    const endsAt = new Date(now + recipient.ends_after * 1000).toISOString();
    const alerts = messages.map((message) => ({
      labels: { ...recipient.labels, ...labelsOf(message) },
      annotations: annotationsOf(message),
      startsAt: new Date(message.at).toISOString(),
      endsAt,
    }));
    const other = {
      labels: { ...recipient.labels, alertname: text.subject, severity: 'info', instance: hostname },
      annotations: { summary: text.subject, description: text.body },
      startsAt: new Date(at).toISOString(),
      endsAt,
    };
    return {
      method: 'POST',
      url: `${endpoint.url}/api/v2/alerts`,
      headers: authorization(endpoint),
      json: alerts.length === 0 ? [other] : alerts,
    };
  },
});

function labelsOf({ facts, view }: SendMessage): object {
  return compact({
    alertname: view.title === '' ? 'unnamed alert' : view.title,
    severity: facts.kind === 'heartbeat' ? 'none' : severityNames[view.severity] || 'medium',
    source: facts.source,
    target: facts.target,
    analyzer: facts.analyzer,
    kind: facts.kind,
  });
}

function annotationsOf({ facts, view, verbatim }: SendMessage): object {
  return compact({
    summary: view.title,
    description: verbatim ?? view.message.impact,
    messageid: facts.messageid,
    completion: view.completion,
    when: view.when === undefined ? undefined : new Date(view.when).toISOString(),
  });
}
