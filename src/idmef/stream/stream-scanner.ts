/**
 * Finds where documents begin and end in a stream of them, byte by byte, in any pieces.
 *
 * Called by document-splitter.ts, which keeps the bytes. Nothing is kept here but a state, and each byte is looked at
 * once. A document is what stands from its prolog to the end of its IDMEF-Message. What cannot belong to one is passed
 * over up to the next thing that can begin one: a start tag IDMEF-Message, or an XML declaration. So is a document
 * that breaks off: a `<` inside a tag, an IDMEF-Message inside an IDMEF-Message (but not in an extension, §5.2, where
 * it is somebody's content), or more bytes than a message may have. Where a tag stands does not depend on the pieces.
 */

import { xmlLimits } from '../../core/limits.ts';
import { beginsName, byte, isSpace, NameReader } from './markup.ts';
import { OtherMarkup, outcome } from './other-markup.ts';

/** Told of what was found; offsets count from the beginning of the stream. */
export interface StreamSink {
  document(from: number, to: number): void;
  /** From here on something is passed over; `skipped` says later how much. */
  lost(from: number): void;
  skipped(from: number, to: number, reason: string): void;
}

const NONE = -1;

const state = {
  /** Between pieces of markup. */
  text: 0,
  /** After `<`. */
  open: 1,
  /** In the name of a start tag. */
  name: 2,
  /** In a start tag, after its name. */
  tag: 3,
  value: 4,
  /** After a slash in a start tag. */
  slash: 5,
  endTag: 6,
  /** After `<!` or `<?`, or in a byte order mark. */
  other: 7,
} as const;

export class StreamScanner {
  private readonly sink: StreamSink;
  private readonly name = new NameReader();
  private readonly markup = new OtherMarkup();
  private state: number = state.text;
  /** Of the byte being looked at. */
  private position = 0;
  /** First byte of the document under way, prolog included. */
  private documentStart = NONE;
  /** Beginning of what was passed over and not yet told. */
  private skipStart = NONE;
  private skipReason = '';
  /** In the midst of what is passed over: only the beginning of a document counts. */
  private lost = false;
  /** First byte of the markup under way. */
  private markupStart = 0;
  /** Open elements; 0 outside of a document. */
  private depth = 0;
  /** Depth of the open extension's parent; 0 for none. */
  private extension = 0;
  /** Where the document under way is too long. */
  private limit = Infinity;
  /** The prolog has more than comments, so that a document must follow. */
  private prologCounts = false;
  private quote = 0;

  constructor(sink: StreamSink) {
    this.sink = sink;
  }

  /** First byte that may still be part of something; what stands before is done with. */
  get keepFrom(): number {
    if (this.documentStart !== NONE) return this.documentStart;
    return this.state === state.text ? this.position : this.markupStart;
  }

  /** Takes the next piece of the stream. */
  scan(chunk: Buffer): void {
    const base = this.position;
    const end = base + chunk.length;
    while (this.position < end) {
      const { limit } = this;
      const stop = Math.min(end, limit);
      // Until the piece or the limit is reached, or the limit has moved.
      while (this.position < stop && this.limit === limit) {
        if (this.state === state.text && (this.depth > 0 || this.lost)) {
          const at = chunk.indexOf(byte.less, this.position - base);
          this.position = at < 0 ? stop : Math.min(base + at, stop);
          if (this.position === stop) break;
        }
        this.look(chunk[this.position - base]!);
        this.position += 1;
      }
      if (this.position === this.limit) {
        this.fail('it is longer than a message may be');
        this.state = state.text;
      }
    }
  }

  /** The stream is at its end. */
  end(): void {
    const { position, documentStart } = this;
    const inMarkup = this.state !== state.text;
    const begun = this.lost ? NONE : documentStart === NONE && inMarkup ? this.markupStart : documentStart;
    const half = begun !== NONE && (this.depth > 0 || inMarkup || this.prologCounts);
    const skipEnd = half ? begun : position;
    if (this.skipStart !== NONE) this.sink.skipped(this.skipStart, skipEnd, this.skipReason);
    if (half) this.sink.skipped(begun, position, INCOMPLETE);
  }

  /** A part of the document under way begins. */
  private beginPart(at: number): void {
    this.limit = Math.min(at + xmlLimits.streamPartBytes, this.documentStart + xmlLimits.documentBytes);
  }

  private look(code: number): void {
    switch (this.state) {
      case state.text:
        return this.text(code);
      case state.open:
        return this.open(code);
      case state.name:
        return this.inName(code);
      case state.tag:
        return this.tag(code);
      case state.value:
        if (code === this.quote) this.state = state.tag;
        else if (code === byte.less) this.breakOff();
        return;
      case state.slash:
        if (code === byte.greater) this.closeElement();
        else if (code === byte.less) this.breakOff();
        else this.state = state.tag;
        return;
      case state.endTag:
        return code === byte.less ? this.breakOff() : this.endTag(code);
      default:
        return this.other(code);
    }
  }

  /** Outside of markup, where a `<` is all that matters inside a document and in what is passed over. */
  private text(code: number): void {
    if (code === byte.less) {
      this.markupStart = this.position;
      this.state = state.open;
    } else if (this.depth === 0 && !this.lost && !isSpace(code)) {
      this.markupStart = this.position;
      if (code === 0xef && this.documentStart === NONE) {
        this.markup.beginMark();
        this.state = state.other;
      } else {
        this.fail(OUTSIDE);
      }
    }
  }

  private open(code: number): void {
    if (beginsName(code)) {
      this.name.begin();
      this.name.add(code);
      this.state = state.name;
    } else if (code === byte.question) {
      this.markup.beginInstruction();
      this.state = state.other;
    } else if (code === byte.less) {
      this.breakOff();
    } else if (this.lost) {
      this.state = state.text;
    } else if (code === byte.bang) {
      this.markup.beginLiteral();
      this.state = state.other;
    } else if (code === byte.slash && this.depth > 0) {
      this.state = state.endTag;
    } else {
      this.breakOff(code, code === byte.slash ? 'an end tag stands where a document should begin' : BROKEN);
    }
  }

  private inName(code: number): void {
    if (code === byte.less) return this.breakOff();
    if (!isSpace(code) && code !== byte.slash && code !== byte.greater) return this.addToName(code);
    if (this.name.isRoot && this.extension === 0) this.beginDocument();
    else if (this.depth === 0) return this.breakOff(code, 'its root is not IDMEF-Message');
    this.state = state.tag;
    this.tag(code);
  }

  /** A name that no document can begin with is not waited for. */
  private addToName(code: number): void {
    this.name.add(code);
    if (this.name.isTooLong && this.documentStart === NONE) this.breakOff(code);
  }

  /** The start tag of an IDMEF-Message. */
  private beginDocument(): void {
    if (this.depth > 0) this.fail(EARLY);
    // The prolog belongs to it, unless that was lost.
    if (this.lost || this.documentStart === NONE) this.documentStart = this.markupStart;
    if (this.skipStart !== NONE) this.sink.skipped(this.skipStart, this.documentStart, this.skipReason);
    this.skipStart = NONE;
    this.lost = false;
    this.beginPart(this.markupStart);
  }

  private tag(code: number): void {
    if (code === byte.greater) {
      if (this.extension === 0 && this.depth > 0 && this.name.isExtension) this.extension = this.depth;
      if (this.depth === 0) this.beginPart(this.position);
      this.depth += 1;
      this.state = state.text;
    } else if (code === byte.slash) this.state = state.slash;
    else if (code === byte.less) this.breakOff();
    else if (code === byte.quote || code === byte.apostrophe) {
      this.quote = code;
      this.state = state.value;
    } else this.state = state.tag;
  }

  private endTag(code: number): void {
    if (code !== byte.greater) return;
    this.depth -= 1;
    if (this.depth === this.extension) this.extension = 0;
    this.closeElement();
  }

  /** An element has ended, and `depth` is that of its parent. */
  private closeElement(): void {
    this.state = state.text;
    if (this.depth === 1) this.beginPart(this.position);
    if (this.depth > 0) return;
    this.sink.document(this.documentStart, this.position + 1);
    this.forget();
  }

  /** A comment, instruction or declaration before the root. */
  private beginProlog(counts: boolean): void {
    if (this.depth > 0) return;
    if (counts) this.prologCounts = true;
    if (this.documentStart !== NONE) return;
    this.documentStart = this.markupStart;
    this.beginPart(this.markupStart);
  }

  private other(code: number): void {
    const found = this.markup.look(code);
    if (found === outcome.inside) return;
    if (found === outcome.broken) return this.breakOff(code, this.markup.kind === 'mark' ? OUTSIDE : BROKEN);
    if (found === outcome.ended) this.state = state.text;
    else this.known(code);
  }

  /** It is clear what the markup is. */
  private known(code: number): void {
    const { kind } = this.markup;
    if (kind === 'declaration') {
      // It stands at the very beginning of a document; comments before it belong to nothing.
      if (this.depth > 0 || this.prologCounts) this.fail(EARLY);
      this.forget();
    } else if (this.lost || kind === (this.depth > 0 ? 'doctype' : 'section')) {
      return this.breakOff(code);
    }
    this.beginProlog(kind === 'declaration' || kind === 'doctype');
  }

  /** Markup that cannot go on with this byte, which may be the first of something else. */
  private breakOff(code: number = byte.less, reason = BROKEN): void {
    this.fail(reason);
    this.state = state.text;
    this.text(code);
  }

  /** What is under way is no document; from now on the next beginning of one is looked for. */
  private fail(reason: string): void {
    if (!this.lost && this.skipStart === NONE) {
      this.skipStart = this.documentStart === NONE ? this.markupStart : this.documentStart;
      this.skipReason = reason;
      this.sink.lost(this.skipStart);
    }
    this.forget();
    this.lost = true;
  }

  /** No document is under way. */
  private forget(): void {
    this.documentStart = NONE;
    this.limit = Infinity;
    this.prologCounts = false;
    this.lost = false;
    this.depth = 0;
    this.extension = 0;
  }
}

const OUTSIDE = 'text outside of documents';
const EARLY = 'another document begins before its end';
const BROKEN = 'it breaks off inside markup';
export const INCOMPLETE = 'it is not complete';
