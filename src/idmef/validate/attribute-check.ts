/**
 * Attributes of one start tag against the schema: known, required, keywords, typed values (RFC 4765 §8, §3.2).
 *
 * Called by the message validator for each element it looks into. Leaves the values of the known attributes, by
 * slot, for the prose rules; they hold until the next start tag.
 */

import { NtpStampValue, readNtpStamp } from '../datatypes/ntp-stamp.ts';
import { readInteger } from '../datatypes/numbers.ts';
import { XML, XMLNS, XSI_URI } from '../xml/namespaces.ts';
import type { XmlState } from '../xml/state.ts';
import { attributeText, rawText, tokenText } from '../xml/text.ts';
import { type CompiledAttribute, type Grammar, NO_SLOT, SLOTS } from './grammar.ts';
import { type ProblemList, quoted } from './problem-list.ts';

export class AttributeCheck {
  /** Slots given; a value of a slot not given is stale. */
  seen = 0;
  readonly valueStart: Int32Array = new Int32Array(SLOTS);
  readonly valueEnd: Int32Array = new Int32Array(SLOTS);
  /** Offset of the attribute's name. */
  readonly nameStart: Int32Array = new Int32Array(SLOTS);
  /** Index of the keyword; -1 for a wrong one. */
  readonly keyword: Int8Array = new Int8Array(SLOTS);
  /** The ntpstamp of the element, and whether it has a good one. */
  readonly stamp: NtpStampValue = new NtpStampValue();
  stampIsGood = false;

  private readonly grammar: Grammar;
  private readonly problems: ProblemList;

  constructor(grammar: Grammar, problems: ProblemList) {
    this.grammar = grammar;
    this.problems = problems;
  }

  /** Checks the attributes of the current start tag, which belongs to a known element. */
  check(state: XmlState, element: number): void {
    const { slots, attributeWidth, attributeNames, attributes, required } = this.grammar;
    const { bytes, attributeCount, attributeNamespace, attributeLocal, attributeNameEnd, attributeHash } =
      state;
    let seen = 0;
    this.stampIsGood = false;
    for (let index = 0; index < attributeCount; index += 1) {
      const namespace = attributeNamespace[index]!;
      if (namespace === XMLNS) continue;
      let slot = NO_SLOT;
      const local = attributeLocal[index]!;
      if (namespace === 0) {
        const name = attributeNames.find(bytes, local, attributeNameEnd[index]!, attributeHash[index]!);
        slot = slots[element * attributeWidth + name]!;
      } else if (namespace === XML) {
        slot = this.xmlSlot(state, index, element);
      }
      if (slot === NO_SLOT) {
        this.reportUnknown(state, index, element);
        continue;
      }
      seen |= 1 << slot;
      this.nameStart[slot] = state.attributeStart[index]!;
      this.valueStart[slot] = state.valueStart[index]!;
      this.valueEnd[slot] = state.valueEnd[index]!;
      const attribute = attributes[element * SLOTS + slot]!;
      if (!attribute.isFree) this.checkValue(state, index, element, slot, attribute);
    }
    this.seen = seen;
    const missing = required[element]! & ~seen;
    if (missing !== 0) this.reportMissing(state, element, missing);
  }

  private xmlSlot(state: XmlState, index: number, element: number): number {
    const { xmlNames, xmlSlots } = this.grammar;
    const end = state.attributeNameEnd[index]!;
    const name = xmlNames.find(state.bytes, state.attributeLocal[index]!, end, state.attributeHash[index]!);
    return name === 0 ? NO_SLOT : xmlSlots[element]! + name - 1;
  }

  private checkValue(
    state: XmlState,
    index: number,
    element: number,
    slot: number,
    attribute: CompiledAttribute,
  ): void {
    const { bytes } = state;
    const start = state.valueStart[index]!;
    const end = state.valueEnd[index]!;
    const { keywords } = attribute;
    if (keywords !== undefined) {
      let keyword = keywords.find(bytes, start, end);
      if (keyword < 0) {
        keyword = keywords.words.indexOf(tokenText(bytes, start, end));
        if (keyword < 0) this.reportKeyword(state, index, element, attribute, keywords.words);
      }
      this.keyword[slot] = keyword;
      return;
    }
    if (attribute.dataType === 'ntpstamp') {
      this.stampIsGood = readNtpStamp(bytes, start, end, this.stamp) || this.readStampSlowly(state, index);
      if (!this.stampIsGood) this.reportStamp(state, index, element, attribute);
    } else if (attribute.dataType === 'integer') {
      this.checkInteger(state, index, element, attribute);
    } else if (attribute.isNmtoken) {
      this.checkNmtoken(state, index, element, attribute);
    } else if (attribute.fixed !== undefined && attributeText(bytes, start, end) !== attribute.fixed) {
      this.reportFixed(state, index, attribute.name, attribute.fixed);
    }
  }

  /** A stamp with white space around it or references in it. */
  private readStampSlowly(state: XmlState, index: number): boolean {
    const text = tokenText(state.bytes, state.valueStart[index]!, state.valueEnd[index]!);
    const bytes = Buffer.from(text);
    return readNtpStamp(bytes, 0, bytes.length, this.stamp);
  }

  private checkInteger(state: XmlState, index: number, element: number, attribute: CompiledAttribute): void {
    let value = readInteger(state.bytes, state.valueStart[index]!, state.valueEnd[index]!);
    if (Number.isNaN(value)) {
      const text = Buffer.from(tokenText(state.bytes, state.valueStart[index]!, state.valueEnd[index]!));
      value = readInteger(text, 0, text.length);
    }
    const [least, most] = attribute.range ?? [-Infinity, Infinity];
    if (value >= least && value <= most) return;
    const isBad = Number.isNaN(value);
    const got = this.valueOf(state, index);
    this.problems.add({
      rule: isBad ? 'bad-integer' : 'number-range',
      section: isBad ? '3.2.1' : this.grammar.sections[element]!,
      element: state.tokenStart,
      attribute: attribute.name,
      at: state.attributeStart[index]!,
      expected: isBad ? 'an integer' : `${least} to ${most}`,
      got,
      text: isBad
        ? `${attribute.name} is not an integer`
        : `${attribute.name} is outside ${least} to ${most}`,
    });
  }

  private checkNmtoken(state: XmlState, index: number, element: number, attribute: CompiledAttribute): void {
    const value = tokenText(state.bytes, state.valueStart[index]!, state.valueEnd[index]!);
    if (/^[-.:\w\u00B7\u00C0-\u{EFFFF}]+$/u.test(value)) return;
    this.problems.add({
      rule: 'bad-nmtoken',
      section: '3.1.3',
      element: state.tokenStart,
      attribute: attribute.name,
      at: state.attributeStart[index]!,
      expected: 'a language tag',
      got: this.valueOf(state, index),
      text: `${attribute.name} of ${this.grammar.names.nameOf(element)} is not a language tag`,
    });
  }

  private reportUnknown(state: XmlState, index: number, element: number): void {
    const { names, sections, slots, attributeWidth, attributeNames } = this.grammar;
    const name = rawText(state.bytes, state.attributeStart[index]!, state.attributeNameEnd[index]!);
    const known = attributeNames.names.filter(
      (_, number) => slots[element * attributeWidth + number + 1] !== NO_SLOT,
    );
    const className = names.nameOf(element);
    const finding = {
      element: state.tokenStart,
      attribute: name,
      at: state.attributeStart[index]!,
      expected: known.length === 0 ? 'no attribute' : known.join(', '),
      got: name,
    };
    const namespace = state.attributeNamespace[index]!;
    if (namespace <= XML) {
      const text = `${className} has no attribute ${name}`;
      this.problems.add({ ...finding, rule: 'unknown-attribute', section: sections[element]!, text });
    } else if (state.namespaces.nameOf(namespace) === XSI_URI && /:(no\w+S|s)chemaLocation$/.test(name)) {
      const text = `${name} is not an attribute of RFC 4765`;
      this.problems.add({ ...finding, rule: 'schema-location', section: '8', text });
    } else {
      const text = `the attribute ${name} of ${className} is an extension outside xmltext`;
      this.problems.add({ ...finding, rule: 'E23', section: '5.2', text });
    }
  }

  private reportMissing(state: XmlState, element: number, missing: number): void {
    const { names, sections, attributes } = this.grammar;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const attribute = attributes[element * SLOTS + slot];
      if ((missing & (1 << slot)) === 0 || attribute === undefined) continue;
      this.problems.add({
        rule: 'missing-attribute',
        section: sections[element]!,
        element: state.tokenStart,
        attribute: attribute.name,
        at: state.tokenStart,
        expected: attribute.name,
        got: 'nothing',
        text: `${names.nameOf(element)} needs the attribute ${attribute.name}`,
      });
    }
  }

  private reportFixed(state: XmlState, index: number, name: string, fixed: string): void {
    const got = this.valueOf(state, index);
    this.problems.add({
      rule: 'version',
      section: '4.2.1',
      element: state.tokenStart,
      attribute: name,
      at: state.attributeStart[index]!,
      expected: quoted(fixed),
      got,
      text: `${name} must be ${fixed} or be left out`,
    });
  }

  private reportKeyword(
    state: XmlState,
    index: number,
    element: number,
    attribute: CompiledAttribute,
    words: readonly string[],
  ): void {
    const got = this.valueOf(state, index);
    this.problems.add({
      rule: 'bad-keyword',
      section: this.grammar.sections[element]!,
      element: state.tokenStart,
      attribute: attribute.name,
      at: state.attributeStart[index]!,
      expected: words.join(', '),
      got,
      text: `${attribute.name} of ${this.grammar.names.nameOf(element)} cannot be ${got}`,
    });
  }

  private reportStamp(state: XmlState, index: number, element: number, attribute: CompiledAttribute): void {
    this.problems.add({
      rule: 'bad-ntpstamp',
      section: '3.2.7',
      element: state.tokenStart,
      attribute: attribute.name,
      at: state.attributeStart[index]!,
      expected: '0xhhhhhhhh.0xhhhhhhhh',
      got: this.valueOf(state, index),
      text: `the ntpstamp of ${this.grammar.names.nameOf(element)} is not two 32-bit hexadecimal numbers`,
    });
  }

  private valueOf(state: XmlState, index: number): string {
    return quoted(attributeText(state.bytes, state.valueStart[index]!, state.valueEnd[index]!));
  }
}
