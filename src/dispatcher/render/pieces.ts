/**
 * What a notification is made of: typed pieces. Markup comes from these constructors alone; text never becomes markup.
 *
 * Called by the texts of this folder (alert-text.ts, digest-text.ts, …), written by fit.ts through a medium's Writer. A constructor
 * cleans what it is given; `label` is for our own words, everything else for text of others.
 */

import { renderLimits } from '../../core/limits.ts';
import { cleanLine, cleanLines } from './clean.ts';
import { safeUrl } from './safe-url.ts';

export type Piece =
  /** Our own words. */
  | { readonly kind: 'label'; readonly text: string }
  /** One line of somebody's text; parts that a medium would make a link of are set as code. */
  | { readonly kind: 'prose'; readonly text: string }
  /** The same in bold. */
  | { readonly kind: 'bold'; readonly text: string }
  /** An address, a path, a name: literal wherever the medium has a form for it. */
  | { readonly kind: 'code'; readonly text: string }
  /** Lines as somebody with a key posted them: literal, but their URLs stay links. */
  | { readonly kind: 'verbatim'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  | { readonly kind: 'newline' };

export type Doc = readonly Piece[];

export const newline: Piece = { kind: 'newline' };

/** `text` keeps its blanks: ` — `. */
export function label(text: string): Piece {
  return { kind: 'label', text };
}

export function prose(untrusted: string): Piece {
  return { kind: 'prose', text: cleanLine(cut(untrusted)) };
}

export function bold(untrusted: string): Piece {
  return { kind: 'bold', text: cleanLine(cut(untrusted)) };
}

export function code(untrusted: string): Piece {
  return { kind: 'code', text: cleanLine(cut(untrusted)) };
}

/** A link that says where it leads; the bare text where the URL is none that may be one. */
export function link(name: string, url: string): Doc {
  const safe = safeUrl(url.trim());
  if (safe === undefined) {
    const parts = [name === '' ? [] : [prose(name)], url === '' ? [] : [code(url)]].filter(
      ({ length }) => length > 0,
    );
    return parts.flatMap((part, index) => (index === 0 ? part : [label(' '), ...part]));
  }
  const shown = cleanLine(cut(name));
  return [{ kind: 'link', text: shown === '' ? safe.host : `${shown} (${safe.host})`, url: safe.href }];
}

/** `chars` is the most that can be shown of it. */
export function verbatim(posted: string, chars: number): Piece {
  return { kind: 'verbatim', text: cleanLines(posted.slice(0, chars * renderLimits.verbatimFactor)) };
}

/** Somebody's text of several lines. */
export function lines(untrusted: string): Doc {
  return cleanLines(cut(untrusted))
    .split('\n')
    .flatMap((line, index): Doc => [...(index === 0 ? [] : [newline]), { kind: 'prose', text: line }]);
}

function cut(untrusted: string): string {
  return untrusted.length > renderLimits.valueChars
    ? `${untrusted.slice(0, renderLimits.valueChars)}…`
    : untrusted;
}
