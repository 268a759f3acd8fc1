/**
 * `--help` and `--help-all`, made from the option tables. Called by src/cli/start.ts; writes nothing itself.
 *
 * `--help` fits a terminal of 24 lines and 80 columns; `--help-all` says everything: defaults, ranges, keys of
 * environment files, exit codes. test/cli/help.test.ts measures both.
 */

import { type CommandTable, commonOptions, environmentKey, type Option, takesValue } from './option.ts';

const columns = 80;

/** The essential options, one line each. */
export function briefHelp(table: CommandTable): string {
  const all = [...table.options, ...commonOptions];
  const shown = all.filter((option) => option.brief === true);
  const width = Math.max(...shown.map((option) => signature(option).length));
  const lines = shown.map(
    (option) => `  ${signature(option).padEnd(width)}  ${helpOf(option, columns - width - 4)}`,
  );
  const commands = subcommands(table);
  return `usage: ${table.command} ${table.usage}\n${table.summary}\n${commands}${lines.join('\n')}\n`;
}

/** Everything the tables know. */
export function fullHelp(table: CommandTable): string {
  const options = [...table.options, ...commonOptions].map((option) => fullEntry(table, option));
  const exits = table.exits.map(({ code, meaning }) => `  ${String(code).padStart(2)}  ${meaning}\n`);
  const head = `usage: ${table.command} ${table.usage}\n\n${table.summary}\n${subcommands(table)}`;
  const tail = exits.length > 0 ? `\nexit codes:\n${exits.join('')}` : '';
  return `${head}\noptions:\n${options.join('\n')}${tail}`;
}

function subcommands({ subcommands: all = [] }: CommandTable): string {
  const width = Math.max(...all.map(({ command }) => command.length));
  return all.map(({ command, summary }) => `  ${command.padEnd(width)}  ${summary}\n`).join('');
}

function fullEntry(table: CommandTable, option: Option): string {
  const facts: string[] = [];
  if (option.required === true) facts.push('mandatory');
  const byDefault = option.defaultText ?? option.default;
  if (byDefault !== undefined) facts.push(`default: ${byDefault}`);
  if (option.min !== undefined && option.max !== undefined) facts.push(`${option.min} to ${option.max}`);
  if (option.list === true) facts.push('repeatable');
  if (hasFile(table) && option.momentary !== true) facts.push(`key: ${environmentKey(option)}`);
  const lines = [`  ${signature(option)}`, ...wrap(sentence(option.help), 72)];
  if (option.more !== undefined) lines.push(...wrap(option.more, 72));
  if (facts.length > 0) lines.push(...wrap(`(${facts.join('; ')})`, 72));
  return `${lines[0]}\n${lines
    .slice(1)
    .map((line) => `      ${line}\n`)
    .join('')}`;
}

/** Only programs that read settings files have keys. */
function hasFile({ settingsFile }: CommandTable): boolean {
  return settingsFile === true;
}

function signature(option: Option): string {
  const long = takesValue(option) ? `--${option.name} ${option.value ?? 'VALUE'}` : `--${option.name}`;
  return option.short === undefined ? long : `-${option.short}, ${long}`;
}

/** With the default, where the line has room for it. */
function helpOf(option: Option, room: number): string {
  const text = option.default === undefined ? option.help : `${option.help} (${option.default})`;
  return text.length <= room ? text : option.help;
}

/** Words broken into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
