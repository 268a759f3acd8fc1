/**
 * One message against every rule of RFC 4765, while it is being read.
 *
 * Structure is followed by one automaton step a child; an element whose children do not fit is looked at again
 * when it ends (structure.ts). An element that is unknown or may not stand where it stands is reported and not
 * looked into, so that one mistake is one problem. Nothing is allocated for a message without problems.
 */

import { xmlLimits } from '../../core/limits.ts';
import { type Severity, severityRank } from '../../core/severity.ts';
import type { MessageVisitor } from '../visitor.ts';
import { RFC } from '../xml/namespaces.ts';
import type { XmlState } from '../xml/state.ts';
import { attributeText } from '../xml/text.ts';
import { AttributeCheck } from './attribute-check.ts';
import { DEAD } from './automata.ts';
import { ANY, CHILDREN, EMPTY, elementNumber, type Grammar, grammar, NO_SLOT, slotOf } from './grammar.ts';
import { Idents, isIdentifier } from './idents.ts';
import { LeafCheck } from './leaf-check.ts';
import { Placement } from './placement.ts';
import { ProblemList } from './problem-list.ts';
import {
  additionalDataRemark,
  FILE,
  filesystemRemark,
  fileUserRemark,
  NO_DUTY,
  type ProseTables,
  proseTables,
  REFERENCE,
  referenceRemark,
  type Remark,
  USER_ID,
} from './prose.ts';

const LEVELS = xmlLimits.depth + 2;
/** No such level, no such ident. */
const NONE = -1;

export class MessageValidator implements MessageVisitor {
  readonly problems: ProblemList = new ProblemList();
  severity: Severity = 0;
  messageid = '';
  analyzerid = '';

  private readonly grammar: Grammar = grammar();
  private readonly prose: ProseTables = proseTables();
  private readonly attributes = new AttributeCheck(this.grammar, this.problems);
  private readonly leaves = new LeafCheck(this.grammar, this.problems, this.attributes);
  private readonly placement = new Placement(this.grammar, this.problems);
  private readonly idents = new Idents();

  /** Open elements of the message, the message itself at 0. */
  private level = 0;
  private readonly elements = new Uint8Array(LEVELS);
  private readonly states = new Uint16Array(LEVELS);
  private readonly tags = new Int32Array(LEVELS);
  private readonly contentStarts = new Int32Array(LEVELS);
  /** A child did not fit. */
  private readonly broken = new Uint8Array(LEVELS);
  /** Keyword of the attribute that rules ask for, NONE for none or a wrong one; and whether it was given. */
  private readonly keywords = new Int8Array(LEVELS);
  private readonly keywordGiven = new Uint8Array(LEVELS);
  private readonly identNumbers = new Int32Array(LEVELS);
  /** Level of the element that is not looked into. */
  private skipped = NONE;
  private hasAnalyzer = false;

  private readonly numbers = {
    analyzer: elementNumber('Analyzer'),
    impact: elementNumber('Impact'),
    fileAccess: elementNumber('FileAccess'),
    additionalData: elementNumber('AdditionalData'),
  };
  private readonly ident = this.grammar.attributeNames.numberOf('ident');
  private readonly meaning = slotOf('Reference', 'meaning');
  private readonly fstype = slotOf('File', 'fstype');

  begin(): void {
    this.severity = 0;
    this.messageid = '';
    this.analyzerid = '';
    this.level = 0;
    this.skipped = NONE;
    this.hasAnalyzer = false;
    this.problems.clear();
    this.idents.clear();
    this.placement.clear();
  }

  open(state: XmlState): void {
    const { level } = this;
    this.level = level + 1;
    if (this.skipped !== NONE) return;
    const { names, automata, content } = this.grammar;
    const element = names.find(state.bytes, state.localStart, state.nameEnd, state.localHash);
    if (level > 0) {
      const above = level - 1;
      const parent = this.elements[above]!;
      if (content[parent] === ANY) {
        this.skipped = level;
        return;
      }
      if (state.namespace !== RFC && !this.placement.isOurs(state)) {
        this.skipped = level;
        return;
      }
      const next = automata.next[this.states[above]! * automata.width + element]!;
      if (next !== DEAD) {
        this.states[above] = next;
      } else {
        this.broken[above] = 1;
        if (!this.placement.mayStand(state, parent, element)) {
          this.skipped = level;
          return;
        }
      }
    } else if (state.namespace !== RFC) {
      this.placement.isOurs(state);
    }

    this.elements[level] = element;
    this.states[level] = automata.starts[element]!;
    this.tags[level] = state.tokenStart;
    this.contentStarts[level] = state.position;
    this.broken[level] = 0;
    this.attributes.check(state, element);
    this.keywords[level] = NONE;
    this.identNumbers[level] = NONE;
    if (this.prose.isWatched[element] === 0) return;
    this.keepKeyword(element, level);
    this.keepIdentifiers(state, element, level);
    this.checkProse(state, element, level);
  }

  text(state: XmlState): void {
    if (this.skipped !== NONE) return;
    const level = this.level - 1;
    const element = this.elements[level]!;
    if (this.grammar.content[element] === CHILDREN)
      this.placement.reportText(state, element, this.tags[level]!);
  }

  close(state: XmlState): void {
    const level = this.level - 1;
    this.level = level;
    if (this.skipped !== NONE) {
      if (this.skipped === level) this.skipped = NONE;
      return;
    }
    const element = this.elements[level]!;
    const content = this.grammar.content[element]!;
    const isBroken = this.broken[level] === 1;
    if (content === CHILDREN) {
      if (isBroken || this.grammar.automata.accepting[this.states[level]!] === 0) {
        this.placement.reportChildren(state, element, this.tags[level]!, this.contentStarts[level]!);
      }
    } else if (content === EMPTY) {
      if (!isBroken && state.tokenStart !== this.contentStarts[level]) {
        this.placement.reportContent(element, this.tags[level]!, this.contentStarts[level]!);
      }
    } else if (content !== ANY && !isBroken) {
      const duty = this.prose.duties[element]!;
      if (duty !== NO_DUTY || this.grammar.dataTypes[element] !== undefined) {
        const around = level === 0 ? '' : this.keywordOf(level - 1);
        this.leaves.check(
          state,
          element,
          this.tags[level]!,
          this.contentStarts[level]!,
          duty,
          this.keywordOf(level),
          around,
        );
      }
    }
    if (this.identNumbers[level] !== NONE) this.idents.close(this.identNumbers[level]!, state.position);
    if (level === 0) {
      const hasId = this.analyzerid !== '' && this.analyzerid !== '0';
      this.idents.report(this.grammar, this.problems, state.bytes, hasId);
    }
  }

  private keepKeyword(element: number, level: number): void {
    const slot = this.prose.keywordSlots[element]!;
    if (slot === NO_SLOT) return;
    const isGiven = (this.attributes.seen & (1 << slot)) !== 0;
    this.keywordGiven[level] = isGiven ? 1 : 0;
    this.keywords[level] = isGiven ? this.attributes.keyword[slot]! : this.prose.keywordDefaults[element]!;
    if (element === this.numbers.impact && level === 2) this.severity = severityRank(this.keywordOf(level));
  }

  /** '' for none. */
  private keywordOf(level: number): string {
    const keyword = this.keywords[level]!;
    return keyword < 0 ? '' : this.prose.keywordWords[this.elements[level]!]![keyword]!;
  }

  /** Notes messageid, analyzerid and ident of the current start tag. */
  private keepIdentifiers(state: XmlState, element: number, level: number): void {
    const { attributes } = this;
    // Each is its element's first attribute in the schema.
    if ((attributes.seen & 1) === 0) {
      if (level === 1 && element === this.numbers.analyzer) this.hasAnalyzer = true;
      return;
    }
    const start = attributes.valueStart[0]!;
    const end = attributes.valueEnd[0]!;
    if (level === 0) {
      this.messageid = attributeText(state.bytes, start, end);
    } else if (element === this.numbers.analyzer) {
      if (level === 1 && !this.hasAnalyzer) this.analyzerid = attributeText(state.bytes, start, end);
      if (level === 1) this.hasAnalyzer = true;
    } else if (this.hasIdent(element) && isIdentifier(state.bytes, start, end)) {
      this.identNumbers[level] = this.idents.open(state, element, attributes.nameStart[0]!, start, end);
    }
  }

  private hasIdent(element: number): boolean {
    return this.grammar.slots[element * this.grammar.attributeWidth + this.ident] === 0;
  }

  private checkProse(state: XmlState, element: number, level: number): void {
    if (level === 0) return;
    const above = level - 1;
    const parent = this.elements[above]!;
    if (parent === this.numbers.additionalData) {
      const child = this.grammar.names.nameOf(element);
      const remark = additionalDataRemark(this.keywordOf(above), child, this.keywordGiven[above] === 1);
      if (remark !== undefined) this.report(remark, this.tags[above]!, '', state.tokenStart);
      return;
    }
    const duty = this.prose.duties[element]!;
    if (duty < REFERENCE) return;
    const { attributes } = this;
    const tag = state.tokenStart;
    if (duty === REFERENCE && (attributes.seen & (1 << this.meaning)) !== 0) {
      const remark = referenceRemark(this.keywordOf(level));
      if (remark !== undefined) this.report(remark, tag, 'meaning', attributes.nameStart[this.meaning]!);
    } else if (duty === USER_ID && parent === this.numbers.fileAccess) {
      const remark = fileUserRemark(this.keywordOf(level), this.keywordGiven[level] === 1);
      if (remark !== undefined) this.report(remark, tag, 'type', tag);
    } else if (duty === FILE && (attributes.seen & (1 << this.fstype)) !== 0) {
      const value = attributeText(
        state.bytes,
        attributes.valueStart[this.fstype]!,
        attributes.valueEnd[this.fstype]!,
      );
      const remark = filesystemRemark(value);
      if (remark !== undefined) this.report(remark, tag, 'fstype', attributes.nameStart[this.fstype]!);
    }
  }

  private report(remark: Remark, element: number, attribute: string, at: number): void {
    this.problems.add({ ...remark, element, attribute, at });
  }
}
