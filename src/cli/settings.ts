/**
 * What was given (flags, files) as typed values: the step between the parser and a configuration.
 *
 * Errors say the place as the operator wrote it: `--port must be …` for a flag (USAGE), the file and line for
 * a setting (CONFIG). Defaults come from the option table, nowhere else. Called by the configuration builders.
 */

import { join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import type { LogSettings, MinFree } from '../core/settings.ts';
import type { Bounds } from '../journal/options.ts';
import type { Option, OptionKind } from './option.ts';
import type { Given } from './parse.ts';
import {
  BadValue,
  parseChoice,
  parseDuration,
  parseInteger,
  parseMinFree,
  parseSeconds,
  parseSize,
  parseYesNo,
} from './values.ts';

/** Of the kinds whose values have one form. */
const parsers: Readonly<Partial<Record<OptionKind, (option: Option, text: string) => unknown>>> = {
  integer: parseInteger,
  seconds: parseSeconds,
  duration: parseDuration,
  size: parseSize,
  choice: parseChoice,
  free: (_, text) => parseMinFree(text),
};

export class Settings {
  readonly #options: ReadonlyMap<string, Option>;
  readonly #given: ReadonlyMap<string, Given>;
  readonly #credentials: string | undefined;

  constructor(
    options: readonly Option[],
    given: ReadonlyMap<string, Given>,
    /** What `$CREDENTIALS_DIRECTORY/NAME` in a path stands for. */
    credentials: string | undefined,
  ) {
    this.#options = new Map(options.map((option) => [option.name, option]));
    this.#given = given;
    this.#credentials = credentials;
  }

  /** Every value that was given, by what its option is. Throws for the first that is none: for commands that open something first. */
  checkValues(): void {
    for (const [name, { values }] of this.#given) {
      const option = this.#options.get(name);
      const parse = option === undefined ? undefined : parsers[option.kind];
      if (option === undefined || parse === undefined) continue;
      for (const text of values) this.attempt(name, () => parse(option, text));
    }
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The place of an option for messages: where it was given, else its flag. */
  where(name: string): string {
    return this.#given.get(name)?.where ?? `--${name}`;
  }

  flag(name: string): boolean {
    return this.#read(name, (_, text) => parseYesNo(text)) ?? false;
  }

  count(name: string): number {
    return this.#read(name, (option, text) => parseInteger({ ...option, max: 9 }, text)) ?? 0;
  }

  text(name: string): string | undefined {
    return this.#read(name, (_, text) => text);
  }

  texts(name: string): readonly string[] | undefined {
    return this.#given.get(name)?.values;
  }

  path(name: string): string | undefined {
    return this.#read(name, (_, text) => this.#path(text));
  }

  integer(name: string): number {
    return this.#need(name, parseInteger);
  }

  seconds(name: string): number {
    return this.#need(name, parseSeconds);
  }

  /** Milliseconds. */
  duration(name: string): number {
    return this.#need(name, parseDuration);
  }

  /** Milliseconds. */
  optionalDuration(name: string): number | undefined {
    return this.#read(name, parseDuration);
  }

  /** A pair of options `…-age` and `…-bytes`; undefined when neither is given. */
  bounds(ageName: string, bytesName: string): Bounds | undefined {
    const maxAgeMs = this.optionalDuration(ageName);
    const maxBytes = this.size(bytesName);
    if (maxAgeMs === undefined && maxBytes === undefined) return undefined;
    return Object.freeze({
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  }

  /** `choices` are the table's, repeated for the type. */
  choice<const Choices extends readonly string[]>(name: string, choices: Choices): Choices[number] {
    const text = this.#need(name, parseChoice);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new RelayError('BUG', `choice ${text} of ${name} is not handled`);
    return choice;
  }

  /** Each of a list; undefined when it is not given. */
  choices<const Choices extends readonly string[]>(
    name: string,
    choices: Choices,
  ): readonly Choices[number][] | undefined {
    return this.texts(name)?.map((text) => {
      const choice = choices.find((candidate) => candidate === text);
      if (choice !== undefined) return choice;
      throw this.refusal(name, `must be one of ${choices.join(', ')}, not '${text}'`);
    });
  }

  size(name: string): number | undefined {
    return this.#read(name, parseSize);
  }

  minFree(name: string): MinFree {
    return this.#need(name, (_, text) => parseMinFree(text));
  }

  url(name: string, parse: (text: string) => URL): URL | undefined {
    return this.#read(name, (_, text) => parse(text));
  }

  urls(name: string, parse: (text: string) => URL): readonly URL[] {
    return (this.texts(name) ?? []).map((text) => this.attempt(name, () => parse(text)));
  }

  log(): LogSettings {
    return {
      format: this.choice('log-format', ['text', 'json']),
      verbosity: Math.min(this.count('verbose'), 2),
    };
  }

  /** Runs a parser and says where its text came from when it refuses. */
  attempt<Value>(name: string, parse: () => Value): Value {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw this.refusal(name, error.message, error.hint);
    }
  }

  /** The error for a value that is well-formed but does not fit. */
  refusal(name: string, text: string, hint?: string): RelayError {
    const code = this.#given.get(name)?.from === 'file' ? 'CONFIG' : 'USAGE';
    return new RelayError(code, `${this.where(name)} ${text}`, hint === undefined ? {} : { hint });
  }

  #need<Value>(name: string, parse: (option: Option, text: string) => Value): Value {
    const value = this.#read(name, parse);
    if (value === undefined) throw new RelayError('BUG', `option ${name} has no default`);
    return value;
  }

  #read<Value>(name: string, parse: (option: Option, text: string) => Value): Value | undefined {
    const option = this.#options.get(name);
    if (option === undefined) throw new RelayError('BUG', `option ${name} is in no table`);
    const text = this.#given.get(name)?.values.at(-1) ?? option.default;
    return text === undefined ? undefined : this.attempt(name, () => parse(option, text));
  }

  #path(text: string): string {
    const variable = '$CREDENTIALS_DIRECTORY/';
    if (!text.startsWith(variable)) {
      if (text === '') throw new BadValue('must be a path, not empty');
      return text;
    }
    if (this.#credentials === undefined) {
      throw new BadValue(
        `names ${variable} but systemd gave us no credentials`,
        'add LoadCredential= to the unit',
      );
    }
    return join(this.#credentials, text.slice(variable.length));
  }
}
