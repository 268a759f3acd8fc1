/**
 * Our criteria decide as libprelude's do, on messages that were carried to it: a table of what people write, and every path of
 * the model with each relation and the values of the messages.
 *
 * Where libprelude is wrong (it compares the bytes of numbers and of zones) we are not, and the table says so. The Python
 * bindings belong to the distribution's Python; both run in UTC, because times without a zone are local.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';

import { frame, messageTags } from '../../src/destinations/prelude/frames.ts';
import { createSubject } from '../../src/idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../src/idmef/criteria/parse-criteria.ts';
import { parsePath } from '../../src/idmef/criteria/paths.ts';
import { carry } from '../../src/idmef/prelude/carry.ts';
import { encodeMessage } from '../../src/idmef/prelude/encode.ts';
import { classes, type ClassName } from '../../src/idmef/prelude/table.ts';
import { messages } from '../idmef/criteria/messages.ts';
import { projectRoot } from '../idmef/project-root.ts';
import { generator } from '../support/generator.ts';
import { tempDir } from '../support/temp-dir.ts';
import { criteriaTable } from './criteria-table.ts';

const PYTHON = '/usr/bin/python3';
const RUN_MS = 120_000;

const missing = spawnSync(PYTHON, ['-c', 'import prelude']).status !== 0;
if (missing && process.env['CI'] !== undefined) {
  throw new Error('libprelude for Python is missing: install python3-prelude');
}
const skip = missing && 'python3-prelude is not installed';

type Verdict = boolean | null;
type Answer = { readonly error: string } | readonly Verdict[];

const names = Object.keys(messages);
const bodies = Object.values(messages);

function carried(body: Buffer): Buffer {
  const result = carry(body);
  assert.ok(result.ok);
  assert.deepEqual(result.changes, []);
  return frame(messageTags.idmef, 0, encodeMessage(result.message), 0);
}

/** libprelude's answer for each criteria, a verdict for each message. */
function askLibprelude(folder: string, criteria: readonly string[]): readonly Answer[] {
  const [from, asked, answers] = ['messages', 'criteria', 'verdicts'].map((name) => join(folder, name));
  assert.ok(from !== undefined && asked !== undefined && answers !== undefined);
  writeFileSync(from, Buffer.concat(bodies.map(carried)));
  writeFileSync(asked, criteria.map((text) => `${JSON.stringify(text)}\n`).join(''));
  const script = join(projectRoot(), 'test', 'support', 'prelude-criteria.py');
  const { status, stderr, signal } = spawnSync(PYTHON, [script, from, asked, answers], {
    encoding: 'utf8',
    timeout: RUN_MS,
    env: { ...process.env, TZ: 'UTC' },
  });
  assert.equal(status, 0, `${signal ?? ''} ${stderr.slice(-1000)}`);
  return readFileSync(answers, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): Answer => JSON.parse(line));
}

function ours(text: string): Answer {
  const parsed = parseCriteria(text);
  if (!parsed.ok) return { error: `${parsed.column}: ${parsed.text}` };
  return bodies.map((body) => parsed.criteria.matches(createSubject(body)));
}

function shown(answer: Answer): string {
  return 'error' in answer ? 'error' : names.filter((_, index) => answer[index] === true).join(' ');
}

/** What is different, in words; undefined where it is not. A verdict that libprelude does not come to says nothing. */
function difference(text: string, theirs: Answer): string | undefined {
  const own = ours(text);
  const known =
    'error' in theirs || 'error' in own ? theirs : own.map((verdict, index) => theirs[index] ?? verdict);
  const [expected, actual] = [shown(known), shown(own)];
  return expected === actual ? undefined : `${text}\n  libprelude: ${expected}\n  ours: ${actual}`;
}

/** Paths of the model, each class once below another, with every list open. */
function allPaths(): string[] {
  const paths: string[] = [];
  const walk = (of: ClassName, path: string, above: readonly ClassName[]): void => {
    for (const [name, spec] of Object.entries(classes[of].fields)) {
      const here = `${path}.${name}`;
      paths.push(here);
      if (spec.kind === 'object' && !above.includes(spec.of)) walk(spec.of, here, [...above, spec.of]);
    }
  };
  walk('alert', 'alert', ['alert']);
  walk('heartbeat', 'heartbeat', ['heartbeat']);
  return paths;
}

/** Relations that libprelude has for the kind, but for those it gets wrong. */
const relations: Readonly<Record<string, readonly string[]>> = {
  string: ['=', '!=', '=*', '!=*', '<>', '!<>', '<>*', '~', '!~', '~*', '!~*'],
  enum: ['=', '!=', '<', '<=', '>', '>=', '<>', '!<>', '~', '!~', '~*'],
  data: ['=', '!=', '<>', '!<>', '~', '!~'],
  time: ['=', '!=', '<', '<=', '>', '>='],
  number: ['=', '!='],
};

function quote(value: string): string {
  return `'${value}'`;
}

/** libprelude makes these as soon as there is a file or a link. */
const madeAnyway = new Set(['alert.target.file.inode', 'alert.target.file.linkage.file']);

/** One condition a line: each path with each relation and some values that occur, and one that does not. */
function everyCondition(): string[] {
  return allPaths().flatMap((text) => {
    const parsed = parsePath(text);
    assert.ok(parsed.ok, text);
    const { leaf } = parsed.path;
    if (leaf === undefined) return madeAnyway.has(text) ? [] : [text, `!${text}`];
    const found = new Set(bodies.flatMap((body) => createSubject(body).values(text)));
    const values = [...found].slice(0, 3);
    if (leaf.kind === 'string' || leaf.kind === 'data') values.push('zz');
    if (leaf.kind === 'time' && values.length === 0) values.push('2024-01-01T00:00:00Z');
    const asked = relations[leaf.kind] ?? relations['number'] ?? [];
    return asked.flatMap((relation) =>
      values
        // Patterns of either engine are in the table.
        .filter((value) => relation.includes('=') || /^[\w .:/-]*$/.test(value))
        .map((value) => `${text} ${relation} ${quote(value)}`),
    );
  });
}

/** A pattern that fits the text, or nearly: some of its characters made general, a few changed. */
function patternLike(
  text: string,
  random: () => number,
  pieces: readonly ((char: string) => string)[],
): string {
  return Array.from(text)
    .map((char) => (random() < 0.4 ? pieces[Math.floor(random() * pieces.length)]!(char) : char))
    .join('');
}

const plainChar = (char: string): string => char.replace(/[\\'.*+?()|[\]{}^$]/, '\\$&');
const inSet = (char: string): string => (/[\w ]/.test(char) ? char : 'x');

const globPieces: readonly ((char: string) => string)[] = [
  () => '?',
  () => '*',
  (char) => `[${inSet(char)}-z]`,
  (char) => `[!${inSet(char)}]`,
  (char) => `[]${inSet(char)}]`,
  (char) => `[^${inSet(char)}a-c]`,
  () => '[[:alpha:][:space:]]',
  (char) => `\\${char}`,
  () => '[',
  () => '',
];

const regexPieces: readonly ((char: string) => string)[] = [
  () => '.',
  () => '.*',
  (char) => `${plainChar(char)}+`,
  (char) => `${plainChar(char)}{1,3}`,
  (char) => `(${plainChar(char)}|zz)`,
  (char) => `[${inSet(char)}-z]`,
  (char) => `[^${inSet(char)}]`,
  () => '[[:alpha:][:space:]]',
  () => '',
  () => '$',
];

/** As many of each kind, over the classifications of the messages. */
function somePatterns(count: number): string[] {
  const random = generator(4765);
  const texts = bodies.flatMap((body) => createSubject(body).values('alert.classification.text'));
  return Array.from({ length: count }, (_, n) => {
    const text = texts[n % texts.length]!;
    const isGlob = n % 2 === 0;
    // What is left alone must be no operator of the pattern.
    const safe = isGlob ? text.replaceAll(/[*[\]]/g, '?') : text.replaceAll(/[*[\]]/g, '_');
    const pattern = patternLike(safe, random, isGlob ? globPieces : regexPieces);
    const relation = (isGlob ? ['<>', '!<>', '<>*'] : ['~', '!~', '~*'])[n % 3]!;
    return `alert.classification.text ${relation} "${pattern}"`;
  }).filter((text) => !/""|\\(?:"$|[xu])/.test(text));
}

describe('criteria as libprelude decides them', { skip }, () => {
  before(() => {
    process.env['TZ'] = 'UTC';
  });

  test('what people write', (t) => {
    const answers = askLibprelude(
      tempDir(t),
      criteriaTable.map(([text]) => text),
    );
    const wrong = criteriaTable.flatMap(([text, why], index) => {
      const found = difference(text, answers[index]!);
      if ((found === undefined) === (why === undefined)) return [];
      return [found ?? `${text}: no longer different`];
    });
    assert.deepEqual(wrong, []);
    t.diagnostic(`${criteriaTable.length} criteria on ${bodies.length} messages`);
  });

  test('patterns', (t) => {
    const criteria = somePatterns(2000);
    const answers = askLibprelude(tempDir(t), criteria);
    const differences: string[] = [];
    let matches = 0;
    for (const [index, text] of criteria.entries()) {
      const theirs = answers[index]!;
      // Each engine refuses some that the other takes; what is read must mean the same.
      if ('error' in theirs) continue;
      const found = difference(text, theirs);
      if (found !== undefined) differences.push(found);
      matches += theirs.filter((verdict) => verdict === true).length;
    }
    assert.deepEqual(differences, []);
    assert.ok(matches > 1000, String(matches));
    t.diagnostic(`${criteria.length} patterns, ${matches} matches`);
  });

  test('every path with every relation', (t) => {
    const criteria = everyCondition();
    const answers = askLibprelude(tempDir(t), criteria);
    const differences = criteria.map((text, index) => difference(text, answers[index]!));
    assert.deepEqual(
      differences.filter((one) => one !== undefined),
      [],
    );
    t.diagnostic(`${criteria.length} criteria on ${bodies.length} messages`);
  });
});
