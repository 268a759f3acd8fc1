/**
 * Splunk, HTTP Event Collector: https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data. Events are ECS documents.
 *
 * The body's `code` counts, not the status alone: 0 is yes. With 6, 12 and 13 (a bad event) what stood before
 * `invalid-event-number` is in, that one is refused, and those behind it have to go again.
 */

import { z } from 'zod';

import { numberOf } from '../../../../core/json-object.ts';
import type { SendMessage } from '../../../model/sink.ts';
import { ecsDocument, ecsNote, minimalEcs } from '../../format/ecs.ts';
import { pack, withRest } from '../batch.ts';
import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { judgeAnswer, saidIn } from '../judge.ts';
import { baseUrl, fingerprint, headerText, limit, someText } from '../parameters.ts';
import type { Answer, Verdict } from '../provider.ts';

/** Token disabled, missing, malformed, invalid; wrong index; channel missing or invalid; acknowledgement off. */
const settingsCodes = new Set([1, 2, 3, 4, 7, 10, 11, 14, 16]);
/** The token wants acknowledgements of the indexer, which are asked for by a channel. */
const channelCodes = new Set([10, 11]);
const eventCodes = new Set([6, 12, 13, 15]);
/** Server error, busy, queues or acknowledgements full, going down. */
const passingCodes = new Set([8, 9, 18, 19, 20, 23, 24, 25, 26, 27]);

export const splunk = httpSink({
  type: 'splunk',
  summary: 'Splunk, HTTP Event Collector',
  audience: 'machine',
  medium: 'json',
  endpoint: z
    .object({
      url: baseUrl('Base of the collector, such as https://splunk:8088'),
      token: headerText('Token of the collector'),
    })
    .strict(),
  recipient: z
    .object({
      index: someText('Index; default that of the token').optional(),
      sourcetype: someText('Source type').default('idmef:alert'),
      source: someText('Source').default('alert-dispatcher'),
    })
    .strict(),
  secrets: ['token'],
  batch: 100,
  text: { body: 4000, subject: 200 },
  timeoutMs: 30_000,
  limits: ({ url }) => [limit(`splunk:${fingerprint(url)}`, 50, 50)],
  exchange:
    (endpoint) =>
    async ({ notification, recipient, text, hostname, now }, _receiver, ask) => {
      const meta = {
        host: hostname,
        source: recipient.source,
        sourcetype: recipient.sourcetype,
        index: recipient.index,
      };
      const event = (at: number, document: object): string =>
        JSON.stringify({ time: at / 1000, ...meta, event: document });
      const documentOf = notification.form === 'plain' ? minimalEcs : ecsDocument;
      const { texts, fitting, rest } = pack(notification.messages, (message) =>
        event(message.view.when ?? message.at, documentOf(message)),
      );
      const result = await ask({
        method: 'POST',
        url: `${endpoint.url}/services/collector/event`,
        headers: { authorization: `Splunk ${endpoint.token}`, 'content-type': 'application/json' },
        body:
          texts.length === 0 ? event(notification.at, ecsNote(text.body, notification)) : texts.join('\n'),
      });
      if (failed(result)) return result.failed;
      return withRest(judgeCode(result.answer, fitting, now), rest);
    },
});

function judgeCode(answer: Answer, messages: readonly SendMessage[], now: number): Verdict {
  const verdict = judgeAnswer(answer, { now });
  const code = numberOf(answer.json?.['code']);
  if (code === undefined) {
    return verdict.kind === 'ok' ? { kind: 'broken', words: 'answers 200, but not as Splunk does' } : verdict;
  }
  if (code === 0) return verdict.kind === 'ok' ? verdict : { kind: 'ok' };
  const words = `answers ${answer.status} with code ${code}`;
  const said = saidIn(answer);
  if (passingCodes.has(code)) return { ...verdict, kind: 'again', words, said };
  if (settingsCodes.has(code)) {
    const hint = 'switch “indexer acknowledgement” off for this token';
    return { kind: 'broken', words, said, ...(channelCodes.has(code) ? { hint } : {}) };
  }
  // A code of a later Splunk: then the status says it.
  if (!eventCodes.has(code) && verdict.kind !== 'ok') return { ...verdict, words, said };
  const bad = numberOf(answer.json?.['invalid-event-number']);
  const refused: Verdict = { kind: 'refused', words, said };
  if (bad === undefined || messages.length === 0) return refused;
  const behind: Verdict = { kind: 'again', words: 'refused an event before it', retryAfterMs: 0 };
  const each = messages.map(({ seq }, at): [number, Verdict] => [
    seq,
    at < bad ? { kind: 'ok' } : at === bad ? refused : behind,
  ]);
  return { ...refused, each: new Map(each) };
}
