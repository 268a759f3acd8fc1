/**
 * What stands beside the messages of a document: elements that are no message, text under the root. The
 * messages go on without it, so it is kept for the quarantine, each part as it was, with its place.
 *
 * Called by intake.ts, which loads it only for such a document. The reader has read the document and names the
 * places (RFC 4765 §4.2.1); only the ends of the parts are looked for here. One entry a document, because one
 * broken sender must not flood the quarantine; the parts stand in it one a line.
 */

import { xmlLimits } from '../core/limits.ts';
import { decodeDocument } from '../idmef/encoding.ts';
import type { Problem } from '../idmef/verdict.ts';
import type { NewMessage } from '../journal/journal.ts';
import { unreadable } from './to-messages.ts';

export interface SetAside {
  readonly message: NewMessage;
  readonly problems: readonly Problem[];
}

const RULES = new Set(['unknown-message', 'unexpected-text']);

export function isStray({ rule, level }: Problem): boolean {
  return level === 'error' && RULES.has(rule);
}

/** Undefined when nothing stands beside the messages. `problems` are the document's own. */
export function strayContent(source: Uint8Array, problems: readonly Problem[]): SetAside | undefined {
  const strays = problems.filter(isStray);
  const [first] = strays;
  if (first === undefined) return undefined;
  const { bytes } = decodeDocument(source);
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Buffer[] = [];
  let end = 0;
  const starts = offsetsOf(document, strays);
  for (const [index, start] of starts.entries()) {
    if (start < end) continue;
    // Beyond the limit the reader only counts, so from the last place it names everything is kept.
    const all = index === starts.length - 1 && problems.some(({ rule }) => rule === 'more-problems');
    end = all ? document.length : endOfPart(document, start);
    parts.push(document.subarray(start, end), Buffer.from('\n'));
  }
  const whole = Buffer.concat(parts.slice(0, -1));
  const body = whole.subarray(0, xmlLimits.documentBytes);
  const cut =
    body.length < whole.length ? `; of ${whole.length} bytes the first ${body.length} are kept` : '';
  const note = `beside the messages of a document, which have gone on without it${cut}`;
  return { message: unreadable(body, first.rule, strays, note), problems: strays };
}

/** Offsets of lines and columns (of characters), which ascend. */
function offsetsOf(document: Buffer, places: readonly Problem[]): number[] {
  const offsets: number[] = [];
  let [line, column, at] = [1, 1, 0];
  for (const place of places) {
    for (; line < place.line; line += 1) {
      const newline = document.indexOf(0x0a, at);
      if (newline < 0) return offsets;
      at = newline + 1;
      column = 1;
    }
    for (; column < place.column && at < document.length; column += 1) {
      at += 1;
      while (((document[at] ?? 0) & 0xc0) === 0x80) at += 1;
    }
    offsets.push(at);
  }
  return offsets;
}

function endOfPart(document: Buffer, start: number): number {
  if (document[start] !== LT) return or(document.indexOf(LT, start), document.length);
  return endOfMarkup(document, start);
}

const LT = 0x3c;

/** Behind the element or CDATA section at `start`. The document is well-formed. */
function endOfMarkup(document: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < document.length) {
    const lead = document.toString('latin1', at, at + 4);
    if (lead === '<!--') at = after(document, '-->', at + 4);
    else if (lead.startsWith('<!')) at = after(document, ']]>', at);
    else if (lead.startsWith('<?')) at = after(document, '?>', at);
    else {
      const end = tagEnd(document, at);
      if (lead.startsWith('</')) depth -= 1;
      else if (document[end - 2] !== 0x2f) depth += 1;
      at = end;
    }
    if (depth === 0) return at;
    at = or(document.indexOf(LT, at), document.length);
  }
  return at;
}

/** A `>` inside a quoted value does not end a tag. */
function tagEnd(document: Buffer, start: number): number {
  let quote = 0;
  for (let at = start + 1; at < document.length; at += 1) {
    const byte = document[at] ?? 0;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === 0x22 || byte === 0x27) quote = byte;
    else if (byte === 0x3e) return at + 1;
  }
  return document.length;
}

function after(document: Buffer, token: string, from: number): number {
  const found = document.indexOf(token, from);
  return found < 0 ? document.length : found + token.length;
}

function or(found: number, otherwise: number): number {
  return found < 0 ? otherwise : found;
}
