/** What is mistyped is told with exit 64, the right way to write it, and before anything is opened. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { dispatcherTables } from '../../../src/cli/dispatcher/tables.ts';
import { wordTables } from '../../../src/cli/dispatcher/word-tables.ts';
import type { Words } from '../../../src/cli/dispatcher/words.ts';
import { run } from './run-verb.ts';

/** Nothing is there: whoever opened something would fail otherwise. */
const nowhere = ['--state', '/nonexistent/state', '--config', '/nonexistent/dispatcher.yml'];

describe('usage', () => {
  for (const [line, says] of [
    ['serve now', "unexpected argument 'now'"],
    ['check file.yml', "unexpected argument 'file.yml'"],
    ['status --limit 3', 'unknown flag --limit'],
    ['reload now', "unexpected argument 'now'"],
    ['route', 'what to do is missing'],
    ['route explain', 'missing FILE'],
    ['why', 'missing ID|TAG|incident:N'],
    ['why 1 2', "unexpected argument '2'"],
    ['messages', 'what to do is missing'],
    ['messages serch', "unknown word 'serch'"],
    ['messages show', 'missing ID'],
    ['messages search a b', "unexpected argument 'b'"],
    ['messages search --since yesterday', '--since must be a duration'],
    ['messages search --severity bad', '--severity must be one of info, low, medium, high'],
    ['messages show 1 --since 1h', 'alert-dispatcher messages show has no --since'],
    ['incidents ack', 'missing N'],
    ['incidents ack x', "N must be a number as listed, not 'x'"],
    ['incidents ack 0', "N must be a number as listed, not '0'"],
    ['incidents note 1', 'missing TEXT'],
    ['incidents show 1 --note x', 'alert-dispatcher incidents show has no --note'],
    ['endpoints add', 'missing NAME'],
    ['endpoints add a', 'missing KEY=VALUE'],
    ['endpoints add a type', "KEY=VALUE is wanted, not 'type'"],
    ['endpoints add a =x', "KEY=VALUE is wanted, not '=x'"],
    ['endpoints remove a b', "unexpected argument 'b'"],
    ['recipients list all', "unexpected argument 'all'"],
    ['recipients resume a --reason x', 'alert-dispatcher recipients resume has no --reason'],
    ['recipients hold', 'missing NAME'],
    ['recipients move a', 'missing OTHER'],
    ['sources enable', 'missing NAME'],
    ['silence add', 'missing CRITERIA'],
    ['silence add alert', '--reason and --for are mandatory'],
    ['silence add alert --reason x', '--reason and --for are mandatory'],
    ['silence expire x', "N must be a number as listed, not 'x'"],
    ['silence list --for 1h', 'alert-dispatcher silence list has no --for'],
    ['dead redrive', 'missing MESSAGE or --recipient'],
    ['dead dismiss', 'missing MESSAGE or --recipient'],
    ['dead redrive all', "MESSAGE must be a number as listed, not 'all'"],
    ['keys add', 'missing OWNER'],
    ['keys add ana --scope root', '--scope must be one of ingest, read'],
    ['keys add ana --grace 1h', 'alert-dispatcher keys add has no --grace'],
    ['keys rotate x', "N must be a number as listed, not 'x'"],
    ['users set ana', 'missing --role'],
    ['users add', 'missing NAME'],
    ['users add ana --role king', '--role must be one of viewer, responder, admin'],
    ['render soc', 'missing FILE'],
    ['import', 'what to do is missing'],
    ['import ntopng x', "unknown word 'ntopng'"],
    ['import alertgateway', 'missing FILE'],
    ['export all', "unexpected argument 'all'"],
    ['apply', 'missing FILE'],
    ['backup', 'missing FILE'],
    ['audit', 'what to do is missing'],
    ['audit list --limit 0', '--limit must be a whole number from 1'],
  ] as const) {
    test(line, async () => {
      const { code, error } = await run(...line.split(' '), ...nowhere);
      assert.ok(error !== undefined && error.message.startsWith(says), error?.message);
      assert.equal(code, 64);
      assert.ok(error.message.length <= 160 && !/\n|\.$/.test(error.message), error.message);
    });
  }

  test('a word nearly right is guessed, and all are named', async () => {
    const { error } = await run('recipients', 'resum', ...nowhere);
    assert.match(
      error?.hint ?? '',
      /^did you mean resume\? .*list\|add\|set\|enable\|disable\|remove\|test\|hold\|resume\|move/,
    );
  });

  test('every option of a verb with words belongs to one of them, or to all', () => {
    for (const { command, options, words } of Object.values(wordTables)) {
      const all: Words = words;
      const claimed = Object.values(all).flatMap(({ options: own = [] }) => own);
      const known = new Set(options.map(({ name }) => name));
      assert.deepEqual(
        claimed.filter((name) => !known.has(name)),
        [],
        command,
      );
      for (const { name, help } of options) {
        const [, named] = /^([a-z]+(?:, [a-z]+)*): /.exec(help) ?? [];
        if (named === undefined) continue;
        for (const word of named.split(', '))
          assert.ok(all[word]?.options?.includes(name), `${command} --${name}: ${word}`);
      }
    }
    assert.ok(Object.keys(dispatcherTables).length > Object.keys(wordTables).length);
  });
});
