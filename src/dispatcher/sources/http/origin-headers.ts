/**
 * `IDMEF-Origin: profile=dmz1; sensor="dmz1.example"` and `IDMEF-Sequence: <journal>; 17-512,514`: where a relay says a batch comes
 * from (ARCHITECTURE.md: Poller). Called by idmef-post.ts for certificates with role relay; nobody else's are read.
 */

import { httpsLimits } from '../../../core/limits.ts';

export interface BatchOrigin {
  readonly profile?: string;
  readonly sensor?: string;
  readonly journal?: string;
  /** One a message, in order. */
  readonly sequences?: readonly number[];
}

/** The headers' content; a sentence when one of them is not of its form. */
export function batchOrigin(
  origin: string | undefined,
  sequence: string | undefined,
  messages: number,
): BatchOrigin | string {
  const named = origin === undefined ? {} : parseOrigin(origin);
  if (named === undefined) return 'IDMEF-Origin is not of the form profile=NAME; sensor="NAME"';
  if (sequence === undefined) return named;
  const numbered = parseSequence(sequence, messages);
  return typeof numbered === 'string' ? numbered : { ...named, ...numbered };
}

function parseOrigin(text: string): BatchOrigin | undefined {
  if (text.length > httpsLimits.originChars) return undefined;
  const found = new Map<string, string>();
  const entry = /\s*([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+))\s*(?:;|$)/y;
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text);
    if (match === null) return undefined;
    const [, name = '', quoted, bare = ''] = match;
    if (found.has(name)) return undefined;
    found.set(name, quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'));
  }
  const profile = found.get('profile');
  const sensor = found.get('sensor');
  if (profile === undefined || profile === '') return undefined;
  return { profile, ...(sensor === undefined || sensor === '' ? {} : { sensor }) };
}

/** As many numbers as messages, ascending. */
function parseSequence(text: string, messages: number): BatchOrigin | string {
  const malformed = 'IDMEF-Sequence is not of the form JOURNAL; 17-512,514';
  if (text.length > httpsLimits.sequenceChars) return malformed;
  const match = /^([0-9A-Za-z_-]{1,128});\s*(\d{1,16}(?:-\d{1,16})?(?:,\d{1,16}(?:-\d{1,16})?)*)$/.exec(text);
  if (match === null) return malformed;
  const [, journal = '', ranges = ''] = match;
  const sequences: number[] = [];
  for (const range of ranges.split(',')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    const before = sequences.at(-1) ?? -1;
    if (!Number.isSafeInteger(last) || first <= before || last < first) return malformed;
    // Told before the numbers are made: a range costs its sender nothing.
    if (sequences.length + (last - first + 1) > messages) return wrongCount(messages, 'more');
    for (let number = first; number <= last; number += 1) sequences.push(number);
  }
  return sequences.length === messages ? { journal, sequences } : wrongCount(messages, sequences.length);
}

function wrongCount(messages: number, named: number | 'more'): string {
  return `the document has ${messages} messages, IDMEF-Sequence names ${named}`;
}
