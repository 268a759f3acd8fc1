/**
 * How one medium writes pieces: its escaping, its markup and what it calls a new line.
 *
 * Implemented in writers/*.ts, used by fit.ts and, for values in templates, by template/engine.ts. `neutral` sees a whole run
 * of text and breaks up what only context makes special; `escape` works on any part of the result, so that cutting between two
 * characters never cuts an entity or an escape.
 */

export interface Span {
  readonly open: string;
  readonly close: string;
  readonly neutral: (text: string) => string;
  readonly escape: (text: string) => string;
}

export interface Writer {
  readonly newline: string;
  /** A blank at the beginning of a line, where it would be lost or would mean something. */
  readonly indent: string;
  readonly plain: Span;
  readonly bold: Span;
  /** Undefined: the medium has no literal form. */
  readonly code: ((content: string) => Span) | undefined;
  /** Undefined: URLs are written beside their label. */
  readonly link: ((url: string) => Span) | undefined;
  /** A URL that stands for itself, where that differs from a link with itself as label. */
  readonly bareLink?: (url: string) => string;
  /** The medium makes links of plain text by itself, and that has to be prevented. */
  readonly autolinks: boolean;
}

export const same = (text: string): string => text;
