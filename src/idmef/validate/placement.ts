/**
 * Elements and text that stand where they may not: what the message validator calls when a child does not fit.
 *
 * Remembers which start tags have been reported, so that the look at their parent's structure leaves them out.
 */

import type { RuleId } from '../rules.ts';
import { elementSpec } from '../schema.ts';
import { DRAFT_2004, NO_NAMESPACE } from '../xml/namespaces.ts';
import type { XmlState } from '../xml/state.ts';
import { rawText } from '../xml/text.ts';
import { RFC_NAMESPACE } from '../envelope.ts';
import type { Grammar } from './grammar.ts';
import { type ProblemList, quoted } from './problem-list.ts';
import { reportStructure } from './structure.ts';

export class Placement {
  private readonly grammar: Grammar;
  private readonly problems: ProblemList;
  private readonly ignored = new Set<number>();
  private namespaceReported = false;

  constructor(grammar: Grammar, problems: ProblemList) {
    this.grammar = grammar;
    this.problems = problems;
  }

  clear(): void {
    if (this.ignored.size > 0) this.ignored.clear();
    this.namespaceReported = false;
  }

  /**
   * Called where the current start tag is not in the RFC's namespace. No namespace and that of the 2004 draft
   * are one problem for the whole message; an element of any other is an extension in the wrong place.
   */
  isOurs(state: XmlState): boolean {
    const { namespace } = state;
    const name = state.namespaces.nameOf(namespace);
    if (namespace === NO_NAMESPACE || namespace === DRAFT_2004) {
      if (this.namespaceReported) return true;
      this.namespaceReported = true;
      this.problems.add({
        rule: 'namespace',
        section: '8',
        element: state.tokenStart,
        attribute: '',
        at: state.tokenStart,
        expected: RFC_NAMESPACE,
        got: namespace === NO_NAMESPACE ? 'no namespace' : name,
        text:
          namespace === NO_NAMESPACE
            ? 'the message is in no namespace'
            : 'the message is in the namespace of the 2004 draft',
      });
      return true;
    }
    const local = rawText(state.bytes, state.localStart, state.nameEnd);
    this.ignore(state.tokenStart);
    this.problems.add({
      rule: 'E23',
      section: '5.2',
      element: state.tokenStart,
      attribute: '',
      at: state.tokenStart,
      expected: 'extension elements only inside xmltext',
      got: `${local} of namespace ${quoted(name)}`,
      text: `the element ${local} of another namespace may stand only inside xmltext`,
    });
    return false;
  }

  /** Called where the model of the parent has no way on: false if the child can have no place there at all. */
  mayStand(state: XmlState, parent: number, element: number): boolean {
    const { names, automata, sections } = this.grammar;
    if (element !== 0 && automata.allowed[parent * automata.width + element] === 1) return true;
    const parentName = names.nameOf(parent);
    const local = rawText(state.bytes, state.localStart, state.nameEnd);
    this.ignore(state.tokenStart);
    this.problems.add({
      rule: element === 0 ? 'unknown-element' : 'unexpected-child',
      section: sections[parent]!,
      element: state.tokenStart,
      attribute: '',
      at: state.tokenStart,
      expected: this.contentOf(parent),
      got: local,
      text: element === 0 ? `RFC 4765 has no element ${local}` : `${parentName} may not contain ${local}`,
    });
    return false;
  }

  /** Text between the children of an element. */
  reportText(state: XmlState, element: number, tag: number): void {
    const end = Math.min(state.position, state.tokenStart + 200);
    this.report('unexpected-text', element, tag, state.tokenStart, {
      expected: this.contentOf(element),
      got: quoted(rawText(state.bytes, state.tokenStart, end).trim()),
      text: `${this.grammar.names.nameOf(element)} may not have text beside its elements`,
    });
  }

  /** Something inside an element that must be empty. */
  reportContent(element: number, tag: number, at: number): void {
    this.report('not-empty', element, tag, at, {
      expected: 'no content, not even white space',
      got: 'content',
      text: `${this.grammar.names.nameOf(element)} must be empty`,
    });
  }

  /** The children of an element, whose end tag is the current token, do not fit its model. */
  reportChildren(state: XmlState, element: number, tag: number, contentStart: number): void {
    reportStructure(this.grammar, this.problems, state.bytes, {
      element,
      tag,
      contentStart,
      contentEnd: state.tokenStart,
      ignored: this.ignored,
    });
  }

  private contentOf(element: number): string {
    const content = elementSpec(this.grammar.names.nameOf(element))?.content ?? '';
    return content === '#PCDATA' ? 'text' : content;
  }

  private ignore(tag: number): void {
    if (!this.problems.isFull) this.ignored.add(tag);
  }

  private report(
    rule: RuleId,
    element: number,
    tag: number,
    at: number,
    words: { readonly expected: string; readonly got: string; readonly text: string },
  ): void {
    const section = this.grammar.sections[element]!;
    this.problems.add({ rule, section, element: tag, attribute: '', at, ...words });
  }
}
