/**
 * Pieces → atoms of one medium: what is opened, the content that may be cut, what is closed.
 *
 * Called by fit.ts. Here words that would become links are taken out of their text and set as code; no medium gets code within bold
 * (Telegram refuses it), so bold is closed before and opened after.
 */

import { breakLinks, isLinkish } from './linkish.ts';
import type { Doc, Piece } from './pieces.ts';
import { safeUrl } from './safe-url.ts';
import { same, type Span, type Writer } from './writer.ts';

export interface Atom {
  readonly open: string;
  readonly close: string;
  /** Neutral, not yet escaped. */
  readonly content: string;
  readonly escape: (text: string) => string;
  /** A new line, a link: wholly or not at all. */
  readonly whole: boolean;
  readonly newline: boolean;
}

export function expand(doc: Doc, writer: Writer): Atom[] {
  return doc.flatMap((piece) => atomsOf(piece, writer));
}

function atomsOf(piece: Piece, writer: Writer): Atom[] {
  switch (piece.kind) {
    case 'newline':
      return [newlineAtom(writer)];
    case 'label':
      return atom(writer.plain, piece.text);
    case 'prose':
      return words(piece.text, writer.plain, writer);
    case 'bold':
      return words(piece.text, writer.bold, writer);
    case 'code':
      return codeAtom(piece.text, writer);
    case 'link':
      return linkAtoms(piece, writer);
    case 'verbatim':
      return posted(piece.text, writer);
    default:
      return piece satisfies never;
  }
}

function atom(span: Span, text: string, whole = false): Atom[] {
  if (text === '') return [];
  const { open, close, escape } = span;
  return [{ open, close, content: span.neutral(text), escape, whole, newline: false }];
}

function fixedAtom(written: string, newline: boolean): Atom {
  return { open: written, close: '', content: '', escape: same, whole: true, newline };
}

function newlineAtom({ newline }: Writer): Atom {
  return fixedAtom(newline, true);
}

function codeAtom(text: string, writer: Writer): Atom[] {
  return writer.code === undefined ? atom(writer.plain, text) : atom(writer.code(text), text);
}

function linkAtoms({ text, url }: Extract<Piece, { kind: 'link' }>, writer: Writer): Atom[] {
  const { plain, link, bareLink, autolinks } = writer;
  if (link !== undefined) return atom(link(url), text, true);
  const beside = text === '' ? '' : `${text} `;
  return bareLink === undefined
    ? atom(plain, `${beside}${url}`)
    : [...atom(plain, autolinks ? breakLinks(beside) : beside), fixedAtom(bareLink(url), false)];
}

/** Runs of harmless words in the span given, the others as code. */
function words(text: string, span: Span, writer: Writer): Atom[] {
  if (!writer.autolinks || !isLinkish(text)) return atom(span, text);
  return split(text, isLinkish).flatMap(({ run, special }) => {
    if (special) return codeAtom(run, writer);
    const inner = run.trim();
    const at = run.indexOf(inner);
    return [
      ...atom(writer.plain, run.slice(0, at)),
      ...atom(span, inner),
      ...atom(writer.plain, run.slice(at + inner.length)),
    ];
  });
}

function posted(lines: string, writer: Writer): Atom[] {
  return lines
    .split('\n')
    .map((line) => line.replace(/^ +/, (blanks) => writer.indent.repeat(blanks.length)))
    .flatMap((line, index) => [...(index === 0 ? [] : [newlineAtom(writer)]), ...postedWords(line, writer)]);
}

/** URLs that may be links are, under their own name; nothing else is touched. */
function postedWords(line: string, writer: Writer): Atom[] {
  const { link, bareLink } = writer;
  if (link === undefined && bareLink === undefined) return atom(writer.plain, line);
  return split(line, isUrl).flatMap(({ run, special }) => {
    if (!special) return atom(writer.plain, run);
    if (bareLink !== undefined) return [fixedAtom(bareLink(run), false)];
    return link === undefined ? [] : atom(link(run), run, true);
  });
}

/** As it is, or but for the slash that every browser adds to a bare host. */
function isUrl(word: string): boolean {
  const href = safeUrl(word)?.href;
  return href !== undefined && (href === word || href === `${word}/`);
}

interface Run {
  readonly run: string;
  readonly special: boolean;
}

/** Cut at blanks, so that each special word stands alone and the blanks belong to the runs between. */
function split(text: string, isSpecial: (word: string) => boolean): Run[] {
  const runs: Run[] = [];
  let plain = '';
  for (const part of text.split(/( +)/)) {
    if (part === '') continue;
    if (part.startsWith(' ') || !isSpecial(part)) {
      plain += part;
      continue;
    }
    if (plain !== '') runs.push({ run: plain, special: false });
    runs.push({ run: part, special: true });
    plain = '';
  }
  if (plain !== '') runs.push({ run: plain, special: false });
  return runs;
}

/** A value as a template gets it: escaped, and broken up where it would become a link of itself. */
export function escapeValue(text: string, writer: Writer): string {
  const { plain, autolinks } = writer;
  return plain.escape(autolinks ? breakLinks(plain.neutral(text)) : plain.neutral(text));
}
