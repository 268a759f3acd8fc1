/** YAML: values, places, and everything that is no setting refused with line and column. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { configLimits } from '../../src/core/limits.ts';
import { parseYaml, type YamlText } from '../../src/config/yaml-text.ts';

function parsed(text: string): YamlText {
  const result = parseYaml(text, 'x.yml');
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

describe('values', () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['nothing', '', null],
    ['only a comment', '# nothing\n', null],
    ['nested', 'a: {b: [1, two, true, null, 1.5]}', { a: { b: [1, 'two', true, null, 1.5] } }],
    ['no Norway problem', 'a: no\nb: on\nc: 08:30', { a: 'no', b: 'on', c: '08:30' }],
    ['a YAML 1.1 header does not bring it back', '%YAML 1.1\n---\na: yes', { a: 'yes' }],
    ['a date stays text', 'a: 2024-05-06', { a: '2024-05-06' }],
    ['a chat of Telegram', 'chat: -1001234567890', { chat: -1001234567890 }],
    ['an alias', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['no merge key', 'a: &x {b: 1}\nc: {<<: *x}', { a: { b: 1 }, c: { '<<': { b: 1 } } }],
    ['a number as key', '1: a', { '1': 'a' }],
  ];
  for (const [name, text, value] of cases) {
    test(name, () => assert.deepEqual(parsed(text).value, value));
  }

  test('__proto__ is a key like any other', () => {
    const { value } = parsed('__proto__: {polluted: 1}');
    assert.ok(typeof value === 'object' && value !== null);
    assert.ok(Object.hasOwn(value, '__proto__'));
    assert.equal('polluted' in value, false);
  });

  test('any JSON value comes back as it was', () => {
    const safe = fc
      .jsonValue({ noUnicodeString: false })
      .filter((value) => !/e[+-]?\d|(?<![.\d])\d{16}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(safe, (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parsed(text).value, JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, string, number, number, RegExp])[] = [
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 3, 1, /^map keys must be unique$/],
    ['a tag', 'a: !ruby/object:X {}\n', 1, 4, /^unresolved tag/],
    ['a known tag of YAML 1.1', 'a: 1\nb: !!binary aGk=\n', 2, 4, /^unresolved tag/],
    ['a second document', 'a: 1\n---\nb: 2\n', 2, 1, /multiple documents/],
    ['a list as key', 'x:\n  ? [a, b]\n  : c\n', 2, 5, /^a key must be a word$/],
    ['a number that would be rounded', 'a: 1\nid: 12345678901234567890\n', 2, 5, /put it in quotes$/],
    ['an unknown alias', 'a: *nowhere\n', 1, 4, /alias/],
    ['a broken quote', 'a: "x\nb: 1\n', 3, 1, /quot/],
    ['a tab for indentation', 'a:\n\tb: 1\n', 2, 1, /./],
    ['a missing bracket', 'a: [1, 2\nb: 3\n', 2, 1, /./],
  ];
  for (const [name, text, line, column, clause] of cases) {
    test(name, () => {
      const result = parseYaml(text, 'x.yml');
      assert.ok(!result.ok);
      assert.deepEqual([result.file, result.line, result.column], ['x.yml', line, column], result.text);
      assert.match(result.text, clause);
      assert.doesNotMatch(result.text, /^[A-Z][a-z]|\n|\.$/);
    });
  }

  test('a bomb of aliases', () => {
    const text = [
      'a0: &a0 [x]',
      ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`),
    ];
    const result = parseYaml(text.join('\n'), 'x.yml');
    assert.deepEqual(result.ok ? '' : result.text, 'too many aliases');
  });

  test('a text that nests deeper than the stack', () => {
    const result = parseYaml('['.repeat(200_000), 'x.yml');
    assert.equal(result.ok, false);
  });

  test('a text longer than a settings file', () => {
    const result = parseYaml(`a: ${'x'.repeat(configLimits.fileBytes)}`, 'x.yml');
    assert.match(result.ok ? '' : result.text, /longer than/);
  });

  test('complaints quote nothing of the text: it may be a secret', () => {
    const result = parseYaml('token: "hunter2\n', 'x.yml');
    assert.ok(!result.ok);
    assert.doesNotMatch(result.text, /hunter2/);
  });

  test('whatever the text, a value or a place within it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab:- \n\t[]{}"\'&*!|>#%@?,0')) }),
        (text) => {
          const result = parseYaml(text, 'x.yml');
          if (result.ok) return;
          const lines = text.split('\n');
          assert.ok(result.line >= 1 && result.line <= lines.length + 1, `${result.line} of ${lines.length}`);
          assert.ok(result.text.length > 0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('places', () => {
  const yaml = parsed(
    [
      'endpoints:', // 1
      '  bot: {type: telegram, token_file: /x}', // 2
      'recipients:', // 3
      '  soc:', // 4
      '    endpoint: bot', // 5
      '    chat:   -100', // 6
      '    empty:', // 7
      'route:', // 8
      '  routes:', // 9
      '    - to: [a, b]', // 10
      '    - to: &both [c]', // 11
      '    - to: *both', // 12
    ].join('\n'),
  );
  const cases: readonly (readonly [string, (string | number)[], number[], number[]])[] = [
    ['a value', ['recipients', 'soc', 'chat'], [6, 13], [6, 5]],
    ['in a flow map', ['endpoints', 'bot', 'type'], [2, 15], [2, 9]],
    ['a map', ['recipients', 'soc'], [5, 5], [4, 3]],
    ['a key without value', ['recipients', 'soc', 'empty'], [7, 5], [7, 5]],
    ['an element', ['route', 'routes', 0, 'to', 1], [10, 15], [10, 15]],
    ['through an alias', ['route', 'routes', 2, 'to', 0], [11, 18], [11, 18]],
    ['a missing key: what should hold it', ['recipients', 'soc', 'missing'], [5, 5], [5, 5]],
    ['far beyond', ['recipients', 'nobody', 'chat', 'x'], [4, 3], [4, 3]],
    ['below a scalar', ['recipients', 'soc', 'chat', 'x'], [6, 13], [6, 13]],
    ['the whole', [], [1, 1], [1, 1]],
  ];
  for (const [name, path, value, key] of cases) {
    test(name, () => {
      const at = yaml.locate(path);
      assert.deepEqual([at.line, at.column], value);
      const keyAt = yaml.locateKey(path);
      assert.deepEqual([keyAt.line, keyAt.column], key);
      assert.equal(at.file, 'x.yml');
    });
  }

  test('of an empty file', () => {
    assert.deepEqual(parsed('').locate(['a']), { file: 'x.yml', line: 1, column: 1 });
  });
});
