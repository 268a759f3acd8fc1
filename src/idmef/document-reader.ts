/**
 * The loop over a document's tokens: declaration, root, messages, end.
 *
 * One object reads one document at a time and is used again for the next. The inside of each message goes to a
 * visitor (visitor.ts); message-maker.ts makes Messages of them, document-findings.ts keeps what is wrong with
 * the document itself. Whatever makes a document unreadable ends the loop with a failure in the state.
 */

import { xmlLimits } from '../core/limits.ts';
import { DocumentFindings } from './document-findings.ts';
import { decodeDocument, type EncodingFault } from './encoding.ts';
import { RFC_NAMESPACE } from './envelope.ts';
import { Inherited } from './inherited.ts';
import { lazy } from './lazy.ts';
import { MessageMaker, type RepairMessage } from './message-maker.ts';
import { Outline } from './outline.ts';
import { unreadable } from './unreadable.ts';
import { MessageValidator } from './validate/message-validator.ts';
import { NameTable } from './validate/names-table.ts';
import type { DocumentVerdict, Message, ValidationMode } from './verdict.ts';
import type { MessageVisitor } from './visitor.ts';
import { LineCounter } from './xml/lines.ts';
import { DRAFT_2004 } from './xml/namespaces.ts';
import { readDeclaration } from './xml/prolog.ts';
import { FAILED, XmlState } from './xml/state.ts';
import { rawText } from './xml/text.ts';
import { END, nextOutside, nextToken, START, TEXT } from './xml/tokens.ts';

export type { RepairMessage } from './message-maker.ts';

interface RunSettings {
  readonly mode: ValidationMode;
  readonly repair: RepairMessage | undefined;
  readonly maxBytes: number | undefined;
  /** Judges a repaired message. */
  readonly validate: (bytes: Uint8Array) => DocumentVerdict;
}

const topNames = lazy(() => new NameTable(['Alert', 'Heartbeat', 'IDMEF-Message']));
const ROOT = 3;

/** Everything that belongs to the document being read. */
interface Run {
  readonly settings: RunSettings;
  readonly lines: LineCounter;
  readonly visitor: MessageVisitor;
  readonly findings: DocumentFindings;
  readonly maker: MessageMaker;
  /** The document element is. */
  ended: boolean;
}

export class DocumentReader {
  private readonly state = new XmlState();
  private readonly names = topNames();
  private readonly inherited = new Inherited();
  private readonly validator = lazy(() => new MessageValidator());
  private readonly outline = lazy(() => new Outline());
  /** Of the document being read. One array for all, because the engine learns slowly what a new one holds. */
  private readonly messages: Message[] = [];

  /** A whole document. */
  readDocument(input: Uint8Array, settings: RunSettings): DocumentVerdict {
    const limit = settings.maxBytes ?? xmlLimits.documentBytes;
    const { state } = this;
    if (input.length > limit) {
      state.begin(input.subarray(0, 0));
      failDocumentLimit(state, limit, input.length);
      return unreadable(state);
    }
    const decoded = decodeDocument(input);
    state.begin(decoded.bytes);
    const run = this.start(settings, decoded.charset);
    const outcome = this.readAll(run);
    const { fault } = decoded;
    let verdict: DocumentVerdict;
    if (outcome === FAILED && !(fault !== undefined && state.failure?.incomplete === true)) {
      verdict = unreadable(state, run.ended);
    } else if (fault !== undefined || decoded.cut) {
      failEncoding(state, fault);
      verdict = unreadable(state);
    } else {
      verdict = this.finish(run);
    }
    this.release();
    return verdict;
  }

  /** One message that stands alone. */
  readElement(bytes: Uint8Array, settings: RunSettings): DocumentVerdict {
    const { state } = this;
    const decoded = decodeDocument(bytes);
    state.begin(decoded.bytes);
    const run = this.start(settings, undefined);
    this.inherited.clear();
    let outcome = nextOutside(state);
    if (outcome === START) {
      outcome = this.isMessage() ? this.readMessage(run) : failNoMessage(state);
      if (outcome !== FAILED) outcome = nextOutside(state);
    }
    if (outcome !== FAILED && (decoded.fault !== undefined || decoded.cut))
      outcome = failEncoding(state, decoded.fault);
    const verdict = outcome === FAILED ? unreadable(state) : this.finish(run);
    this.release();
    return verdict;
  }

  /** Lets go of the document. */
  private release(): void {
    this.state.release();
    this.messages.length = 0;
  }

  private start(settings: RunSettings, charset: string | undefined): Run {
    const { state } = this;
    const isOff = settings.mode === 'off';
    const lines = new LineCounter(state.bytes);
    const findings = new DocumentFindings(state, settings.mode);
    if (charset !== undefined) findings.reportCharset(charset);
    return {
      settings,
      lines,
      visitor: isOff ? this.outline() : this.validator(),
      findings,
      maker: new MessageMaker(state, lines, settings, isOff ? undefined : this.validator()),
      ended: false,
    };
  }

  private readAll(run: Run): number {
    const { state } = this;
    const declarationEnd = readDeclaration(state);
    if (declarationEnd === FAILED) return FAILED;
    state.position = declarationEnd;
    if (declarationEnd === 0) run.findings.reportNoDeclaration();
    let outcome = nextOutside(state);
    if (outcome === START) outcome = this.readRoot(run);
    while (outcome !== FAILED && state.depth > 0) outcome = this.readChild(run);
    if (outcome === FAILED) return FAILED;
    run.ended = true;
    return nextOutside(state);
  }

  /** The next child of the root, or its end. */
  private readChild(run: Run): number {
    const token = nextToken(this.state);
    if (token === START) return this.isMessage() ? this.readMessage(run) : this.passOver(run);
    return token === TEXT ? run.findings.reportText() : token;
  }

  private readRoot(run: Run): number {
    const { state } = this;
    if (state.namespace > DRAFT_2004 || this.nameOfTag() !== ROOT) {
      const name = rawText(state.bytes, state.localStart, state.nameEnd);
      const namespace = state.namespaces.nameOf(state.namespace);
      const got = namespace === '' ? name : `${name} of namespace ${namespace}`;
      return state.fail(
        'root',
        state.tokenStart,
        `IDMEF-Message of namespace ${RFC_NAMESPACE}`,
        got,
        `the document element is ${got}, not an IDMEF-Message`,
      );
    }
    this.inherited.take(state);
    return run.findings.checkRoot();
  }

  private nameOfTag(): number {
    const { bytes, localStart, nameEnd, localHash } = this.state;
    return this.names.find(bytes, localStart, nameEnd, localHash);
  }

  /** The current start tag is an Alert or Heartbeat that can be judged. */
  private isMessage(): boolean {
    const name = this.nameOfTag();
    return name > 0 && name < ROOT && this.state.namespace <= DRAFT_2004;
  }

  private readMessage(run: Run): number {
    const { state } = this;
    const { visitor, maker } = run;
    const start = state.tokenStart;
    const { nameEnd, depth } = state;
    const kind = this.nameOfTag() === 1 ? 'Alert' : 'Heartbeat';
    const lacking = this.inherited.lacking(state);
    visitor.begin(state);
    visitor.open(state);
    for (;;) {
      const token = nextToken(state);
      if (token === END) {
        visitor.close(state);
        if (state.depth < depth) break;
      } else if (token === START) {
        visitor.open(state);
      } else if (token === TEXT) {
        visitor.text(state);
      } else {
        return failedIn(state, start);
      }
    }
    const size = state.position - start + (lacking?.length ?? 0);
    if (size > xmlLimits.messageBytes) return failMessageLimit(state, start);
    if (this.messages.length >= xmlLimits.messages) return failMessageCount(state, start);
    this.messages.push(maker.make(kind, visitor, start, nameEnd, lacking));
    return END;
  }

  /** An element beside the messages: reported, its content read but not judged. */
  private passOver(run: Run): number {
    const { state } = this;
    if (run.findings.reportUnknownMessage() === FAILED) return FAILED;
    const { depth } = state;
    for (;;) {
      const token = nextToken(state);
      if (token === FAILED || (token === END && state.depth < depth)) return token;
    }
  }

  private finish(run: Run): DocumentVerdict {
    const messages = this.messages.slice();
    const { problems, leniencies } = run.findings.finish(run.lines);
    const valid =
      problems.every((problem) => problem.level === 'warning') && messages.every((message) => message.valid);
    return { readable: true, messages, problems, leniencies, valid };
  }
}

function failNoMessage(state: XmlState): typeof FAILED {
  const got = rawText(state.bytes, state.localStart, state.nameEnd);
  return state.fail(
    'unknown-message',
    state.tokenStart,
    'Alert or Heartbeat',
    got,
    `${got} is not an IDMEF message`,
  );
}

/** A message that never ends and is too long already is not merely incomplete. */
function failedIn(state: XmlState, start: number): typeof FAILED {
  if (state.failure?.incomplete === true && state.end - start > xmlLimits.messageBytes) {
    return failMessageLimit(state, start);
  }
  return FAILED;
}

function failMessageLimit(state: XmlState, start: number): typeof FAILED {
  const { messageBytes } = xmlLimits;
  return state.fail(
    'limit-message',
    start,
    `at most ${messageBytes} bytes`,
    'more',
    `a message is longer than ${messageBytes} bytes`,
  );
}

function failMessageCount(state: XmlState, start: number): typeof FAILED {
  const { messages } = xmlLimits;
  const text = `the document has more than ${messages} messages`;
  return state.fail('limit-messages', start, `at most ${messages} messages`, 'more', text);
}

function failDocumentLimit(state: XmlState, limit: number, length: number): typeof FAILED {
  return state.fail(
    'limit-document',
    0,
    `at most ${limit} bytes`,
    `${length} bytes`,
    `the document is longer than ${limit} bytes`,
  );
}

/** The document is well-formed as far as it can be read, but then comes something that is no character. */
function failEncoding(state: XmlState, fault: EncodingFault | undefined): typeof FAILED {
  if (fault !== undefined) return state.fail('encoding', state.end, fault.expected, fault.got, fault.text);
  return state.fail(
    'not-well-formed',
    state.end,
    'nothing more',
    'half a character',
    'the document is followed by half a character',
  );
}
