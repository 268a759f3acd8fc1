/**
 * What is wrong with a document itself: its declaration, encoding, root element, and what stands beside the
 * messages.
 *
 * Mode `off` has no problems, only reasons not to read on. In lenient mode what can be put right by writing the
 * envelope anew becomes a leniency: ns-none, ns-2004, schema-location, charset.
 */

import type { DocumentVerdict, Problem, ValidationMode } from './verdict.ts';
import { RFC_NAMESPACE } from './envelope.ts';
import type { RuleId } from './rules.ts';
import { AttributeCheck } from './validate/attribute-check.ts';
import { elementNumber, grammar } from './validate/grammar.ts';
import { locateProblems, pathsOf } from './validate/locate.ts';
import { type Finding, ProblemList, quoted } from './validate/problem-list.ts';
import type { LineCounter } from './xml/lines.ts';
import { NO_NAMESPACE, RFC } from './xml/namespaces.ts';
import type { XmlState } from './xml/state.ts';
import { attributeText, rawText } from './xml/text.ts';

/** Anything but FAILED: read on. */
const READ_ON = 0;
/** In place of an element: the document as a whole. */
const DOCUMENT = -1;

/** Rules that a new envelope puts right, and the names of these leniencies. */
const repairable: Readonly<Partial<Record<RuleId, string>>> = {
  charset: 'charset',
  'schema-location': 'schema-location',
};

const noProblems: readonly Problem[] = [];
const noLeniencies: readonly string[] = [];

export class DocumentFindings {
  private readonly state: XmlState;
  private readonly mode: ValidationMode;
  private problems: ProblemList | undefined;
  private leniencies: Set<string> | undefined;

  constructor(state: XmlState, mode: ValidationMode) {
    this.state = state;
    this.mode = mode;
  }

  reportCharset(charset: string): void {
    if (this.mode === 'strict') {
      this.add({
        rule: 'charset',
        section: '3.1.2',
        element: DOCUMENT,
        attribute: '',
        at: 0,
        expected: 'UTF-8 or UTF-16',
        got: charset,
        text: `the document is encoded in ${charset}`,
      });
    } else {
      this.forgive('charset');
    }
  }

  reportNoDeclaration(): void {
    if (this.mode === 'off') return;
    this.add({
      rule: 'xml-declaration',
      section: '3.1.1.1',
      element: DOCUMENT,
      attribute: '',
      at: 0,
      expected: '<?xml version="1.0" encoding="UTF-8"?>',
      got: 'none',
      text: 'the document has no XML declaration',
    });
  }

  /** The current start tag is the root's, and is an IDMEF-Message. */
  checkRoot(): number {
    const { state } = this;
    if (this.mode === 'off') return this.checkVersion();
    if (state.namespace !== RFC) this.reportNamespace();
    if (state.attributeCount === 0) return READ_ON;
    const found = new ProblemList();
    new AttributeCheck(grammar(), found).check(state, elementNumber('IDMEF-Message'));
    for (const finding of found.findings) {
      const leniency = repairable[finding.rule];
      if (this.mode === 'lenient' && leniency !== undefined) this.forgive(leniency);
      else this.add(finding);
    }
    return READ_ON;
  }

  /** Text beside the messages. */
  reportText(): number {
    const { state } = this;
    const got = quoted(
      rawText(state.bytes, state.tokenStart, Math.min(state.position, state.tokenStart + 200)).trim(),
    );
    const text = 'IDMEF-Message may not have text beside its messages';
    if (this.mode === 'off')
      return state.fail('unexpected-text', state.tokenStart, 'Alert or Heartbeat', got, text);
    this.add({
      rule: 'unexpected-text',
      section: '4.2.1',
      element: state.nameStarts[0]! - 1,
      attribute: '',
      at: state.tokenStart,
      expected: 'Alert or Heartbeat',
      got,
      text,
    });
    return READ_ON;
  }

  /** The current start tag is a child of the root that is no message. */
  reportUnknownMessage(): number {
    const { state } = this;
    const local = rawText(state.bytes, state.localStart, state.nameEnd);
    const namespace = state.namespaces.nameOf(state.namespace);
    const got =
      namespace === '' || namespace === RFC_NAMESPACE ? local : `${local} of namespace ${namespace}`;
    const text = `${local} is not an IDMEF message`;
    if (this.mode === 'off')
      return state.fail('unknown-message', state.tokenStart, 'Alert or Heartbeat', got, text);
    this.add({
      rule: 'unknown-message',
      section: '4.2.1',
      element: state.tokenStart,
      attribute: '',
      at: state.tokenStart,
      expected: 'Alert or Heartbeat',
      got,
      text,
    });
    return READ_ON;
  }

  /** The findings as problems, and the names of the leniencies. */
  finish(lines: LineCounter): Pick<Extract<DocumentVerdict, { readable: true }>, 'problems' | 'leniencies'> {
    const { problems, state } = this;
    const leniencies = this.leniencies === undefined ? noLeniencies : [...this.leniencies].toSorted();
    if (problems === undefined) return { problems: noProblems, leniencies };
    const located = locateProblems(problems, '/', lines, (offsets) => {
      const document = { name: '', path: '' };
      const elements = offsets.filter((offset) => offset !== DOCUMENT);
      const paths = new Map(
        pathsOf(grammar(), state.bytes, { from: 0, to: state.end }, document, 1, elements),
      );
      return paths.set(DOCUMENT, '/');
    });
    return { problems: located, leniencies };
  }

  private checkVersion(): number {
    const { state } = this;
    for (let index = 0; index < state.attributeCount; index += 1) {
      const start = state.attributeStart[index]!;
      if (rawText(state.bytes, start, state.attributeNameEnd[index]!) !== 'version') continue;
      const version = attributeText(state.bytes, state.valueStart[index]!, state.valueEnd[index]!);
      if (version !== '1.0') {
        return state.fail('version', start, '"1.0"', quoted(version), 'version must be 1.0 or be left out');
      }
    }
    return READ_ON;
  }

  private reportNamespace(): void {
    const { state } = this;
    const isNone = state.namespace === NO_NAMESPACE;
    if (this.mode === 'lenient') {
      this.forgive(isNone ? 'ns-none' : 'ns-2004');
      return;
    }
    this.add({
      rule: 'namespace',
      section: '8',
      element: state.tokenStart,
      attribute: '',
      at: state.tokenStart,
      expected: RFC_NAMESPACE,
      got: isNone ? 'no namespace' : state.namespaces.nameOf(state.namespace),
      text: isNone ? 'the root is in no namespace' : 'the root is in the namespace of the 2004 draft',
    });
  }

  private add(finding: Finding): void {
    this.problems ??= new ProblemList();
    this.problems.add(finding);
  }

  private forgive(leniency: string): void {
    this.leniencies ??= new Set();
    this.leniencies.add(leniency);
  }
}
