/**
 * GitHub issues, also of GitHub Enterprise (`api: https://ghe.example.org/api/v3`): one issue an incident, a comment for each further
 * notification, closed when the incident is. https://docs.github.com/rest/issues, …/rest/using-the-rest-api/rate-limits-for-the-rest-api.
 *
 * An issue is found again by a marker in its body: from memory, else by search, which sees a new issue only after some seconds; a crash within
 * them can make a second one. One that was deleted, moved or locked is succeeded by another. GitHub answers too many requests with 403 too:
 * `retry-after`, else `x-ratelimit-reset`, else a minute.
 */

import { z } from 'zod';

import { isObject, numberOf, textOf } from '../../../../core/json-object.ts';
import { outboundLimits } from '../../../../core/limits.ts';
import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { fenced } from '../fence.ts';
import { judgeAnswer, saidIn } from '../judge.ts';
import { incidentOf } from '../notification-facts.ts';
import { authorization, baseUrl, fingerprint, headerText, limit, listOf } from '../parameters.ts';
import type { Answer, Ask, Call, ProviderRequest, Verdict } from '../provider.ts';

const OWN_API = 'https://api.github.com';

const endpointSchema = z
  .object({
    token: headerText('Token with write access to issues'),
    api: baseUrl('Base of the API').prefault(OWN_API),
  })
  .strict();

const recipientSchema = z
  .object({
    repository: z
      .string()
      .regex(/^(?!\.+\/)[\w.-]+\/(?!\.+$)[\w.-]+$/, { error: 'must look like owner/name' })
      .describe('owner/name'),
    labels: listOf('Labels of new issues').optional(),
    assignees: listOf('Users new issues are assigned to').optional(),
  })
  .strict();

/** An issue found by search must fit into the answer that is read. */
const BODY_CHARS = 8000;
/** What GitHub asks for after a secondary limit that names no time. */
const SECONDARY_WAIT_MS = 60_000;

type IssueCall = Call<z.output<typeof endpointSchema>, z.output<typeof recipientSchema>>;

export const github = httpSink({
  type: 'github',
  summary: 'GitHub issues: one an incident, comments for repetitions',
  audience: 'people',
  medium: 'markdown',
  endpoint: endpointSchema,
  recipient: recipientSchema,
  secrets: ['token'],
  batch: 1,
  text: { body: BODY_CHARS, subject: 200 },
  ticket: true,
  timeoutMs: 45_000,
  requestMs: 15_000,
  addressOf: ({ api }) => (api === OWN_API ? 'provider' : 'endpoint'),
  // Content may be made 500 times an hour and 80 times a minute.
  limits: ({ token }) => [limit(`github:${fingerprint(token)}`, 480 / 3600, 20)],
  exchange: () => {
    const issues = new Map<string, number>();
    const remember = (marker: string, issue: number): void => {
      issues.set(marker, issue);
      const [oldest] = issues.keys();
      if (issues.size > outboundLimits.rememberedIssues && oldest !== undefined) issues.delete(oldest);
    };
    return async (call, _receiver, ask) => {
      const marker = markerOf(call);
      const known = issues.get(marker) ?? (mayExist(call) ? await findIssue(call, marker, ask) : undefined);
      if (typeof known === 'object') return known;
      if (known !== undefined) {
        remember(marker, known);
        const told = await tell(call, known, ask);
        if (told !== 'gone') return told;
        issues.delete(marker);
      }
      const made = await askFor(ask, call, 'POST', 'issues', newIssue(call, marker));
      if ('verdict' in made) return made.verdict;
      const number = numberOf(made.json?.['number']);
      if (number === undefined) return { kind: 'broken', words: 'answers, but not as GitHub does' };
      remember(marker, number);
      return { kind: 'ok', ref: `#${number}` };
    };
  },
});

/** What is new of the incident, in its issue. */
async function tell(call: IssueCall, issue: number, ask: Ask): Promise<Verdict | 'gone'> {
  const incident = incidentOf(call.notification);
  const ok: Verdict = { kind: 'ok', ref: `#${issue}` };
  // Then this very notification made it.
  if (call.notification.repeated && (incident?.count ?? 1) === 1) return ok;
  // First what may be done twice: should the comment fail, nothing stands there two times after the next try.
  if (incident?.state === 'closed') {
    const closed = await askFor(ask, call, 'PATCH', `issues/${issue}`, { state: 'closed' });
    if ('verdict' in closed) return closed.gone ? 'gone' : closed.verdict;
  }
  const comment = await askFor(ask, call, 'POST', `issues/${issue}/comments`, { body: bodyOf(call) });
  if (!('verdict' in comment)) return ok;
  return comment.gone ? 'gone' : comment.verdict;
}

/** The same for all notifications of an incident; else for a notification and its repetitions. */
function markerOf({ notification, hostname }: IssueCall): string {
  const incident = incidentOf(notification);
  const key = incident === undefined ? notification.idempotencyKey : `incident ${incident.id} of ${hostname}`;
  return `idmef-${fingerprint(`${notification.recipient.name} ${key}`)}`;
}

function mayExist({ notification }: IssueCall): boolean {
  return notification.repeated || (incidentOf(notification)?.count ?? 1) > 1 || notification.form === 'plain';
}

function newIssue(call: IssueCall, marker: string): object {
  const { text, recipient } = call;
  return {
    title: text.subject,
    body: `${bodyOf(call)}\n\n${commentOf(marker)}`,
    labels: recipient.labels,
    // Somebody who may not be assigned is a refusal of the whole issue.
    assignees: text.plain ? undefined : recipient.assignees,
  };
}

function bodyOf({ text }: IssueCall): string {
  const body = text.plain ? fenced(text.body, BODY_CHARS) : text.body;
  // The marker of another incident in an alert's text would draw what is told of that one here.
  return body.replaceAll('<!--', '<!\u200b--');
}

function commentOf(marker: string): string {
  return `<!-- ${marker} -->`;
}

async function findIssue(call: IssueCall, marker: string, ask: Ask): Promise<number | undefined | Verdict> {
  const query = encodeURIComponent(`"${marker}" repo:${call.recipient.repository} is:issue in:body`);
  const result = await ask(
    requestTo(call, 'GET', `${call.endpoint.api}/search/issues?per_page=1&q=${query}`),
  );
  if (failed(result)) return result.failed;
  const verdict = judge(result.answer, call.now);
  if (verdict.kind !== 'ok') return verdict;
  const items = result.answer.json?.['items'];
  const [first] = Array.isArray(items) ? (items as readonly unknown[]) : [];
  if (!isObject(first) || textOf(first['body'])?.includes(commentOf(marker)) !== true) return undefined;
  return numberOf(first['number']);
}

interface Failure {
  readonly verdict: Verdict;
  /** The issue is not there any more, or takes nothing. */
  readonly gone: boolean;
}

async function askFor(
  ask: Ask,
  call: IssueCall,
  method: 'POST' | 'PATCH',
  path: string,
  json: object,
): Promise<Answer | Failure> {
  const url = `${call.endpoint.api}/repos/${call.recipient.repository}/${path}`;
  const result = await ask({ ...requestTo(call, method, url), json });
  if (failed(result)) return { verdict: result.failed, gone: false };
  const { answer } = result;
  const verdict = judge(answer, call.now);
  if (verdict.kind === 'ok') return answer;
  const locked = answer.status === 403 && /\blocked\b/i.test(saidIn(answer));
  return { verdict, gone: locked || [301, 404, 410].includes(answer.status) };
}

function requestTo({ endpoint }: IssueCall, method: ProviderRequest['method'], url: string): ProviderRequest {
  return {
    method,
    url,
    headers: {
      ...authorization(endpoint),
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    },
  };
}

function judge(answer: Answer, now: number): Verdict {
  const verdict = judgeAnswer(answer, { now });
  const limited =
    answer.status === 429 ||
    (answer.status === 403 &&
      (answer.header('retry-after') !== undefined ||
        answer.header('x-ratelimit-remaining') === '0' ||
        /rate limit|abuse/i.test(saidIn(answer))));
  if (!limited) return verdict;
  const paced = judgeAnswer({ ...answer, status: 429 }, { now });
  const words = verdict.words ?? `answers ${answer.status}`;
  return { ...paced, words, retryAfterMs: paced.retryAfterMs ?? untilReset(answer, now) };
}

function untilReset(answer: Answer, now: number): number {
  const reset = Number(answer.header('x-ratelimit-reset') ?? Number.NaN) * 1000;
  if (answer.header('x-ratelimit-remaining') !== '0' || !Number.isFinite(reset)) return SECONDARY_WAIT_MS;
  return Math.min(Math.max(0, reset - now), outboundLimits.retryAfterMaxMs);
}
