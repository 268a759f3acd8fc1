/**
 * What an HTTP answer means, where a provider has no rules of its own; and the parts such rules are made of.
 *
 * Called by engine.ts and providers. The table is that of the dispatcher's outcomes: 2xx ok; 408, 425, 429, 5xx again, with the time
 * the provider names; 400, 409, 413, 414, 415, 422, 424, 431 refused; every other 4xx broken; a redirect is broken, because it is never
 * followed; a web page where none is due is a portal or a wrong URL.
 */

import { isObject, numberOf, textOf, type JsonObject } from '../../../core/json-object.ts';
import { outboundLimits } from '../../../core/limits.ts';
import { OK_VERDICT, type Answer, type Verdict } from './provider.ts';

const refusing = new Set([400, 409, 413, 414, 415, 422, 424, 431]);
const passing = new Set([408, 425, 429]);

interface JudgeOptions {
  /** Wall ms, for a Retry-After that is a date. */
  readonly now: number;
  readonly pages?: 'allowed' | undefined;
}

export function judgeAnswer(answer: Answer, { now, pages }: JudgeOptions): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    if (pages === 'allowed' || !isWebPage(answer)) return OK_VERDICT;
    return {
      kind: 'broken',
      words: `answers ${status} with a web page`,
      said: pageTitle(answer),
      hint: 'check the URL; a portal or proxy may be in the way',
    };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: 'broken',
      words: `redirects (${status}), which is never followed`,
      said: locationHost(answer),
      hint: 'name the final URL',
    };
  }
  const words = `answers ${status}`;
  const said = saidIn(answer);
  if (passing.has(status) || status >= 500) {
    const retryAfterMs = retryAfter(answer, now);
    return {
      kind: 'again',
      words,
      said,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(status === 429 ? { limited: true } : {}),
      ...(status >= 500 && status !== 503 ? { uncertain: true } : {}),
    };
  }
  return { kind: refusing.has(status) ? 'refused' : 'broken', words, said };
}

/**
 * Milliseconds the provider asks us to wait: header Retry-After (seconds, also with a fraction, or a date), else `retry_after` in the
 * body, at the top or below `parameters`. Bounded. Undefined when it says nothing that can be read.
 */
export function retryAfter(answer: Answer, now: number): number | undefined {
  const ms = headerMs(answer.header('retry-after'), now) ?? bodyMs(answer.json);
  return ms === undefined ? undefined : Math.min(Math.max(0, Math.ceil(ms)), outboundLimits.retryAfterMaxMs);
}

function headerMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - now;
}

function bodyMs(json: JsonObject | undefined): number | undefined {
  const parameters = json?.['parameters'];
  const seconds =
    numberOf(json?.['retry_after']) ??
    (isObject(parameters) ? numberOf(parameters['retry_after']) : undefined);
  return seconds === undefined ? undefined : seconds * 1000;
}

export function isWebPage(answer: Answer): boolean {
  if (answer.body.trim() === '') return false;
  const type = answer.header('content-type') ?? '';
  return (
    /^text\/html|^application\/xhtml/i.test(type) || /^\s*<(?:!doctype html|html[\s>])/i.test(answer.body)
  );
}

function pageTitle({ body }: Answer): string {
  return /<title[^>]*>([^<]{1,80})/i.exec(body)?.[1]?.trim() ?? '';
}

/** The host alone: a path may repeat a secret. */
function locationHost(answer: Answer): string {
  const location = answer.header('location') ?? '';
  try {
    return `to ${new URL(location, 'http://same.invalid').host.replace('same.invalid', 'another path')}`;
  } catch {
    return '';
  }
}

const fields = ['description', 'message', 'error', 'detail', 'text', 'title', 'reason', 'errors'] as const;

/** The words of an answer: from the usual fields of JSON, else its first line of text; '' for a page without a title. */
export function saidIn(answer: Answer): string {
  if (isWebPage(answer)) return pageTitle(answer);
  return wordsOf(answer.json, 2) ?? answer.body; // cut after masking: half a secret would pass
}

function wordsOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (depth < 0) return undefined;
  if (Array.isArray(value)) return wordsOf(value[0], depth);
  if (!isObject(value)) return undefined;
  const found = fields.map((name) => wordsOf(value[name], depth - 1)).filter((words) => words !== undefined);
  return found.length === 0 ? undefined : [...new Set(found)].slice(0, 2).join(': ');
}

/** A verdict by the provider's own error name: `words` say where it stood. */
export function byName(
  name: string | undefined,
  names: {
    readonly again: ReadonlySet<string>;
    readonly broken: ReadonlySet<string>;
  },
  words: string,
): Verdict {
  const said = name ?? '';
  if (names.again.has(said)) return { kind: 'again', words, said };
  return { kind: names.broken.has(said) ? 'broken' : 'refused', words, said };
}

/** Of a JSON answer: whether the flag is there and false. */
export function saysNo(answer: Answer, flag: string): boolean {
  return answer.json?.[flag] === false;
}

export function textAt(json: JsonObject | undefined, ...path: readonly string[]): string | undefined {
  let value: unknown = json;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return textOf(value) ?? (typeof value === 'number' ? String(value) : undefined);
}
