/**
 * The patterns of `<>`, which libprelude hands to fnmatch(3) without flags: `*`, `?`, `[a-z]`, `[!a]`, `[[:digit:]]`, `\*`. A
 * pattern covers the whole value; a part of it is asked for with `*part*`. Slashes and leading dots are nothing special.
 *
 * Translated to a linear-time pattern (pattern.ts), but for the usual ones of literals and stars, which are searched for.
 */

import { compilePattern, type CompiledPattern } from './pattern.ts';

/** A literal character or one of the specials, in order. */
type Piece = { readonly literal: string } | 'any' | 'one' | { readonly set: string };

const MEMBER = /\[:[a-z]+:\]|\\?[^]/uy;

/** A character in brackets, as RE2 has it. */
function escaped(member: string): string {
  return /[\\[\]^-]/.test(member) ? `\\${member}` : member;
}

/** The bracket expression that begins at `from`, as RE2's; undefined when it does not end, and `[` is a literal. */
function bracket(glob: string, from: number): { readonly set: string; readonly end: number } | undefined {
  let at = from + 1;
  const negated = glob[at] === '!' || glob[at] === '^';
  if (negated) at += 1;
  let set = '';
  for (let first = true; ; first = false) {
    if (at >= glob.length) return undefined;
    if (glob[at] === ']' && !first) return { set: `[${negated ? '^' : ''}${set}]`, end: at + 1 };
    MEMBER.lastIndex = at;
    const [member = ''] = MEMBER.exec(glob) ?? [];
    at += member.length;
    const isRange = member === '-' && set !== '' && glob[at] !== ']';
    set += isRange || member.startsWith('[:') ? member : escaped(member.replace(/^\\/, ''));
  }
}

/** Undefined: a backslash at the end, which matches nothing. */
function piecesOf(glob: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  let literal = '';
  const push = (piece: Piece): void => {
    if (literal !== '') pieces.push({ literal });
    literal = '';
    pieces.push(piece);
  };
  let at = 0;
  while (at < glob.length) {
    const char = glob.charAt(at);
    const set = char === '[' ? bracket(glob, at) : undefined;
    at += 1;
    if (set !== undefined) {
      push({ set: set.set });
      at = set.end;
    } else if (char === '*') {
      push('any');
    } else if (char === '?') {
      push('one');
    } else if (char === '\\') {
      if (at === glob.length) return undefined;
      literal += glob.charAt(at);
      at += 1;
    } else {
      literal += char;
    }
  }
  if (literal !== '') pieces.push({ literal });
  return pieces;
}

/** Literals and stars alone: each literal is looked for behind the one before. */
function searched(pieces: readonly Piece[], nocase: boolean): ((text: string) => boolean) | undefined {
  const parts = [''];
  for (const piece of pieces) {
    if (piece === 'any') parts.push('');
    else if (piece !== 'one' && 'literal' in piece) parts.push((parts.pop() ?? '') + piece.literal);
    else return undefined;
  }
  const folded = nocase ? parts.map((part) => part.toLowerCase()) : parts;
  const [first = '', ...middle] = folded;
  const last = middle.pop();
  return (given) => {
    const text = nocase ? given.toLowerCase() : given;
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

function quoted(literal: string): string {
  return literal.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** Never throws. */
export function compileGlob(glob: string, nocase: boolean): CompiledPattern {
  const pieces = piecesOf(glob);
  if (pieces === undefined) return { ok: true, test: () => false };
  const test = searched(pieces, nocase);
  if (test !== undefined) return { ok: true, test };
  const source = pieces
    .map((piece) => {
      if (piece === 'any') return '.*';
      if (piece === 'one') return '.';
      return 'set' in piece ? piece.set : quoted(piece.literal);
    })
    .join('');
  return compilePattern(source, nocase, true);
}
