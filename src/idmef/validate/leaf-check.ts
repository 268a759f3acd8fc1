/**
 * A leaf element at its end tag: the text against its data type (RFC 4765 §3.2) and the prose rules about it.
 *
 * Called by the message validator. The value is the raw bytes, trimmed, unless the element holds references,
 * CDATA sections or comments; then it is written out first.
 */

import { isAddress } from '../datatypes/addresses.ts';
import type { XmlState } from '../xml/state.ts';
import { contentText, rawText } from '../xml/text.ts';
import type { AttributeCheck } from './attribute-check.ts';
import type { Grammar } from './grammar.ts';
import { type ProblemList, quoted } from './problem-list.ts';
import {
  ADDRESS_TEXT,
  addressRemark,
  CONFIDENCE,
  confidenceRemark,
  fitsRating,
  type Remark,
  TIME,
  timeRemark,
} from './prose.ts';
import { TextCheck, type ValueFault } from './text-check.ts';

export class LeafCheck {
  private readonly grammar: Grammar;
  private readonly problems: ProblemList;
  private readonly attributes: AttributeCheck;
  private readonly texts = new TextCheck();

  constructor(grammar: Grammar, problems: ProblemList, attributes: AttributeCheck) {
    this.grammar = grammar;
    this.problems = problems;
    this.attributes = attributes;
  }

  /**
   * Checks the leaf whose end tag is the current token. `rating` is the keyword of the element itself,
   * `category` that of the element around it; '' where they have none.
   */
  check(
    state: XmlState,
    element: number,
    tag: number,
    contentStart: number,
    duty: number,
    rating: string,
    category: string,
  ): void {
    const type = this.grammar.dataTypes[element];
    let { bytes } = state;
    let start = contentStart;
    let end = state.tokenStart;
    if (state.mixed) {
      bytes = Buffer.from(contentText(bytes, start, end));
      start = 0;
      end = bytes.length;
    }
    if (type !== 'character') {
      while (start < end && isSpace(bytes[start]!)) start += 1;
      while (end > start && isSpace(bytes[end - 1]!)) end -= 1;
    }

    let isGood = true;
    if (type !== undefined) {
      const fault = this.texts.fault(type, this.grammar.ranges[element], bytes, start, end);
      if (fault !== undefined) {
        isGood = false;
        const remark = this.faultRemark(fault, element, rawText(bytes, start, end));
        this.report(state, tag, contentStart, start === end, remark);
      }
    }
    if (duty === TIME) {
      const { stamp, stampIsGood } = this.attributes;
      const remark = stampIsGood ? timeRemark(this.texts.instant, stamp, isGood) : undefined;
      if (remark !== undefined) this.report(state, tag, contentStart, start === end, remark);
    } else if (duty === ADDRESS_TEXT) {
      if (isAddress(category, bytes, start, end)) return;
      const remark = addressRemark(category, rawText(bytes, start, end));
      this.report(state, tag, contentStart, start === end, remark);
    } else if (duty === CONFIDENCE && !fitsRating(rating, bytes, start, end)) {
      const remark = confidenceRemark(rating, rawText(bytes, start, end));
      this.report(state, tag, contentStart, start === end, remark);
    }
  }

  private faultRemark(fault: ValueFault, element: number, value: string): Remark {
    return {
      rule: fault.rule,
      section: fault.section === '' ? this.grammar.sections[element]! : fault.section,
      expected: fault.expected,
      got: value === '' ? 'nothing' : quoted(value),
      text: `the text of ${this.grammar.names.nameOf(element)} ${fault.text}`,
    };
  }

  /** Names the first character of the value, or the element if it is empty. */
  private report(state: XmlState, tag: number, contentStart: number, isEmpty: boolean, remark: Remark): void {
    let at = contentStart;
    while (isSpace(state.bytes[at]!)) at += 1;
    this.problems.add({ ...remark, element: tag, attribute: '', at: isEmpty ? tag : at });
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
