/**
 * Option tables, example files and README say the same, both ways: what one names the others know.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { dispatcherTables } from '../../src/cli/dispatcher/tables.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { idmefTables } from '../../src/cli/idmef-options.ts';
import { type CommandTable, commonOptions, environmentKey } from '../../src/cli/option.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';
import { parseEnvironmentFile } from '../../src/config/environment-file.ts';
import { errorCodes } from '../../src/core/errors.ts';
import * as limits from '../../src/core/limits.ts';
import { configExamples } from '../tools/config-examples.ts';
import { projectRoot } from '../tools/source-files.ts';

const root = projectRoot();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** With settings files. */
const programs: readonly CommandTable[] = [reverseServerTable, httpProxyTable];
const verbs: readonly CommandTable[] = Object.values(dispatcherTables);

describe('config/', () => {
  for (const [name, text] of configExamples()) {
    test(`${name} is what the table says (npm run config)`, () => {
      const found = read(`config/${name}`).split('\n');
      const expected = text.split('\n');
      const line = expected.findIndex((row, index) => row !== found[index]);
      assert.equal(found[line], expected[line], `line ${line + 1}`);
      assert.equal(found.length, expected.length);
    });

    test(`${name}: every line is understood, commented ones too`, () => {
      const lines = text.split('\n').map((line) => line.replace(/^#(?=[A-Z_]+=)/, ''));
      const table = name === 'reverse-server' ? reverseServerTable : httpProxyTable;
      const known = new Set(table.options.map(environmentKey));
      for (const { key } of parseEnvironmentFile(lines.join('\n'), name)) assert.ok(known.has(key), key);
    });
  }

  test('names every key there is', () => {
    const all = [...configExamples().values()].join('\n');
    for (const option of programs.flatMap(({ options }) => options)) {
      if (option.momentary === true || option.name === 'state') continue;
      assert.match(all, new RegExp(`^#?${environmentKey(option)}=`, 'm'));
    }
  });
});

describe('README.md', () => {
  const readme = read('README.md');
  const known = new Set(
    [...programs, ...verbs, ...idmefTables].flatMap(({ options }) =>
      [...options, ...commonOptions].map(({ name }) => name),
    ),
  );
  /** Flags of other programs in our examples. */
  const foreign = new Set([
    'cert',
    'key',
    'cacert',
    'once',
    'now',
    'permanent',
    'add-service',
    'add-rich-rule',
    'system',
    'reload',
    'strip-components',
    'create',
    'uid',
    'gid',
  ]);

  test('names no flag that does not exist', () => {
    const named = [...readme.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map((match) => match[1] ?? '');
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.has(name) && !foreign.has(name)),
      [],
    );
  });

  test('names every flag of all programs', () => {
    for (const { command, options } of [...programs, ...verbs]) {
      for (const { name } of options) assert.ok(readme.includes(`--${name}`), `${command} --${name}`);
    }
  });

  test('names every verb of idmef', () => {
    for (const { command } of idmefTables) assert.ok(readme.includes(command), command);
  });

  test('tells of every verb of alert-dispatcher in its table, and of no other', () => {
    const [, table = ''] = /^\| alert-dispatcher .*\n\|.*\n((?:\|.*\n)+)/m.exec(readme) ?? [];
    const rows = table.split('\n').flatMap((row) => /^\| ([^|]+)\|/.exec(row)?.[1] ?? []);
    const named = rows.flatMap((cell) => [...cell.matchAll(/`([a-z]+)`/g)].map((match) => match[1] ?? ''));
    assert.deepEqual(named.toSorted(), Object.keys(dispatcherTables).toSorted());
  });

  test('calls no verb of alert-dispatcher that does not exist', () => {
    const calls = [...readme.matchAll(/(?:^ {4}|[`(])alert-dispatcher ([a-z]+)/gm)];
    assert.ok(calls.length > 10);
    for (const [call, verb = ''] of calls) assert.ok(Object.hasOwn(dispatcherTables, verb), call);
  });

  test('lists the exit codes', () => {
    const codes = new Set([...programs, ...verbs].flatMap(({ exits }) => exits.map(({ code }) => code)));
    for (const code of codes) assert.match(readme, new RegExp(`^\\| ${code} +\\|`, 'm'));
    const others = idmefTables.flatMap(({ exits }) => exits.map(({ code }) => code));
    const used = new Set<number>([...others, ...Object.values(errorCodes).map(({ exit }) => exit)]);
    for (const [, code] of readme.matchAll(/^\| (\d+) +\|/gm)) {
      assert.ok(code === '0' || codes.has(Number(code)) || used.has(Number(code)), code);
    }
  });
});

describe('ARCHITECTURE.md', () => {
  test('names every group of limits', () => {
    const text = read('ARCHITECTURE.md');
    for (const group of Object.keys(limits)) assert.ok(text.includes(`\`${group}\``), group);
  });
});
