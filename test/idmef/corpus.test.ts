/**
 * Documents from the field, with an expert's verdict on each, when they lie beside the project.
 *
 * VALID: accepted in both modes. INVALID or NOT IDMEF: refused in both. LENIENT: refused in strict mode, accepted
 * in lenient mode through at least one named leniency. Where we differ, the reason stands in `differences`.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readDocument } from '../../src/idmef/read-document.ts';
import type { DocumentVerdict } from '../../src/idmef/verdict.ts';
import { sharedPath } from './project-root.ts';

interface Difference {
  readonly strict: boolean;
  readonly lenient: boolean;
  readonly why: string;
}

const differences: Readonly<Record<string, Difference>> = {
  'libliteidmef__console_3-msg1.xml': {
    strict: false,
    lenient: false,
    why:
      'its CreateTime is empty and has no ntpstamp, and there is no other time in the message: the mandatory ' +
      'time of creation would have to be invented',
  },
};

interface Row {
  readonly file: string;
  readonly verdict: string;
}

const index = sharedPath('corpus', 'INDEX.tsv');
const skip = existsSync(index) ? {} : { skip: `no ${index} beside the project` };

function rows(): Row[] {
  const [head = '', ...lines] = readFileSync(index, 'utf8').trimEnd().split('\n');
  const columns = head.split('\t');
  const [file, verdict] = [columns.indexOf('file'), columns.indexOf('expert_verdict')];
  return lines.map((line) => {
    const cells = line.split('\t');
    return { file: cells[file] ?? '', verdict: cells[verdict] ?? '' };
  });
}

function expected({ file, verdict }: Row): { readonly strict: boolean; readonly lenient: boolean } {
  const difference = differences[file];
  if (difference !== undefined) {
    return difference;
  }
  return { strict: verdict.startsWith('VALID'), lenient: /^(?:VALID|LENIENT)/.test(verdict) };
}

function isValid(verdict: DocumentVerdict): boolean {
  return verdict.readable && verdict.valid;
}

function describe(verdict: DocumentVerdict): string {
  const problems = verdict.readable
    ? [...verdict.problems, ...verdict.messages.flatMap((message) => message.problems)]
    : [verdict.problem];
  return problems
    .filter(({ level }) => level === 'error')
    .map(({ rule, path, line, text }) => `${line}: ${rule} ${path}: ${text}`)
    .join('\n');
}

test('the verdicts of the index, in both modes', skip, async (t) => {
  const all = rows();
  assert.equal(all.length, 101);
  for (const row of all) {
    await t.test(row.file, () => {
      const bytes = readFileSync(sharedPath('corpus', row.file));
      const strict = readDocument(bytes, 'strict');
      const lenient = readDocument(bytes, 'lenient');
      const want = expected(row);
      assert.equal(isValid(strict), want.strict, `strict: ${row.verdict}\n${describe(strict)}`);
      assert.equal(isValid(lenient), want.lenient, `lenient: ${row.verdict}\n${describe(lenient)}`);
      if (want.lenient && !want.strict && lenient.readable) {
        const used = [...lenient.leniencies, ...lenient.messages.flatMap(({ leniencies }) => leniencies)];
        assert.notEqual(used.length, 0, 'accepted without a named leniency');
      }
    });
  }
});

test('every difference is about a document of the index', skip, () => {
  const files = new Set(rows().map(({ file }) => file));
  for (const [file, { why }] of Object.entries(differences)) {
    assert.ok(files.has(file) && why !== '', file);
  }
});
