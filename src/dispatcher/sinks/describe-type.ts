/**
 * What an operator has to know of a sink type, made from its declaration: for `alert-dispatcher endpoints types [TYPE]`
 * and the documentation.
 *
 * Pure. The parameters come from the zod schemas, so nothing can be documented that is not checked, nor the other way round.
 */

import { z } from 'zod';

import { isObject, textOf } from '../../core/json-object.ts';
import type { SinkType } from '../model/sink.ts';

export interface ParameterRow {
  readonly name: string;
  /** `text`, `number`, `yes/no`, `text or list`, `table`. */
  readonly kind: string;
  /** As JSON; undefined: none. */
  readonly default?: string;
  readonly mandatory: boolean;
  readonly secret: boolean;
  readonly meaning: string;
}

export interface TypeDescription {
  readonly type: string;
  readonly summary: string;
  readonly audience: 'people' | 'machine';
  readonly fileOnly: boolean;
  readonly batch: number;
  readonly textChars: number;
  readonly subjectChars?: number;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly endpoint: readonly ParameterRow[];
  readonly recipient: readonly ParameterRow[];
}

export function describeType(type: SinkType): TypeDescription {
  return {
    type: type.type,
    summary: type.summary,
    audience: type.audience,
    fileOnly: type.fileOnly === true,
    batch: type.batch,
    textChars: type.text.body,
    ...(type.text.subject === undefined ? {} : { subjectChars: type.text.subject }),
    timeoutMs: type.timeoutMs,
    ...(type.everyMs === undefined ? {} : { everyMs: type.everyMs }),
    endpoint: rowsOf(type.endpoint, type.secrets),
    recipient: rowsOf(type.recipient, type.secrets),
  };
}

/** For the terminal: a head and a table each for endpoint and recipient. */
export function describeTypeText(type: SinkType): string {
  const about = describeType(type);
  const facts = [
    `audience ${about.audience}`,
    about.batch === 1 ? 'one message a call' : `up to ${about.batch} messages a call`,
    `text up to ${about.textChars} characters`,
    `${about.timeoutMs / 1000} s a call`,
    ...(about.everyMs === undefined ? [] : [`every ${about.everyMs / 1000} s`]),
    ...(about.fileOnly ? ['configuration file only'] : []),
  ];
  return [
    `${about.type}: ${about.summary}`,
    `  ${facts.join(', ')}`,
    ...section('endpoint', about.endpoint),
    ...section('recipient', about.recipient),
    '',
  ].join('\n');
}

function section(title: string, rows: readonly ParameterRow[]): readonly string[] {
  if (rows.length === 0) return [`  ${title}: no parameters`];
  const cells = rows.map((row) => [row.secret ? `${row.name} (or ${row.name}_file)` : row.name, row.kind]);
  const widths = [0, 1].map((column) => Math.max(...cells.map((cell) => cell[column]?.length ?? 0)));
  return [
    `  ${title}:`,
    ...rows.map((row, at) => {
      const [name = '', kind = ''] = cells[at] ?? [];
      const note = row.mandatory
        ? ' (mandatory)'
        : row.default === undefined
          ? ''
          : ` (default ${row.default})`;
      return `    ${name.padEnd(widths[0] ?? 0)}  ${kind.padEnd(widths[1] ?? 0)}  ${row.meaning}${note}`;
    }),
  ];
}

function rowsOf(schema: z.ZodObject, secrets: readonly string[]): readonly ParameterRow[] {
  // What an operator writes, not what is made of it; parts that JSON Schema has no word for are `any`.
  const json: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const properties = isObject(json) && isObject(json['properties']) ? json['properties'] : {};
  const required = isObject(json) && Array.isArray(json['required']) ? (json['required'] as unknown[]) : [];
  return Object.entries(properties).map(([name, property]) => {
    const fallback = isObject(property) ? property['default'] : undefined;
    return {
      name,
      kind: kindOf(property),
      ...(fallback === undefined ? {} : { default: JSON.stringify(fallback) }),
      mandatory: required.includes(name),
      secret: secrets.includes(name),
      meaning: isObject(property) ? (textOf(property['description']) ?? '') : '',
    };
  });
}

function kindOf(property: unknown): string {
  if (!isObject(property)) return 'any';
  const choices = property['enum'];
  if (Array.isArray(choices)) return choices.map(String).join('|');
  const forms = property['anyOf'];
  if (Array.isArray(forms)) {
    const kinds = [...new Set(forms.map(kindOf))];
    return kinds.includes('list') && kinds.includes('text') ? 'text or list' : kinds.join(' or ');
  }
  const known: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'number',
    integer: 'number',
    boolean: 'yes/no',
    array: 'list',
    object: 'table',
  };
  return known[textOf(property['type']) ?? ''] ?? 'any';
}
