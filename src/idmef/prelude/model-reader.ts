/**
 * A message in one of the two XML forms as Prelude's model: the walk over its elements, driven by a plan (plan.ts).
 *
 * carry.ts reads RFC 4765 with it, read-secef.ts the dialect. The forms differ in names and places, which the plan knows,
 * in how Analyzers stand, and in what AdditionalData holds. The tree is well-formed; nothing else is taken for granted.
 */

import { xmlLimits } from '../../core/limits.ts';
import { NtpStampValue, readNtpStamp } from '../datatypes/ntp-stamp.ts';
import { RFC_NAMESPACE } from '../envelope.ts';
import { enumerations } from '../schema/enumerations.ts';
import { childElements, isBlank, ownText, trimXml } from '../tree-edit.ts';
import type { TreeAttribute, TreeElement } from '../tree.ts';
import { append, type Fields, takeKeyword, takeText, takeTime } from './field-values.ts';
import { isObject } from './kinds.ts';
import { markupOf } from './markup.ts';
import type { Carried, PreludeObject } from './model.ts';
import { isDeclaration, Passage } from './passage.ts';
import { type ClassPlan, type FieldPlan, type Form, type Plans, rfcPlans, secefPlans } from './plan.ts';
import { stampedTimes } from './value-text.ts';

/** A File below so many Linkages in one another is the last that libprelude's paths (16 steps, 127 letters) reach. */
const LINKAGES = 3;

const details: readonly string[] = ['tool_alert', 'correlation_alert', 'overflow_alert'];
const services: readonly string[] = ['web_service', 'snmp_service'];
const permissions: ReadonlySet<string> = new Set(enumerations.fileperm);

export class ModelReader {
  /** Something was met that only the dialect has. */
  isDialect = false;
  private readonly form: Form;
  private readonly plans: Plans;
  private readonly passage = new Passage();
  private readonly analyzers: PreludeObject[] = [];
  /** Elements in which an Analyzer was met. */
  private readonly analyzed = new Set<TreeElement | undefined>();

  constructor(form: Form) {
    this.form = form;
    this.plans = form === 'rfc' ? rfcPlans() : secefPlans();
  }

  message(element: TreeElement): Carried {
    const { passage } = this;
    const { changes, reasons } = passage;
    const isMessage = element.local === 'Alert' || element.local === 'Heartbeat';
    if (!isMessage || element.namespace !== RFC_NAMESPACE) {
      passage.line.push(element);
      passage.report('unknown-name', '', element.local);
      return { ok: false, reasons };
    }
    const plan = this.plans.of(element.local === 'Alert' ? 'alert' : 'heartbeat');
    const fields = this.fields(element, plan);
    if (!('create_time' in fields)) passage.report('create-time', 'CreateTime', '');
    if (reasons.length > 0) return { ok: false, reasons };
    if (this.analyzers.length > 0) fields['analyzer'] = this.analyzers;
    for (const data of passage.movedData()) append(fields, 'additional_data', data);
    return { ok: true, message: objectOf(plan, fields), changes };
  }

  private fields(element: TreeElement, plan: ClassPlan): Fields {
    const { passage } = this;
    passage.line.push(element);
    const fields: Fields = { ...plan.defaults };
    for (const attribute of element.attributes) {
      const field = plan.attributes.get(attribute.name);
      if (field === undefined) {
        this.otherAttribute(attribute);
        continue;
      }
      if (field.differs) this.isDialect = true;
      if (field.spec.kind === 'enum') takeKeyword(passage, field, attribute.value, fields);
      else takeText(passage, field, attribute.value, `@${attribute.name}`, fields);
    }
    let text = '';
    for (const child of element.children) {
      if (child.kind === 'element') this.child(child, plan, fields);
      else if (child.kind === 'misc') continue;
      else if (plan.text !== undefined) text += child.value;
      else if (!isBlank(child.value)) passage.report('structure', '', child.value);
    }
    if (plan.text !== undefined && !isBlank(text)) takeText(passage, plan.text, text, '', fields);
    passage.line.pop();
    return fields;
  }

  /** An attribute that is no field, of the element looked at. */
  private otherAttribute({ name, value }: TreeAttribute): void {
    if (name === 'xml:lang') this.passage.move('language', '@xml:lang', value);
    else if (name !== 'xml:space' && !isDeclaration(name))
      this.passage.report('unknown-name', `@${name}`, value);
  }

  private child(child: TreeElement, plan: ClassPlan, fields: Fields): void {
    const isOurs = child.namespace === RFC_NAMESPACE;
    const field = isOurs ? plan.children.get(child.local) : undefined;
    if (field === undefined) {
      const nests = isOurs && plan.name === 'analyzer' && child.local === 'Analyzer' && this.form === 'rfc';
      if (nests) this.analyzer(child);
      else this.passage.report('unknown-name', '', '', child);
      return;
    }
    if (field.differs) this.isDialect = true;
    if (field.spec.kind === 'object') this.part(child, field, plan, fields);
    else this.leaf(child, field, fields);
  }

  /** A child that is an object of its own. */
  private part(child: TreeElement, { name, spec }: FieldPlan, plan: ClassPlan, fields: Fields): void {
    if (spec.kind !== 'object') return;
    const { passage } = this;
    if (spec.of === 'analyzer') {
      this.analyzer(child);
    } else if (spec.of === 'additional_data') {
      append(fields, name, this.data(child));
    } else if (spec.list === true) {
      const of = this.plans.of(spec.of);
      const read = this.fields(child, of);
      if (spec.of === 'alertident' && isEmpty(read)) passage.move('empty-item', '', '', child);
      else append(fields, name, objectOf(of, read));
    } else if (name in fields || (details.includes(name) && details.some((other) => other in fields))) {
      passage.report('structure', '', '', child);
    } else if (plan.name === 'service' && services.some((other) => other in fields)) {
      passage.moveWhole('two-services', child);
    } else if (plan.name === 'linkage' && this.linkages() > LINKAGES) {
      passage.moveWhole('nested-file', child);
    } else {
      const of = this.plans.of(spec.of);
      fields[name] = objectOf(of, this.fields(child, of));
    }
  }

  private linkages(): number {
    return this.passage.line.filter(({ local }) => local === 'Linkage').length;
  }

  /**
   * The chain is a list in Prelude, the outermost first: nested in the RFC, beside each other in the dialect. One that
   * says nothing says what the RFC takes for it, or it would not be there.
   */
  private analyzer(element: TreeElement): void {
    const { passage } = this;
    const parent = passage.line.at(-1);
    if (this.analyzed.has(parent)) {
      if (this.form === 'rfc') passage.report('structure', '', '', element);
      this.isDialect = true;
    }
    this.analyzed.add(parent);
    const index = this.analyzers.length;
    if (index >= xmlLimits.depth) {
      // More than may be nested in one another, if the message ever is to be RFC 4765 again.
      passage.report('structure', '', '', element);
      return;
    }
    const plan = this.plans.of('analyzer');
    // Its place first: those inside it come after it.
    this.analyzers.push(objectOf(plan, {}));
    const fields = this.fields(element, plan);
    const analyzer = objectOf(plan, fields);
    this.analyzers[index] = isHollow(analyzer) ? objectOf(plan, { ...fields, analyzerid: '0' }) : analyzer;
  }

  private leaf(child: TreeElement, field: FieldPlan, fields: Fields): void {
    const { passage } = this;
    passage.line.push(child);
    const isStamped = field.spec.kind === 'time' && stampedTimes.has(child.local);
    let stamp: string | undefined;
    let inside = '';
    for (const attribute of child.attributes) {
      if (isStamped && attribute.name === 'ntpstamp') stamp = attribute.value;
      else if (attribute.name === field.inside) inside = trimXml(attribute.value);
      else this.otherAttribute(attribute);
    }
    const text = this.leafText(child);
    if (field.inside !== undefined) {
      if (!isBlank(text)) passage.report('structure', '', text);
      if (permissions.has(inside)) append(fields, field.name, inside);
      else passage.report('keyword', `@${field.inside}`, inside);
    } else if (field.spec.kind === 'time') {
      takeTime(passage, field, text, stamp, fields);
    } else {
      takeText(passage, field, text, '', fields);
    }
    passage.line.pop();
  }

  /** Character data of the element looked at, which may have nothing else. */
  private leafText(element: TreeElement): string {
    const [only] = element.children;
    if (only === undefined) return '';
    if (element.children.length === 1 && only.kind === 'text') return only.value;
    for (const inner of childElements(element)) this.passage.report('structure', '', '', inner);
    return ownText(element);
  }

  private data(element: TreeElement): PreludeObject {
    const { passage } = this;
    passage.line.push(element);
    const fields: Fields = { type: 'string' };
    let declared: string | undefined;
    for (const attribute of element.attributes) {
      if (attribute.name === 'type') declared = trimXml(attribute.value);
      else if (attribute.name !== 'meaning') this.otherAttribute(attribute);
      else if (attribute.value !== '') fields['meaning'] = attribute.value;
    }
    const [typed, ...more] = childElements(element);
    if (typed === undefined || more.length > 0 || !isBlank(ownText(element))) {
      passage.report('structure', '', ownText(element));
    } else if (typed.namespace !== RFC_NAMESPACE || !this.isType(typed.local)) {
      passage.report('unknown-name', '', '', typed);
    } else {
      if (declared !== undefined && declared !== typed.local) passage.move('data-type', '@type', declared);
      this.typed(typed, fields);
    }
    passage.line.pop();
    return objectOf(this.plans.of('additional_data'), fields);
  }

  private isType(local: string): boolean {
    if (local === 'xml' || local === 'xmltext') return (local === 'xml') === (this.form === 'secef');
    return enumerations.adtype.some((type) => type === local);
  }

  /** The data in the typed element. */
  private typed(element: TreeElement, fields: Fields): void {
    const { passage } = this;
    const { local: type } = element;
    passage.line.push(element);
    for (const attribute of element.attributes) this.otherAttribute(attribute);
    fields['type'] = type === 'xmltext' ? 'xml' : type;
    if (type === 'xml') this.isDialect = true;
    const text = type === 'xmltext' ? markupOf(element, passage.line) : this.leafText(element);
    const isVerbatim = type === 'string' || type === 'character' || type === 'xml' || type === 'xmltext';
    const data = isVerbatim ? text : trimXml(text ?? '');
    if (data === undefined) {
      passage.report('size', '', '');
    } else if (type === 'ntpstamp') {
      const stamp = stampBits(data);
      if (stamp === undefined) {
        passage.report('data-type', '', data);
        fields['type'] = 'string';
      }
      fields['data'] = stamp ?? data;
    } else if (data !== '') {
      fields['data'] = data;
    }
    passage.line.pop();
  }
}

function objectOf({ name }: ClassPlan, fields: Fields): PreludeObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a list has the items of its field's kind
  return { class: name, fields: fields as PreludeObject['fields'] };
}

function isEmpty(fields: Fields): boolean {
  return Object.keys(fields).length === 0;
}

/** Nothing in it, or only what has nothing in it: a gateway makes no object of that. */
function isHollow({ fields }: PreludeObject): boolean {
  return Object.values(fields).every((value) => isObject(value) && isHollow(value));
}

/** The 64 bits of an NTPSTAMP. */
function stampBits(text: string): bigint | undefined {
  const bytes = Buffer.from(text);
  if (!readNtpStamp(bytes, 0, bytes.length, new NtpStampValue())) return undefined;
  return BigInt(`0x${text.slice(2, 10)}${text.slice(13)}`);
}
