/**
 * Reads one environment file in the grammar of systemd's EnvironmentFile= (systemd.exec(5)). Called by
 * settings-files.ts; sites know these files from their units, so nothing may mean something else here.
 *
 * `#` and `;` start a comment only at the start of a line; values may be quoted, `\` joins lines. The same
 * text is read by dotenv too, and where the two differ (`#` inside a value, `\`, text after a quote) the line
 * is refused with the spelling both understand: a reader of the file must not have to know which one we use.
 * Keys are not judged here. The only importer of dotenv, of which only the pure `parse` is used.
 */

import { parse as parseLikeDotenv } from 'dotenv';

import { RelayError } from '../core/errors.ts';

export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly file: string;
  /** Where the key stands, from 1. */
  readonly line: number;
}

/** Settings in the order of the file. Throws RelayError CONFIG that names `file` and line. */
export function parseEnvironmentFile(text: string, file: string): readonly Setting[] {
  const settings = readLikeSystemd(text.replace(/\r\n?/g, '\n'), file);
  const other = parseLikeDotenv(text);
  const lines = new Map<string, number>();
  for (const { key, line } of settings) {
    const first = lines.get(key);
    if (first !== undefined) {
      throw refuse(file, line, `${key} is already set in line ${first}`, 'keep one of the two lines');
    }
    lines.set(key, line);
  }
  for (const { key, value, line } of settings) {
    if (other[key] !== value) throw refuse(file, line, ambiguous(key), spelling(key, value));
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(value)) {
      throw refuse(file, line, `the value of ${key} contains a line break or control character`);
    }
  }
  const stray = Object.keys(other).find((key) => !lines.has(key));
  if (stray !== undefined) {
    const line = text.split('\n').findIndex((row) => row.includes(stray)) + 1;
    throw refuse(file, line, ambiguous(stray), `write ${stray}=… at the start of a line of its own`);
  }
  return settings;
}

function ambiguous(key: string): string {
  return `${key} can be read in two ways (systemd and dotenv differ)`;
}

/** How to write the value systemd reads so that everybody reads the same. */
function spelling(key: string, value: string): string {
  const plain = value.replaceAll(/\s*\n\s*/g, ' ');
  if (!plain.includes("'")) return `write ${key}='${plain}'`;
  if (!/["\\$`]/.test(plain)) return `write ${key}="${plain}"`;
  return 'a value with both kinds of quotes cannot be written here';
}

function refuse(file: string, line: number, text: string, hint?: string): RelayError {
  return new RelayError('CONFIG', `${file}:${line}: ${text}`, hint === undefined ? {} : { hint });
}

/** One assignment at a time: each takes the text from its key to the end of its last line. */
function readLikeSystemd(text: string, file: string): Setting[] {
  if (text.startsWith('\ufeff')) throw refuse(file, 1, 'a byte order mark', 'save the file as plain UTF-8');
  const settings: Setting[] = [];
  let position = 0;
  let line = 1;
  while (position < text.length) {
    const end = lineEnd(text, position);
    const row = text.slice(position, end);
    const trimmed = row.trim();
    if (trimmed === '') {
      position = end + 1;
      line += 1;
      continue;
    }
    if (trimmed.startsWith('#') || trimmed.startsWith(';')) {
      if (row.endsWith('\\')) {
        throw refuse(
          file,
          line,
          'a comment that ends in \\',
          'older systemd swallows the next line: drop it',
        );
      }
      position = end + 1;
      line += 1;
      continue;
    }
    const equals = row.indexOf('=');
    const key = row.slice(0, Math.max(equals, 0)).trim();
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      throw refuse(file, line, `not a setting: '${trimmed}'`, 'write KEY=value, or # in front of a comment');
    }
    const { value, next } = readValue(text, position + equals + 1, file, line);
    settings.push({ key, value, file, line });
    line += text.slice(position, next).split('\n').length - 1;
    position = next;
  }
  return settings;
}

/** The value that starts at `start`, and where the next line begins: the state machine of systemd. */
function readValue(text: string, start: number, file: string, line: number): { value: string; next: number } {
  let value = '';
  /** Length up to which the value is kept when unquoted blanks at its end are cut. */
  let kept = 0;
  let state: 'before' | 'plain' | "'" | '"' = 'before';
  let position = start;
  for (; position < text.length; position += 1) {
    const char = text[position] ?? '';
    if (state === "'" || state === '"') {
      if (char === state) {
        state = 'before';
      } else if (char === '\\' && state === '"') {
        position += 1;
        value += escapedInDoubleQuotes(text[position] ?? '');
      } else {
        value += char;
      }
      kept = value.length;
    } else if (char === '\n') {
      break;
    } else if (char === '\\') {
      position += 1;
      const escaped = text[position] ?? '';
      if (escaped !== '\n') value += escaped;
      kept = value.length;
      state = 'plain';
    } else if (state === 'before' && (char === "'" || char === '"')) {
      state = char;
    } else if (state === 'plain' || !/\s/.test(char)) {
      value += char;
      if (!/\s/.test(char)) kept = value.length;
      state = 'plain';
    }
  }
  if (state === "'" || state === '"') throw refuse(file, line, `a quote ${state} that is never closed`);
  return { value: value.slice(0, kept), next: position + 1 };
}

/** Inside double quotes `\` escapes only these; before a line break it joins the lines. */
function escapedInDoubleQuotes(char: string): string {
  if (char === '\n') return '';
  return '"\\`$'.includes(char) ? char : `\\${char}`;
}

function lineEnd(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end === -1 ? text.length : end;
}
