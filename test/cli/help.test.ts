/** `--help` fits a terminal of 24 lines and 80 columns, for every command; `--help-all` says everything. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { briefHelp, fullHelp } from '../../src/cli/help.ts';
import { dispatcherTable, dispatcherTables } from '../../src/cli/dispatcher/tables.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { idmefTable, idmefTables } from '../../src/cli/idmef-options.ts';
import { type CommandTable, environmentKey } from '../../src/cli/option.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';

const tables: readonly CommandTable[] = [
  reverseServerTable,
  httpProxyTable,
  idmefTable,
  ...idmefTables,
  dispatcherTable,
  ...Object.values(dispatcherTables),
];

describe('help', () => {
  for (const table of tables) {
    const brief = briefHelp(table);
    const full = fullHelp(table);
    test(`${table.command} --help fits 24×80`, () => {
      const lines = brief.split('\n').slice(0, -1);
      assert.ok(lines.length <= 24, `${lines.length} lines`);
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      );
    });
    test(`${table.command} --help-all is complete and 80 columns wide`, () => {
      assert.deepEqual(
        full.split('\n').filter((line) => line.length > 80),
        [],
      );
      for (const option of table.options) {
        assert.ok(full.includes(`--${option.name}`), option.name);
        if (table.settingsFile === true && option.momentary !== true) {
          assert.ok(full.includes(`key: ${environmentKey(option)})`), option.name);
        }
      }
      for (const { code } of table.exits) assert.match(full, new RegExp(`^ +${code}  `, 'm'));
    });
    test(`${table.command}: names, letters and helps are unique and short`, () => {
      const names = table.options.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      const letters = table.options.flatMap(({ short }) => short ?? []);
      assert.equal(new Set(letters).size, letters.length);
      for (const { name, help, default: text, choices } of table.options) {
        assert.ok(help.length <= 52, `${name}: ${help.length}`);
        if (choices !== undefined && text !== undefined) assert.ok(choices.includes(text), name);
      }
    });
  }

  test('the flags of the Python relay are there', () => {
    const seed = (table: CommandTable): string[] =>
      table.options.filter((option) => option.seed === true).map((option) => option.name);
    assert.deepEqual(
      seed(reverseServerTable).toSorted(),
      'address cacert cert ciphers delete key maxbatchsize movedir port spooldir verbose'.split(' '),
    );
    assert.deepEqual(
      seed(httpProxyTable).toSorted(),
      'cacert cert ciphers key manager sensor timeout verbose'.split(' '),
    );
  });
});
