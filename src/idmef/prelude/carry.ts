/**
 * One message of RFC 4765 as Prelude's data model, complete or not at all.
 *
 * Driven by table.ts. What a field cannot hold is moved into an AdditionalData that says its place, or changed, by the
 * named rules of carry-rules.ts, and said; a message that would lose something otherwise is refused. Called before each
 * delivery in Prelude's protocol or in the dialect, and by `idmef convert`. The message is well-formed and within the
 * limits (read-document.ts); it need not be valid. Enumerations that libprelude always writes are always set here.
 */

import type { Change } from '../../core/outcome.ts';
import { readNtpStamp, NtpStampValue } from '../datatypes/ntp-stamp.ts';
import { RFC_NAMESPACE } from '../envelope.ts';
import { enumerations } from '../schema/enumerations.ts';
import { childElements, isBlank, ownText, placeOf, trimXml } from '../tree-edit.ts';
import { parseTree, type TreeAttribute, type TreeElement } from '../tree.ts';
import { quoted } from '../validate/problem-list.ts';
import { carryRules, type CarryRuleName } from './carry-rules.ts';
import { markupOf } from './markup.ts';
import type { Carried, PreludeObject, PreludeScalar } from './model.ts';
import { inPlaceOrder, movedData, type Moved } from './moved-data.ts';
import { floatOf, integerFor } from './numbers.ts';
import { type ClassPlan, type FieldPlan, rfcPlans } from './plan.ts';
import { enums } from './table.ts';
import { readTime } from './times.ts';

type Fields = Record<string, PreludeScalar | PreludeObject | string[] | PreludeObject[]>;

/** A File below so many Linkages in one another is the last that libprelude's paths (16 steps, 127 letters) reach. */
const LINKAGES = 3;

const details: ReadonlySet<string> = new Set(['tool_alert', 'correlation_alert', 'overflow_alert']);
const stampedTimes: ReadonlySet<string> = new Set(['CreateTime', 'DetectTime', 'AnalyzerTime']);
const dataTypes: ReadonlySet<string> = new Set(enumerations.adtype);

/** The message as Prelude holds it, with all that was changed for it; or why it cannot be held. */
export function carry(message: Uint8Array): Carried {
  return new Carrier().message(parseTree(message));
}

function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name.charCodeAt(5) === 0x3a);
}

class Carrier {
  private readonly plans = rfcPlans();
  private readonly changes: Change[] = [];
  private readonly reasons: Change[] = [];
  private readonly moved: Moved[] = [];
  private readonly analyzers: PreludeObject[] = [];
  /** The element looked at and those around it, the message first. */
  private readonly line: TreeElement[] = [];

  message(element: TreeElement): Carried {
    if (element.namespace !== RFC_NAMESPACE || (element.local !== 'Alert' && element.local !== 'Heartbeat')) {
      this.line.push(element);
      this.report('unknown-name', '', element.local);
      return { ok: false, reasons: this.reasons };
    }
    const { class: of, fields: read } = this.object(
      element,
      this.plans[element.local === 'Alert' ? 'alert' : 'heartbeat'],
    );
    if (read['create_time'] === undefined) this.report('create-time', 'CreateTime', '');
    if (this.reasons.length > 0) return { ok: false, reasons: this.reasons };
    const fields = { ...read };
    if (this.analyzers.length > 0) fields['analyzer'] = this.analyzers;
    if (this.moved.length > 0) {
      const own = (fields['additional_data'] ?? []) as readonly PreludeObject[];
      fields['additional_data'] = [...own, ...inPlaceOrder(this.moved).map(movedData)];
    }
    return { ok: true, message: { class: of, fields }, changes: this.changes };
  }

  private object(element: TreeElement, plan: ClassPlan): PreludeObject {
    this.line.push(element);
    const fields: Fields = { ...plan.defaults };
    this.attributes(element, plan, fields);
    let text = '';
    for (const child of element.children) {
      if (child.kind === 'element') this.child(child, plan, fields);
      else if (child.kind === 'text') text += child.value;
    }
    if (text !== '' && !isBlank(text)) this.ownText(text, plan, fields);
    this.line.pop();
    return { class: plan.name, fields };
  }

  private ownText(text: string, plan: ClassPlan, fields: Fields): void {
    if (plan.text === undefined) this.report('structure', '', text);
    else this.value(plan.text, text, '', fields);
  }

  private attributes(element: TreeElement, plan: ClassPlan, fields: Fields): void {
    for (const attribute of element.attributes) {
      const field = plan.attributes.get(attribute.name);
      if (field === undefined) this.otherAttribute(attribute);
      else if (field.spec.kind === 'enum') this.keyword(field, attribute.value, fields);
      else this.value(field, attribute.value, `@${attribute.name}`, fields);
    }
  }

  /** An attribute that is no field; of the element looked at. */
  private otherAttribute({ name, value }: TreeAttribute): void {
    if (name === 'xml:lang') this.move('language', '@xml:lang', value);
    else if (name !== 'xml:space' && !isDeclaration(name)) this.report('unknown-name', `@${name}`, value);
  }

  private keyword({ name, spec, local }: FieldPlan, value: string, fields: Fields): void {
    if (spec.kind !== 'enum') return;
    const keyword = trimXml(value);
    if (Object.hasOwn(enums[spec.of], keyword)) fields[name] = keyword;
    else if (spec.of !== 'file_fstype') this.report('keyword', `@${local}`, value);
    else if (value !== '') this.move('fstype', `@${local}`, value);
  }

  private child(child: TreeElement, plan: ClassPlan, fields: Fields): void {
    const field = child.namespace === RFC_NAMESPACE ? plan.children.get(child.local) : undefined;
    if (field === undefined) {
      const nests = plan.name === 'analyzer' && child.local === 'Analyzer';
      if (nests && child.namespace === RFC_NAMESPACE) this.analyzer(child);
      else this.report('unknown-name', '', '', child);
    } else if (field.spec.kind === 'object') {
      this.part(child, field, plan, fields);
    } else {
      this.leaf(child, field, fields);
    }
  }

  /** A child that is an object of its own. */
  private part(child: TreeElement, { name, spec }: FieldPlan, plan: ClassPlan, fields: Fields): void {
    if (spec.kind !== 'object') return;
    if (spec.of === 'analyzer') {
      this.analyzer(child);
    } else if (spec.list === true) {
      const object =
        spec.of === 'additional_data' ? this.data(child) : this.object(child, this.plans[spec.of]);
      if (spec.of === 'alertident' && Object.keys(object.fields).length === 0) {
        this.move('empty-item', '', '', child);
      } else {
        append(fields, name, object);
      }
    } else if (name in fields || (details.has(name) && [...details].some((other) => other in fields))) {
      this.report('structure', '', '', child);
    } else if (plan.name === 'service' && ('web_service' in fields || 'snmp_service' in fields)) {
      this.moveWhole(child, 'two-services');
    } else if (plan.name === 'linkage' && this.linkages() > LINKAGES) {
      this.moveWhole(child, 'nested-file');
    } else {
      fields[name] = this.object(child, this.plans[spec.of]);
    }
  }

  private linkages(): number {
    return this.line.filter(({ local }) => local === 'Linkage').length;
  }

  /** The chain is a list in Prelude, the outermost first. One without anything has the RFC's default analyzerid. */
  private analyzer(element: TreeElement): void {
    const beside = childElements(this.line.at(-1)!).filter(({ local }) => local === 'Analyzer');
    if (element !== beside[0]) this.report('structure', '', '', element);
    const index = this.analyzers.length;
    this.analyzers.push({ class: 'analyzer', fields: {} });
    const object = this.object(element, this.plans.analyzer);
    const isEmpty = Object.keys(object.fields).length === 0;
    this.analyzers[index] = isEmpty ? { class: 'analyzer', fields: { analyzerid: '0' } } : object;
  }

  private leaf(child: TreeElement, field: FieldPlan, fields: Fields): void {
    this.line.push(child);
    const isStamped = stampedTimes.has(child.local);
    let stamp: string | undefined;
    let inside = '';
    for (const attribute of child.attributes) {
      if (isStamped && attribute.name === 'ntpstamp') stamp = attribute.value;
      else if (attribute.name === field.inside) inside = trimXml(attribute.value);
      else this.otherAttribute(attribute);
    }
    const text = this.leafText(child);
    if (field.inside !== undefined) {
      if (!isBlank(text)) this.report('structure', '', text);
      if (enumerations.fileperm.some((each) => each === inside)) this.value(field, inside, '', fields);
      else this.report('keyword', `@${field.inside}`, inside);
    } else if (field.spec.kind === 'time') {
      this.time(field.name, text, stamp, fields);
    } else {
      this.value(field, text, '', fields);
    }
    this.line.pop();
  }

  /** Character data of the element looked at, which may have nothing else. */
  private leafText(element: TreeElement): string {
    const [only] = element.children;
    if (only === undefined) return '';
    if (element.children.length === 1 && only.kind === 'text') return only.value;
    for (const inner of childElements(element)) this.report('structure', '', '', inner);
    return ownText(element);
  }

  /** Puts a value into its field; `step` leads from the element looked at to where it stood. */
  private value({ name, spec }: FieldPlan, text: string, step: string, fields: Fields): void {
    if (spec.kind !== 'enum' && spec.kind !== 'object' && spec.list === true) {
      if (text === '') this.move('empty-item', step, '');
      else append(fields, name, text);
      return;
    }
    if (name in fields) {
      this.report('structure', step, text);
      return;
    }
    if (spec.kind === 'string' || spec.kind === 'data') {
      const value = spec.kind === 'string' ? text : trimXml(text);
      if (value !== '') fields[name] = value;
      return;
    }
    const trimmed = trimXml(text);
    if (trimmed === '') return;
    if (spec.kind === 'float') {
      const float = floatOf(trimmed);
      if (float !== undefined) fields[name] = float.value;
      if (float?.exact !== true) this.move('confidence', step, text);
      return;
    }
    const number =
      spec.kind === 'enum' || spec.kind === 'object' ? undefined : integerFor(spec.kind, trimmed);
    if (number === undefined) this.move('number', step, text);
    else fields[name] = number;
  }

  private time(name: string, text: string, stamp: string | undefined, fields: Fields): void {
    const reading = readTime(trimXml(text), stamp === undefined ? undefined : trimXml(stamp));
    const { time, rules, keepText, keepStamp } = reading;
    if (name in fields) {
      this.report('structure', '', text);
    } else if (time !== undefined) {
      fields[name] = time;
    } else if (name === 'create_time' && this.line.length === 2) {
      // Said when the message is complete.
      return;
    }
    const [first] = rules;
    if (first === undefined) return;
    for (const rule of rules) this.report(rule, '', keepText || !keepStamp ? text : (stamp ?? ''));
    if (keepText) this.keep(first, '', text);
    if (keepStamp) this.keep(first, '@ntpstamp', stamp ?? '');
  }

  private data(element: TreeElement): PreludeObject {
    this.line.push(element);
    const fields: Fields = { type: 'string' };
    let declared: string | undefined;
    for (const attribute of element.attributes) {
      if (attribute.name === 'type') declared = trimXml(attribute.value);
      else if (attribute.name !== 'meaning') this.otherAttribute(attribute);
      else if (attribute.value !== '') fields['meaning'] = attribute.value;
    }
    const [typed, ...more] = childElements(element);
    if (typed === undefined || more.length > 0 || !isBlank(ownText(element))) {
      this.report('structure', '', ownText(element));
    } else if (typed.namespace !== RFC_NAMESPACE || !dataTypes.has(typed.local)) {
      this.report('unknown-name', '', '', typed);
    } else {
      if (declared !== undefined && declared !== typed.local) this.move('data-type', '@type', declared);
      fields['type'] = typed.local === 'xmltext' ? 'xml' : typed.local;
      const data = this.typed(typed, fields);
      if (data !== '') fields['data'] = data;
    }
    this.line.pop();
    return { class: 'additional_data', fields };
  }

  /** The data in the typed element. */
  private typed(element: TreeElement, fields: Fields): string | bigint {
    const { local: type } = element;
    this.line.push(element);
    for (const attribute of element.attributes) this.otherAttribute(attribute);
    let data: string | bigint | undefined;
    if (type === 'xmltext') {
      data = markupOf(element, this.line);
      if (data === undefined) this.report('size', '', '');
    } else {
      const text = this.leafText(element);
      data = type === 'string' || type === 'character' ? text : trimXml(text);
      if (type === 'ntpstamp') {
        const stamp = stampBits(data);
        if (stamp === undefined) {
          this.report('data-type', '', data);
          fields['type'] = 'string';
        }
        data = stamp ?? data;
      }
    }
    this.line.pop();
    return data ?? '';
  }

  /** All values of an element, each to its place. */
  private moveWhole(element: TreeElement, rule: CarryRuleName): void {
    this.report(rule, '', '', element);
    this.keepWhole(element, rule);
  }

  private keepWhole(element: TreeElement, rule: CarryRuleName): void {
    this.line.push(element);
    for (const { name, value } of element.attributes) {
      if (name !== 'xml:space' && !isDeclaration(name)) this.keep(rule, `@${name}`, value);
    }
    const inner = childElements(element);
    const text = ownText(element);
    if (inner.length === 0) this.keep(rule, '', text);
    else if (!isBlank(text)) this.report('structure', '', text);
    for (const child of inner) this.keepWhole(child, rule);
    this.line.pop();
  }

  private move(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    this.report(rule, step, value, below);
    this.keep(rule, step, value, below);
  }

  private keep(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    this.moved.push({ place: this.place(step, below), rule, value });
  }

  private report(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    const { effect, says } = carryRules[rule];
    const text = value === '' ? says : `${says}: ${quoted(value)}`;
    (effect === 'refused' ? this.reasons : this.changes).push({ rule, path: this.place(step, below), text });
  }

  /** Where something stands below the message: the element looked at or a child of it, and a step from there. */
  private place(step: string, below?: TreeElement): string {
    const { line } = this;
    const element = below ?? line.at(-1);
    if (element === undefined) return step;
    const path = placeOf(below === undefined ? line.slice(0, -1) : line, element);
    return path === '' || step === '' ? path + step : `${path}/${step}`;
  }
}

function append(fields: Fields, name: string, item: string | PreludeObject): void {
  const list = fields[name];
  if (Array.isArray(list)) (list as (string | PreludeObject)[]).push(item);
  else fields[name] = [item] as string[] | PreludeObject[];
}

/** The 64 bits of an NTPSTAMP. */
function stampBits(text: string): bigint | undefined {
  const bytes = Buffer.from(text);
  if (!readNtpStamp(bytes, 0, bytes.length, new NtpStampValue())) return undefined;
  return BigInt(`0x${text.slice(2, 10)}${text.slice(13)}`);
}
