/**
 * A message of Prelude's model as RFC 4765: one self-contained Alert or Heartbeat, in the DTD's order.
 *
 * The way back of carry.ts: Analyzers are nested again, NTP stamps made from the times, what was moved stands in its place,
 * markup in xmltext. For a message that carry.ts made of a valid one the result is valid and carries to the same model.
 * What Prelude need not have but the RFC must (a name, a url) is written empty where it is text; a model that lacks more
 * gives an invalid message, which its validator says.
 */

import { xmlLimits } from '../../core/limits.ts';
import { RFC_NAMESPACE } from '../envelope.ts';
import { fits } from '../repair/grammar.ts';
import { elementSpec } from '../schema.ts';
import { attributeOf, childElements, newElement, setAttribute, textNode } from '../tree-edit.ts';
import { escapeText, type TreeElement, type TreeNode, writeTree } from '../tree.ts';
import { isList, isObject, isTime, objectsOf } from './kinds.ts';
import { isMarkup } from './markup.ts';
import type { PreludeObject, PreludeValue } from './model.ts';
import { inPlaceOrder, type Moved, movedOf } from './moved-data.ts';
import { type ClassPlan, type FieldPlan, rfcPlans } from './plan.ts';
import { PutBack } from './put-back.ts';
import { stampText, timeStamp } from './times.ts';
import { stampedTimes, valueText } from './value-text.ts';

/** Stands for elements and attributes of our own making: no namespace of the markup is in the way. */
const like: TreeElement = {
  kind: 'element',
  prefix: 'idmef',
  local: '',
  namespace: RFC_NAMESPACE,
  attributes: [],
  children: [],
  start: undefined,
  end: undefined,
};

/** "There is no stamp" (RFC 4765 §6.4), for times after 2104. */
const NO_STAMP = '0x00000000.0x00000000';

/** The message as bytes. */
export function rfcMessage(message: PreludeObject): Buffer {
  const { additional_data: data, ...fields } = message.fields;
  const own: PreludeObject[] = [];
  const moved: (Moved & { readonly data: PreludeObject })[] = [];
  for (const each of objectsOf(data)) {
    const was = movedOf(each);
    if (was === undefined || moved.length >= xmlLimits.movedValues) own.push(each);
    else moved.push({ ...was, data: each });
  }
  const tree = objectTree({ class: message.class, fields: { ...fields, additional_data: own } });
  const places = new PutBack(tree);
  for (const each of inPlaceOrder(moved)) {
    if (!places.put(each)) tree.children.push(objectTree(each.data));
  }
  complete(tree);
  tree.attributes.unshift({ name: 'xmlns:idmef', value: RFC_NAMESPACE });
  return Buffer.from(writeTree(tree));
}

function objectTree({ class: of, fields }: PreludeObject): TreeElement {
  const plan = rfcPlans().of(of);
  const attributes = attributesOf(fields, plan);
  const children: TreeNode[] = [];
  if (of === 'additional_data') {
    const type = attributes['type'] ?? 'string';
    children.push(newElement(like, type, {}, dataNodes(fields['data'], type)));
  }
  if (plan.text !== undefined) {
    const value = fields[plan.text.name];
    if (value !== undefined) children.push(textNode(valueText(value, plan.text.spec)));
  }
  for (const [, field] of plan.children) {
    for (const child of childTrees(field, fields[field.name])) children.push(child);
  }
  return newElement(like, plan.element, attributes, children);
}

function attributesOf(fields: PreludeObject['fields'], plan: ClassPlan): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [local, { name, spec }] of plan.attributes) {
    const value = fields[name];
    if (value === undefined) continue;
    const text = valueText(value, spec);
    attributes[local] =
      plan.name === 'additional_data' && text === 'xml' && name === 'type' ? 'xmltext' : text;
  }
  return attributes;
}

function dataNodes(data: PreludeValue | undefined, type: string): TreeNode[] {
  if (typeof data === 'bigint') return [textNode(stampText(data))];
  if (typeof data !== 'string' || data === '') return [];
  // Foreign data may call itself XML and be none.
  const raw = type === 'xmltext' && isMarkup(data) ? data : escapeText(data);
  return [{ kind: 'text', raw, value: data }];
}

function childTrees(field: FieldPlan, value: PreludeValue | undefined): TreeElement[] {
  if (value === undefined) return [];
  if (isList(value)) {
    const items = value.flatMap((item: string | PreludeObject) => childTrees(field, item));
    return field.name === 'analyzer' ? nested(items) : items;
  }
  if (isObject(value)) return [objectTree(value)];
  const { local, inside, spec } = field;
  const text = valueText(value, spec);
  if (inside !== undefined) return [newElement(like, local, { [inside]: text })];
  const attributes: Record<string, string> = {};
  if (isTime(value) && stampedTimes.has(local)) attributes['ntpstamp'] = timeStamp(value) ?? NO_STAMP;
  return [newElement(like, local, attributes, [textNode(text)])];
}

/** Each Analyzer inside the one before it. */
function nested(chain: readonly TreeElement[]): TreeElement[] {
  for (const [index, analyzer] of chain.entries()) {
    const inner = chain[index + 1];
    if (inner !== undefined) analyzer.children.push(inner);
  }
  return chain.slice(0, 1);
}

/** Texts that the RFC wants, in the order of the DTD; Prelude takes an empty one for none. */
const wanted: ReadonlyMap<string, readonly string[]> = new Map([
  ['Reference', ['name', 'url']],
  ['Node', ['name']],
  ['Address', ['address']],
  ['UserId', ['name']],
  ['Process', ['name']],
  ['Service', ['name']],
  ['WebService', ['url']],
  ['File', ['name', 'path']],
  ['Linkage', ['name', 'path']],
  ['Checksum', ['value']],
  ['ToolAlert', ['name', 'alertident']],
  ['CorrelationAlert', ['name', 'alertident']],
  ['OverflowAlert', ['program']],
]);

/** Adds the empty texts without which an element would not be complete. */
function complete(element: TreeElement): void {
  for (const [name, spec] of Object.entries(elementSpec(element.local)?.attributes ?? {})) {
    const isText = spec.oneOf === undefined && spec.dataType === undefined;
    if (spec.required === true && isText && attributeOf(element, name) === undefined)
      setAttribute(element, name, '');
  }
  let children = childElements(element);
  for (const local of wanted.get(element.local) ?? []) {
    const names = children.map((child) => child.local);
    if (fits(element.local, names)) break;
    if (names.includes(local)) continue;
    new PutBack(element).put({ place: local, rule: '', value: '' });
    children = childElements(element);
  }
  for (const child of children) complete(child);
}
