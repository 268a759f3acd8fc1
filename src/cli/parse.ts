/**
 * argv → what was given, strictly: the first step of every command (src/cli/<command>.ts calls it).
 *
 * What argparse accepted of the Python relay is accepted: `--port 3128`, `--port=3128`, `-p 3128`, `-p3128`,
 * `-vv`, unambiguous prefixes (`--spool`), negative numbers as values. Everything unknown is refused with the
 * nearest name. Names are resolved here; assembling the values is yargs-parser's, the parser inside yargs
 * (yargs itself takes 58 ms to import, which an empty poll cannot afford). The only importer of it.
 */

import yargsParser from 'yargs-parser';

import { RelayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { type CommandTable, commonOptions, type Option, takesValue } from './option.ts';

/** A value with its source, so that an error can name the place to mend. */
export interface Given {
  /** One for plain options, any number for lists. Flags: `true`, counts: the number. */
  readonly values: readonly string[];
  /** `--port`, or `/etc/default/reverse-server:4: PORT`. */
  readonly where: string;
  readonly from: 'flags' | 'file';
}

export interface Arguments {
  readonly given: ReadonlyMap<string, Given>;
  readonly operands: readonly string[];
}

export function parseArguments(table: CommandTable, argv: readonly string[]): Arguments {
  const options = [...table.options, ...commonOptions];
  const { tokens, values, operands } = canonicalForm(table, options, argv);
  const valued = options.filter(takesValue).map((option) => option.name);
  const { argv: parsed, error } = yargsParser.detailed([...tokens, '--', ...operands], {
    string: valued,
    array: valued,
    boolean: options.filter((option) => option.kind === 'flag').map((option) => option.name),
    count: options.filter((option) => option.kind === 'count').map((option) => option.name),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    },
  });
  if (error !== null) throw new RelayError('USAGE', error.message);
  const given = new Map<string, Given>();
  for (const option of options) {
    const value: unknown = parsed[option.name];
    let all: string[];
    if (Array.isArray(value)) all = value.map((index) => values[Number(index)] ?? '');
    else if (value === true || (typeof value === 'number' && value > 0)) all = [String(value)];
    else continue;
    // As argparse: of a plain option given twice the last counts.
    given.set(option.name, {
      values: option.list === true ? all : all.slice(-1),
      where: `--${option.name}`,
      from: 'flags',
    });
  }
  return { given, operands: (parsed['--'] ?? []).map(String) };
}

interface CanonicalForm {
  /** `--name`, or `--name=INDEX`. */
  readonly tokens: readonly string[];
  /** What INDEX stands for: yargs-parser would take quotes off a value and guess at its type. */
  readonly values: readonly string[];
  readonly operands: readonly string[];
}

/** The same arguments with full long names, or a RelayError USAGE. */
function canonicalForm(
  table: CommandTable,
  options: readonly Option[],
  argv: readonly string[],
): CanonicalForm {
  const tokens: string[] = [];
  const values: string[] = [];
  const operands: string[] = [];
  const rest = [...argv];
  const put = (option: Option, shown: string, attached: string | undefined): void => {
    if (!takesValue(option)) {
      if (attached !== undefined) throw usage(table, `${shown} takes no value`);
      tokens.push(`--${option.name}`);
      return;
    }
    const value = attached ?? rest.shift();
    if (value === undefined || (attached === undefined && looksLikeFlag(value))) {
      throw usage(table, `${shown} needs a value (${option.value ?? option.kind})`);
    }
    tokens.push(`--${option.name}=${values.push(value) - 1}`);
    if (option.list !== true || table.operands !== undefined) return;
    for (let next = rest[0]; next !== undefined && !looksLikeFlag(next); next = rest[0]) {
      tokens.push(`--${option.name}=${values.push(next) - 1}`);
      rest.shift();
    }
  };
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === '--') {
      refuseOperands(table, rest);
      operands.push(...rest);
      break;
    }
    if (token.startsWith('--')) {
      const equals = token.indexOf('=');
      const name = token.slice(2, equals === -1 ? undefined : equals);
      const attached = equals === -1 ? undefined : token.slice(equals + 1);
      put(findLong(table, options, name), `--${name}`, attached);
    } else if (looksLikeFlag(token)) {
      putShort(table, options, token, put);
    } else {
      refuseOperands(table, [token]);
      operands.push(token);
    }
  }
  return { tokens, values, operands };
}

/** `-p3128`, `-p 3128`, `-vvp 3128`. */
function putShort(
  table: CommandTable,
  options: readonly Option[],
  token: string,
  put: (option: Option, shown: string, attached: string | undefined) => void,
): void {
  for (let index = 1; index < token.length; index += 1) {
    const letter = token[index] ?? '';
    const option = options.find((candidate) => candidate.short === letter);
    if (option === undefined) throw unknownFlag(table, options, index === 1 ? token : `-${letter}`);
    if (takesValue(option)) {
      put(option, `-${letter}`, token.slice(index + 1).replace(/^=/, '') || undefined);
      return;
    }
    put(option, `-${letter}`, undefined);
  }
}

function findLong(table: CommandTable, options: readonly Option[], name: string): Option {
  const exact = options.find((option) => option.name === name);
  if (exact !== undefined) return exact;
  const candidates = name === '' ? [] : options.filter((option) => option.name.startsWith(name));
  const [only] = candidates;
  if (only === undefined) throw unknownFlag(table, options, `--${name}`);
  if (candidates.length > 1) {
    const names = candidates.map((option) => `--${option.name}`).join(', ');
    throw new RelayError('USAGE', `--${name} could be ${names}`, { hint: 'write more of the name' });
  }
  return only;
}

function unknownFlag(table: CommandTable, options: readonly Option[], flag: string): RelayError {
  const close = nearest(
    flag.replace(/^--?/, ''),
    options.map((option) => option.name),
  );
  const more = `${table.command} --help-all lists the flags`;
  return new RelayError('USAGE', `unknown flag ${flag}`, {
    hint: close === undefined ? more : `did you mean --${close}? ${more}`,
  });
}

function refuseOperands(table: CommandTable, operands: readonly string[]): void {
  const [first] = operands;
  if (table.operands === undefined && first !== undefined)
    throw usage(table, `unexpected argument '${first}'`);
}

function usage(table: CommandTable, text: string): RelayError {
  return new RelayError('USAGE', text, { hint: `usage: ${table.command} ${table.usage}` });
}

/** argparse's rule: a lone `-` and negative numbers are values. */
function looksLikeFlag(token: string): boolean {
  return token.startsWith('-') && token !== '-' && !/^-\d/.test(token);
}
