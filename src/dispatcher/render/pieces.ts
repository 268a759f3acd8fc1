/**
 * What a notification is made of: typed pieces. Markup comes from these constructors alone; text never becomes markup.
 *
 * Called by texts/ and renderer.ts, written by fit.ts through a medium's Writer. A constructor cleans and bounds what it is given; `label`
 * is for our own words, everything else for text of others.
 */

import { renderLimits } from '../../core/limits.ts';
import { cleanLine, cleanLines, cutUnits } from './clean.ts';
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

/** `max`: UTF-16 units that are shown, here and below. */
export function prose(untrusted: string, max?: number): Piece {
  return { kind: 'prose', text: oneLine(untrusted, max) };
}

export function bold(untrusted: string, max?: number): Piece {
  return { kind: 'bold', text: oneLine(untrusted, max) };
}

export function code(untrusted: string, max?: number): Piece {
  return { kind: 'code', text: oneLine(untrusted, max) };
}

/** A link that says where it leads; the bare text where the URL is none that may be one. */
export function link(name: string, url: string, max?: number): Doc {
  const safe = safeUrl(url.trim());
  if (safe === undefined) {
    const parts = [name === '' ? [] : [prose(name, max)], url === '' ? [] : [code(url, max)]].filter(
      ({ length }) => length > 0,
    );
    return parts.flatMap((part, index) => (index === 0 ? part : [label(' '), ...part]));
  }
  const shown = oneLine(name, max);
  return [{ kind: 'link', text: shown === '' ? safe.host : `${shown} (${safe.host})`, url: safe.href }];
}

/** `chars` is the most that can be shown of it. */
export function verbatim(posted: string, chars: number): Piece {
  return { kind: 'verbatim', text: cleanLines(posted.slice(0, chars * renderLimits.verbatimFactor)) };
}

/** Somebody's text of several lines. */
export function lines(untrusted: string): Doc {
  return cleanLines(cutUnits(untrusted, renderLimits.valueChars))
    .split('\n')
    .flatMap((line, index): Doc => [...(index === 0 ? [] : [newline]), { kind: 'prose', text: line }]);
}

/** Cleaned before it is cut to what is shown: what nobody can see takes no room from the rest. */
function oneLine(untrusted: string, max: number = renderLimits.valueChars): string {
  return cutUnits(cleanLine(cutUnits(untrusted, renderLimits.valueChars)), max);
}
