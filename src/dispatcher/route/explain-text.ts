/** An explanation (explain.ts) as lines for a terminal. Texts of the message are quoted: they are attackers'. */

import type { Condition } from '../../idmef/criteria/criteria.ts';
import type { PlannedIncident, PlannedPair } from '../model/plan.ts';
import type { NodeVisit, RouteExplanation } from './explain.ts';

const SHOWN_VALUES = 3;
const SHOWN_CHARS = 60;

function quoted(value: string): string {
  const short = value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value;
  return JSON.stringify(short.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' '));
}

function conditionLine({ text, matches, values }: Condition, indent: string): string {
  const more = values.length > SHOWN_VALUES ? `, … (${values.length})` : '';
  const found = values.length === 0 ? 'none' : values.slice(0, SHOWN_VALUES).map(quoted).join(', ') + more;
  return `${indent}  ${matches ? 'yes' : 'no '}  ${text}   (it has ${found})`;
}

function nodeLines({ path, depth, visit, when, conditions, to }: NodeVisit): string[] {
  const indent = '  '.repeat(depth);
  const names = to.length === 0 ? '' : `  to ${to.join(', ')}`;
  const lines = [`${indent}${path}: ${visit}${visit === 'match' ? names : ''}`];
  if (when === undefined || visit === 'not asked') return lines;
  const found = conditions.map((condition) => conditionLine(condition, indent));
  const written = when.trim().replaceAll(/\s+/g, ' ');
  // One condition alone says it all; of several it matters how they are joined.
  return conditions[0]?.text === written
    ? [...lines, ...found]
    : [...lines, `${indent}  when ${written}`, ...found];
}

/** `30 s`, `4 h`. */
function span(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms >= 60_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function pairLine(pair: PlannedPair): string {
  const { recipient, audience, route, priority, waitMs, repeat, threshold, suppress } = pair;
  const head = `${recipient} (${audience}, ${route})`;
  if (suppress !== undefined) return `${head}: suppressed(${suppress.reason}): ${suppress.detail}`;
  const rules = [
    waitMs > 0 ? `after ${span(waitMs)}` : 'at once',
    `priority ${priority}`,
    repeat === undefined ? '' : `repeated after ${span(repeat.firstMs)}, at most every ${span(repeat.maxMs)}`,
    threshold?.limit === undefined ? '' : `the first ${threshold.limit} in ${threshold.seconds} s`,
    threshold?.count === undefined ? '' : `one in ${threshold.count} in ${threshold.seconds} s`,
  ];
  return `${head}: ${rules.filter((rule) => rule !== '').join(', ')}`;
}

function incidentLine({ key, title, windowMs, escalate, closes }: PlannedIncident): string {
  const steps = escalate.map(({ afterMs, to }) => `, to ${to} after ${span(afterMs)} unless acked`).join('');
  return `${title} (${key.slice(0, 8)}, ${closes === true ? 'closed by this' : `open for ${span(windowMs)}`}${steps})`;
}

function section(title: string, lines: readonly string[], none: string): string[] {
  return [`${title}:`, ...(lines.length === 0 ? [none] : lines).map((line) => `  ${line}`)];
}

/** Lines without a line break at the end of the last. */
export function routeText(explanation: RouteExplanation): string {
  const { facts, forced, nodes, plan, unwanted } = explanation;
  const { kind, messageid, classification } = facts;
  return [
    `${kind} ${quoted(messageid)}${classification === '' ? '' : ` ${quoted(classification)}`}`,
    ...section(
      'routes',
      forced ? ['posted to a channel: no route is asked'] : nodes.flatMap((node) => nodeLines(node)),
      'none',
    ),
    ...section('incidents', plan.incidents.map(incidentLine), 'none'),
    ...section(
      'recipients',
      [
        ...plan.pairs.map(pairLine),
        ...unwanted.map(({ recipient, route, why }) => `${recipient} (${route}): not for it: ${why}`),
      ],
      'nobody',
    ),
  ].join('\n');
}
