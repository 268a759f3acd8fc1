/**
 * A message in the dialect of a SECEF gateway, which turns names of elements into paths of libprelude.
 *
 * The gateway refuses valid RFC 4765 (text beside children, nested Analyzers, several names of the RFC) and loses parts of
 * it with a 200 (all but the last of several Action or alertident). What it reads in full is written here from table.ts's
 * `secef` column: no white space between tags, Analyzers beside each other, each value in the attribute or element that
 * becomes its path. An NTP stamp goes as a string, because libprelude takes its text for the number. Numbers and times
 * come from the model, so nothing the gateway's parser misreads can occur. One document a message, for one POST.
 */

import { RFC_NAMESPACE } from '../envelope.ts';
import { escapeAttribute, escapeText } from '../tree.ts';
import { isList, isObject, isTime } from './kinds.ts';
import type { PreludeObject, PreludeValue } from './model.ts';
import { type ClassPlan, type FieldPlan, secefPlans } from './plan.ts';
import { stampText, timeStamp } from './times.ts';
import { stampedTimes, valueText } from './value-text.ts';

const head =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  `<idmef:IDMEF-Message xmlns:idmef="${RFC_NAMESPACE}" version="1.0">`;
const tail = '</idmef:IDMEF-Message>';

/** The document, complete. */
export function secefDocument(message: PreludeObject): Buffer {
  return Buffer.from(head + object(message) + tail);
}

function object({ fields, class: of }: PreludeObject): string {
  const plan = secefPlans().of(of);
  if (of === 'additional_data') return additionalData(fields, plan);
  let attributes = '';
  for (const [local, { name, spec }] of plan.attributes) {
    const value = fields[name];
    if (value !== undefined) attributes += attribute(local, valueText(value, spec));
  }
  let content = '';
  for (const [, field] of plan.children) content += child(field, fields[field.name]);
  return element(plan.element, attributes, content);
}

function additionalData({ meaning, type, data }: PreludeObject['fields'], plan: ClassPlan): string {
  const word = typeof data === 'bigint' || typeof type !== 'string' ? 'string' : type;
  const value = typeof data === 'bigint' ? stampText(data) : typeof data === 'string' ? data : '';
  const attributes =
    attribute('type', word) + (typeof meaning === 'string' ? attribute('meaning', meaning) : '');
  return element(plan.element, attributes, element(word, '', escapeText(value)));
}

function child(field: FieldPlan, value: PreludeValue | undefined): string {
  if (value === undefined) return '';
  if (isList(value)) {
    let all = '';
    for (const item of value) all += child(field, item);
    return all;
  }
  if (isObject(value)) return object(value);
  const { spec, local } = field;
  const stamp = isTime(value) && stampedTimes.has(local) ? timeStamp(value) : undefined;
  // The gateway ignores the stamp; a reader of RFC 4765 wants it.
  const attributes = stamp === undefined ? '' : attribute('ntpstamp', stamp);
  return element(local, attributes, escapeText(valueText(value, spec)));
}

function attribute(local: string, value: string): string {
  return ` ${local}="${escapeAttribute(value)}"`;
}

function element(local: string, attributes: string, content: string): string {
  const name = `idmef:${local}`;
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}
