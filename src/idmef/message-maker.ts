/**
 * From a message that has just been read to a Message: its bytes made self-contained, its problems located, and
 * in lenient mode its repair tried.
 */

import { withInsertion } from './inherited.ts';
import { lazy } from './lazy.ts';
import { ReadMessage } from './read-message.ts';
import { type Original, repairedMessage, type RepairMessage } from './repaired-message.ts';
import { grammar } from './validate/grammar.ts';
import { locateProblems, offsetsByPath, pathsOf, pathStep } from './validate/locate.ts';
import type { MessageValidator } from './validate/message-validator.ts';
import type { DocumentVerdict, Message, Problem, ValidationMode } from './verdict.ts';
import type { MessageVisitor } from './visitor.ts';
import type { LineCounter } from './xml/lines.ts';
import type { XmlState } from './xml/state.ts';

export type { RepairMessage } from './repaired-message.ts';

interface MakerSettings {
  readonly mode: ValidationMode;
  readonly repair: RepairMessage | undefined;
  readonly validate: (bytes: Uint8Array) => DocumentVerdict;
}

const ROOT = 'IDMEF-Message';
const noProblems: readonly Problem[] = [];

export class MessageMaker {
  private readonly state: XmlState;
  private readonly lines: LineCounter;
  private readonly settings: MakerSettings;
  private readonly validator: MessageValidator | undefined;
  /** Messages so far, by kind: they number the paths. */
  private readonly counts = { Alert: 0, Heartbeat: 0 };

  constructor(
    state: XmlState,
    lines: LineCounter,
    settings: MakerSettings,
    validator: MessageValidator | undefined,
  ) {
    this.state = state;
    this.lines = lines;
    this.settings = settings;
    this.validator = validator;
  }

  /** The message whose end tag is the current token. */
  make(
    kind: Message['kind'],
    facts: Pick<MessageVisitor, 'severity' | 'messageid' | 'analyzerid'>,
    start: number,
    nameEnd: number,
    lacking: Uint8Array | undefined,
  ): Message {
    const { state, lines, validator } = this;
    this.counts[kind] += 1;
    const verbatim = state.bytes.subarray(start, state.position);
    const bytes = lacking === undefined ? verbatim : withInsertion(verbatim, nameEnd - start, lacking);
    const problems =
      validator === undefined || validator.problems.isEmpty
        ? noProblems
        : this.locate(validator, kind, start);
    const valid = problems === noProblems || problems.every((problem) => problem.level === 'warning');
    const message = new ReadMessage(kind, bytes, facts, problems, valid, lines, start);
    const { mode, repair, validate } = this.settings;
    if (message.valid || mode !== 'lenient' || repair === undefined) return message;
    return repairedMessage(message, this.original(kind, start), repair, validate);
  }

  /** The element around the message; none for one that stands alone. */
  private parent(): { name: string; path: string } {
    return this.state.depth === 0 ? { name: '', path: '' } : { name: ROOT, path: `/${ROOT}` };
  }

  private pathTo(kind: Message['kind']): string {
    const { name, path } = this.parent();
    return path + pathStep(grammar(), name, kind, this.counts[kind]);
  }

  private locate(validator: MessageValidator, kind: Message['kind'], start: number): readonly Problem[] {
    const { state } = this;
    const range = { from: start, to: state.position };
    return locateProblems(validator.problems, this.pathTo(kind), this.lines, (offsets) =>
      pathsOf(grammar(), state.bytes, range, this.parent(), this.counts[kind], offsets),
    );
  }

  private original(kind: Message['kind'], start: number): Original {
    const { state, lines } = this;
    const { bytes, position } = state;
    const parent = this.parent();
    const number = this.counts[kind];
    const offsets = lazy(() =>
      offsetsByPath(grammar(), bytes, { from: start, to: position }, parent, number),
    );
    return {
      path: this.pathTo(kind),
      placeOf(path) {
        let known = path;
        while (known !== '' && !offsets().has(known)) known = known.slice(0, known.lastIndexOf('/'));
        return lines.placeOf(offsets().get(known) ?? start);
      },
    };
  }
}
