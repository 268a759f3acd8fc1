/**
 * What a template sees: a bounded copy of the views and facts, as plain data that goes to the template thread.
 *
 * Variables: `alert` (the first message: title, severity, severityRank, urgency, completion, confidence, when, whenIso, analyzer, node,
 * sources, targets, references, details, messageid, correlation, heartbeat, text, message, and what `path` finds), `messages` (all of
 * them), `count`, `digest`, `tag`, `repeated`, `incident`, `recipient`, `instance`. Absent parts are empty, so that
 * `{% if alert.sources.size > 0 %}` is all a template needs. Dates are in the recipient's language and zone.
 */

import { templateLimits } from '../../../core/limits.ts';
import { severityNames } from '../../../core/severity.ts';
import { createSubject } from '../../../idmef/criteria/create-subject.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import type { RenderWish } from '../../model/ports.ts';
import type { SendMessage } from '../../model/sink.ts';
import { cutUnits } from '../clean.ts';
import type { Phrases } from '../phrases.ts';

export interface DataTerms {
  readonly source: string;
  readonly wish: Pick<RenderWish, 'tag' | 'repeated' | 'recipient'>;
  readonly phrases: Phrases;
  readonly instance: string;
}

/** The paths a template names, each once: they stand in quotes. */
export function pathsOf(source: string): readonly string[] {
  const found = [...source.matchAll(/\|\s*path\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)')/g)];
  return [...new Set(found.map(([, double, single]) => double ?? single ?? ''))].slice(
    0,
    templateLimits.paths,
  );
}

export function messagesData(messages: readonly SendMessage[], terms: DataTerms): object {
  const paths = pathsOf(terms.source);
  const copy = bounded();
  const seen = messages
    .slice(0, templateLimits.messages)
    .map((message) => messageData(message, paths, terms, copy));
  const incident = messages[0]?.incident;
  return {
    ...common(terms),
    alert: seen[0],
    messages: seen,
    count: messages.length,
    ...(incident === undefined ? {} : { incident: { ...incident } }),
  };
}

export function digestData(digest: DigestFacts, terms: DataTerms): object {
  const severities = Object.fromEntries(
    severityNames.flatMap((name, rank) => {
      const count = Object.entries(digest.severities).find(([key]) => Number(key) === rank)?.[1];
      return count === undefined ? [] : [[name === '' ? 'none' : name, count]];
    }),
  );
  const { phrases } = terms;
  const from = phrases.instant(digest.firstAt);
  const to = phrases.instant(digest.lastAt);
  return {
    ...common(terms),
    messages: [],
    count: digest.count,
    digest: bounded()({ ...digest, severities, from, to }),
  };
}

/** Whether a template has words for a storm, not just the word; if not, the usual ones are used. */
export function speaksOfDigests(source: string): boolean {
  return /\{[{%][^}]*\bdigest\b/.test(source);
}

function common({ wish, instance }: DataTerms): object {
  const { tag, repeated, recipient } = wish;
  return { tag, repeated, recipient: recipient.name, instance };
}

function messageData(
  { view, body, verbatim = '' }: SendMessage,
  paths: readonly string[],
  terms: DataTerms,
  copy: Copy,
): object {
  const { when, severity, ...rest } = view;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, copy(value)])),
    severity: severityNames[severity],
    severityRank: severity,
    when: when === undefined ? '' : terms.phrases.instant(when),
    whenIso: when === undefined ? '' : new Date(when).toISOString(),
    text: copy(verbatim),
    paths: valuesOf(body, paths, copy),
  };
}

/** Several values with commas, as Prelude's reports have them. Throws RangeError for a path that is none. */
function valuesOf(body: Uint8Array, paths: readonly string[], copy: Copy): Readonly<Record<string, string>> {
  if (paths.length === 0) return {};
  const subject = createSubject(body);
  return Object.fromEntries(paths.map((path) => [path, String(copy(subject.values(path).join(', ')))]));
}

type Copy = (value: unknown) => unknown;

/** Copies without functions, of bounded size: each value, and all of them together. What is beyond that is empty. */
function bounded(): Copy {
  let left: number = templateLimits.dataChars;
  const copy = (value: unknown, depth: number): unknown => {
    left -= templateLimits.valueCost;
    if (typeof value === 'string') {
      const text = cutUnits(value, Math.min(templateLimits.textChars, Math.max(0, left)));
      left -= text.length;
      return text;
    }
    if (typeof value !== 'object') return value;
    if (value === null || depth > 8 || left <= 0) return undefined;
    if (Array.isArray(value)) {
      return value.slice(0, templateLimits.listItems).map((item) => copy(item, depth + 1));
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner, depth + 1)]));
  };
  return (value) => copy(value, 0);
}
