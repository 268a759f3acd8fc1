/** How the tables of alert-dispatcher's verbs are made: what all of them have, and those whose first operand is a word. */

import type { CommandTable, ExitCode, Option } from '../option.ts';
import { json } from '../shared-options.ts';
import { place, usual } from './options.ts';
import type { Words } from './words.ts';

export function table(
  verb: string,
  usage: string,
  summary: string,
  options: readonly Option[] = [],
  exits: readonly ExitCode[] = usual,
): CommandTable {
  return {
    command: `alert-dispatcher ${verb}`,
    usage: `${usage} [OPTION]...`.trim(),
    summary,
    options: [...options, ...place, json],
    exits,
    ...(usage === '' ? {} : { operands: usage }),
  };
}

/** A verb whose first operand says what to do. */
export function worded<const W extends Words>(
  verb: string,
  words: W,
  summary: string,
  options: readonly Option[] = [],
): CommandTable & { readonly words: W } {
  const subcommands = Object.entries(words).map(([word, { operands, summary: says }]) => ({
    command: `${word} ${operands}`.trim(),
    summary: says,
  }));
  return { ...table(verb, 'WORD [OPERAND]...', summary, options), words, subcommands };
}
