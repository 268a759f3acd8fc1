/**
 * Settings files → the same shape as parsed flags, so that both merge (later wins): the files in the order
 * given, then `OPTIONS=`, then the flags of the command line. Called by the configuration builders.
 *
 * Unknown keys are errors with the nearest name. An empty value leaves a setting as if the line were not there.
 * `OPTIONS=` is read as flags because sites wrote their own units for the Python relay around it.
 */

import { RelayError } from '../core/errors.ts';
import type { Setting } from '../config/environment-file.ts';
import type { SettingsFile } from '../config/settings-files.ts';
import { splitWords } from '../config/split-words.ts';
import { nearest } from '../core/nearest.ts';
import { type CommandTable, environmentKey, type Option } from './option.ts';
import { type Given, parseArguments } from './parse.ts';

const optionsKey = 'OPTIONS';

export function givenByFiles(
  table: CommandTable,
  files: readonly SettingsFile[],
): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>();
  let options: Setting | undefined;
  for (const file of files) {
    for (const setting of file.settings) {
      if (setting.value === '') continue;
      if (setting.key === optionsKey) options = setting;
      else place(table, setting, given);
    }
  }
  if (options !== undefined) placeFlags(table, options, given);
  return given;
}

function place(table: CommandTable, setting: Setting, given: Map<string, Given>): void {
  const option = table.options.find((candidate) => environmentKey(candidate) === setting.key);
  if (option === undefined) throw unknownKey(table, setting);
  if (option.momentary === true) throw momentary(setting, option);
  given.set(option.name, { values: valuesOf(setting, option), where: at(setting), from: 'file' });
}

function valuesOf(setting: Setting, option: Option): readonly string[] {
  if (option.list === true) {
    const words = splitWords(setting.value);
    if (words === undefined) throw unclosed(setting);
    return words;
  }
  if (option.kind === 'count') return [countOf(setting.value)];
  return [setting.value];
}

/** `VERBOSE=yes` is natural to write. */
function countOf(text: string): string {
  if (/^(?:yes|true|on)$/i.test(text)) return '1';
  return /^(?:no|false|off)$/i.test(text) ? '0' : text;
}

function placeFlags(table: CommandTable, setting: Setting, given: Map<string, Given>): void {
  const words = splitWords(setting.value);
  if (words === undefined) throw unclosed(setting);
  const flags = inFile(setting, () => parseArguments({ ...table, options: table.options }, words));
  for (const [name, { values }] of flags.given) {
    const option = table.options.find((candidate) => candidate.name === name);
    if (option === undefined || ['profile', 'config-dir'].includes(name)) {
      throw new RelayError('CONFIG', `${at(setting)}: --${name} cannot stand here`);
    }
    given.set(name, { values, where: `${at(setting)}: --${name}`, from: 'file' });
  }
}

/** A mistake in OPTIONS is one of the file, not of the command line. */
function inFile<Value>(setting: Setting, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'USAGE') throw error;
    throw new RelayError('CONFIG', `${at(setting)}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

function unknownKey(table: CommandTable, { key, file, line }: Setting): RelayError {
  const known = table.options.filter((option) => option.momentary !== true).map(environmentKey);
  const close = nearest(key, [...known, optionsKey]);
  return new RelayError('CONFIG', `${file}:${line}: unknown key ${key}`, {
    hint: close === undefined ? `${table.command} --help-all lists the keys` : `did you mean ${close}?`,
  });
}

function momentary({ key, file, line }: Setting, option: Option): RelayError {
  return new RelayError('CONFIG', `${file}:${line}: ${key} cannot be set in a file`, {
    hint: `give --${option.name} on the command line`,
  });
}

function unclosed(setting: Setting): RelayError {
  return new RelayError('CONFIG', `${at(setting)}: a quote that is never closed`);
}

function at({ key, file, line }: Setting): string {
  return `${file}:${line}: ${key}`;
}
