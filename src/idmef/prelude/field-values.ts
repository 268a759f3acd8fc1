/**
 * Texts of a message as values of Prelude's fields, by the kind of the field; what does not fit is moved.
 *
 * Used by model-reader.ts for every attribute and leaf.
 */

import { trimXml } from '../tree-edit.ts';
import type { PreludeObject, PreludeScalar } from './model.ts';
import { floatOf, integerFor } from './numbers.ts';
import type { Passage } from './passage.ts';
import type { FieldPlan } from './plan.ts';
import { enums } from './table.ts';
import { readTime } from './times.ts';

/** Fields of an object in the making. */
export type Fields = Record<string, PreludeScalar | PreludeObject | (string | PreludeObject)[]>;

export function append(fields: Fields, name: string, item: string | PreludeObject): void {
  const list = fields[name];
  if (Array.isArray(list)) list.push(item);
  else fields[name] = [item];
}

/** An attribute with a keyword, of the element looked at. */
export function takeKeyword(
  passage: Passage,
  { name, spec, local }: FieldPlan,
  value: string,
  fields: Fields,
): void {
  if (spec.kind !== 'enum') return;
  const keyword = trimXml(value);
  if (Object.hasOwn(enums[spec.of], keyword)) fields[name] = keyword;
  else if (spec.of !== 'file_fstype') passage.report('keyword', `@${local}`, value);
  else if (value !== '') passage.move('fstype', `@${local}`, value);
}

/** A text that stood `step` from the element looked at. White space of strings is their own, as in the RFC's types. */
export function takeText(
  passage: Passage,
  { name, spec }: FieldPlan,
  text: string,
  step: string,
  fields: Fields,
): void {
  const { kind } = spec;
  if (kind === 'enum' || kind === 'object' || kind === 'time') return;
  if (spec.list === true) {
    if (text === '') passage.move('empty-item', step, '');
    else append(fields, name, text);
    return;
  }
  const value = kind === 'string' ? text : trimXml(text);
  if (value === '') return;
  if (name in fields) {
    passage.report('structure', step, text);
  } else if (kind === 'string' || kind === 'data') {
    fields[name] = value;
  } else if (kind === 'float') {
    const float = floatOf(value);
    if (float !== undefined) fields[name] = float.value;
    if (float?.exact !== true) passage.move('confidence', step, text);
  } else {
    const number = integerFor(kind, value);
    if (number === undefined) passage.move('number', step, text);
    else fields[name] = number;
  }
}

/** The time whose element is looked at. The message's own CreateTime is judged when all of it has been read. */
export function takeTime(
  passage: Passage,
  { name }: FieldPlan,
  text: string,
  stamp: string | undefined,
  fields: Fields,
): void {
  const { time, rules, keepText, keepStamp } = readTime(
    trimXml(text),
    stamp === undefined ? stamp : trimXml(stamp),
  );
  if (name in fields) passage.report('structure', '', text);
  else if (time !== undefined) fields[name] = time;
  else if (name === 'create_time' && passage.line.length === 2) return;
  const [first] = rules;
  if (first === undefined) return;
  for (const rule of rules) passage.report(rule, '', keepText || !keepStamp ? text : (stamp ?? ''));
  if (keepText) passage.keep(first, '', text);
  if (keepStamp) passage.keep(first, '@ntpstamp', stamp ?? '');
}
