/**
 * Mode `off`: from a message only what the journal stores beside it. No rule of the RFC is looked at.
 */

import { type Severity, severityRank } from '../core/severity.ts';
import { lazy } from './lazy.ts';
import { NameTable } from './validate/names-table.ts';
import type { MessageVisitor } from './visitor.ts';
import type { XmlState } from './xml/state.ts';
import { attributeText } from './xml/text.ts';

const elementNames = lazy(() => new NameTable(['Analyzer', 'Assessment', 'Impact']));
const attributeNames = lazy(() => new NameTable(['messageid', 'analyzerid', 'severity']));
const ANALYZER = 1;
const ASSESSMENT = 2;
const IMPACT = 3;
const MESSAGEID = 1;
const ANALYZERID = 2;
const SEVERITY = 3;

export class Outline implements MessageVisitor {
  severity: Severity = 0;
  messageid = '';
  analyzerid = '';
  private readonly elements = elementNames();
  private readonly attributes = attributeNames();
  private level = 0;
  private inAssessment = false;
  private hasAnalyzer = false;

  begin(): void {
    this.severity = 0;
    this.messageid = '';
    this.analyzerid = '';
    this.level = 0;
    this.inAssessment = false;
    this.hasAnalyzer = false;
  }

  open(state: XmlState): void {
    const level = this.level;
    this.level = level + 1;
    if (level > 2) return;
    if (level === 0) {
      this.messageid = this.attribute(state, MESSAGEID);
      return;
    }
    const name = this.elements.find(state.bytes, state.localStart, state.nameEnd, state.localHash);
    if (level === 2) {
      if (this.inAssessment && name === IMPACT) this.severity = severityRank(this.attribute(state, SEVERITY));
      return;
    }
    this.inAssessment = name === ASSESSMENT;
    if (name === ANALYZER && !this.hasAnalyzer) {
      this.hasAnalyzer = true;
      this.analyzerid = this.attribute(state, ANALYZERID);
    }
  }

  text(): void {
    // No rule, nothing to keep.
  }

  close(): void {
    this.level -= 1;
  }

  private attribute(state: XmlState, wanted: number): string {
    const { bytes, attributeCount } = state;
    for (let index = 0; index < attributeCount; index += 1) {
      const start = state.attributeLocal[index]!;
      const end = state.attributeNameEnd[index]!;
      if (state.attributeNamespace[index] !== 0) continue;
      if (this.attributes.find(bytes, start, end, state.attributeHash[index]!) === wanted) {
        return attributeText(bytes, state.valueStart[index]!, state.valueEnd[index]!);
      }
    }
    return '';
  }
}
