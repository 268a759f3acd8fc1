/**
 * The words of a verb (`endpoints add NAME KEY=VALUE...`): declared in its table, shown by its help, and held to here, so that whoever
 * mistypes is told before anything is opened. Used by the tables and by run.ts.
 */

import { RelayError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { CommandTable } from '../option.ts';
import type { VerbContext } from './verb-context.ts';

export interface Word {
  /** As in a usage line: `NAME KEY=VALUE...`, `[TYPE]`. */
  readonly operands: string;
  /** One clause for the help. */
  readonly summary: string;
  /** Options that are for this word; others of the verb are refused. */
  readonly options?: readonly string[];
}

export type Words = Readonly<Record<string, Word>>;

/** The work of each word; its operands are the verb's without the word. */
export type WordWorks<W extends Words> = Readonly<
  Record<keyof W & string, (verb: VerbContext) => Promise<number>>
>;

/** What a verb with words does: the work of the one that was given. */
export function byWord<W extends Words>(
  table: CommandTable & { readonly words: W },
  works: WordWorks<W>,
): (verb: VerbContext) => Promise<number> {
  return async (verb) => {
    const { words } = table;
    const [name = '', ...operands] = verb.operands;
    if (!Object.hasOwn(words, name)) throw noWord(table, name);
    const word: Word | undefined = words[name];
    if (word === undefined) throw noWord(table, name);
    const misuse = (text: string): RelayError =>
      new RelayError('USAGE', text, {
        hint: `usage: ${table.command} ${[name, word.operands].join(' ').trim()}`,
      });
    checkOperands(word.operands, operands, misuse);
    checkOptions(table, words, name, verb, misuse);
    return await works[name as keyof W & string]({ ...verb, operands, misuse });
  };
}

function noWord({ command, words }: CommandTable & { readonly words: Words }, name: string): RelayError {
  const names = Object.keys(words);
  const meant = nearest(name, names);
  const hint = `${command} ${names.join('|')}; ${command} --help says more`;
  if (name === '') return new RelayError('USAGE', 'what to do is missing', { hint });
  return new RelayError('USAGE', `unknown word '${name}'`, {
    hint: meant === undefined ? hint : `did you mean ${meant}? ${hint}`,
  });
}

function checkOperands(
  operands: string,
  given: readonly string[],
  misuse: (text: string) => RelayError,
): void {
  const names = operands.split(' ').filter((name) => name !== '');
  const required = names.filter((name) => !name.startsWith('['));
  const missing = required[given.length];
  if (missing !== undefined) throw misuse(`missing ${missing.replace(/\.\.\.$/, '')}`);
  if (given.length > names.length && names.at(-1)?.endsWith('...') !== true) {
    throw misuse(`unexpected argument '${given[names.length]}'`);
  }
}

/** Options that no word claims are for all of them. */
function checkOptions(
  table: CommandTable,
  words: Words,
  name: string,
  { settings }: VerbContext,
  misuse: (text: string) => RelayError,
): void {
  const claimed = new Set(Object.values(words).flatMap(({ options = [] }) => options));
  const own = new Set(words[name]?.options);
  for (const option of claimed) {
    if (!own.has(option) && settings.has(option)) throw misuse(`${table.command} ${name} has no --${option}`);
  }
}

/** Of a verb without words. Throws RelayError USAGE. */
export function checkPlainOperands(
  { operands = '' }: CommandTable,
  { operands: given, misuse }: VerbContext,
): void {
  checkOperands(operands, given, misuse);
}

/** A number as listings show it. */
export function numberOf(
  { misuse }: Pick<VerbContext, 'misuse'>,
  text: string | undefined,
  what: string,
): number {
  if (text !== undefined && /^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw misuse(`${what} must be a number as listed, not '${text}'`);
}
