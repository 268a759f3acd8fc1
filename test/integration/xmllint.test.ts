/**
 * Our judgement of structure and attributes agrees with that of libxml2 against the DTD we print.
 *
 * Generated documents, half of them broken, written without prefixes (a DTD knows no namespaces). Data types and
 * prose rules are ours alone, so only the rules a DTD can express are compared. XMLLINT_DOCUMENTS says how many.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { printDtd } from '../../src/idmef/dtd.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import type { DocumentVerdict } from '../../src/idmef/verdict.ts';
import { validDocument } from '../idmef/generator.ts';
import { brokenDocument } from '../idmef/mutate.ts';
import { plain, render } from '../idmef/render.ts';
import { tempDir } from '../support/temp-dir.ts';

const DOCUMENTS = Number(process.env['XMLLINT_DOCUMENTS'] ?? 2000);
const BATCH = 500;

/** What a DTD can express. `root` is not among them: any declared element may be the root for a DTD. */
const structural: ReadonlySet<string> = new Set([
  'version',
  'namespace',
  'unknown-message',
  'unknown-element',
  'unexpected-child',
  'missing-child',
  'too-many',
  'exclusive-child',
  'child-order',
  'unexpected-text',
  'not-empty',
  'missing-attribute',
  'unknown-attribute',
  'bad-keyword',
  'bad-nmtoken',
]);

function structuralErrors(verdict: DocumentVerdict): string[] {
  const problems = verdict.readable
    ? [...verdict.problems, ...verdict.messages.flatMap((message) => message.problems)]
    : [verdict.problem];
  return problems.filter(({ rule }) => structural.has(rule)).map(({ rule, path }) => `${rule} ${path}`);
}

/** Of the files in `folder`, those that libxml2 finds invalid, with what it says first. */
function judgedInvalid(folder: string, files: readonly string[], dtd: string): Map<string, string> {
  const { status, stderr, error } = spawnSync('xmllint', ['--noout', '--dtdvalid', dtd, ...files], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  assert.equal(error, undefined);
  // 0: all valid; 3 or 4: some are not. Anything else is a fault of the comparison.
  assert.ok(
    status === 0 || status === 3 || status === 4,
    `xmllint ended with ${status}: ${stderr.slice(0, 500)}`,
  );
  const invalid = new Map<string, string>();
  for (const line of stderr.split('\n')) {
    const said = /^(\d+\.xml):\d+: (.*)$/.exec(line);
    const file = /^Document (\d+\.xml) does not validate/.exec(line)?.[1];
    if (said !== null && !invalid.has(said[1]!)) {
      assert.doesNotMatch(line, /parser error/, line);
      invalid.set(said[1]!, said[2]!);
    }
    if (file !== undefined && !invalid.has(file)) {
      invalid.set(file, line);
    }
  }
  return invalid;
}

const missing = spawnSync('xmllint', ['--version']).error !== undefined;
if (missing && process.env['CI'] !== undefined) {
  throw new Error('xmllint is missing: install libxml2-utils');
}

test(
  `agreement with xmllint on ${DOCUMENTS} documents`,
  { skip: missing && 'xmllint is not installed' },
  (t) => {
    const folder = tempDir(t);
    const dtd = join(folder, 'idmef.dtd');
    writeFileSync(dtd, printDtd());
    let invalidCount = 0;
    const disagreements: string[] = [];
    for (let from = 0; from < DOCUMENTS; from += BATCH) {
      const batch = join(folder, String(from));
      mkdirSync(batch);
      const count = Math.min(BATCH, DOCUMENTS - from);
      const documents = fc.sample(fc.oneof(validDocument(), brokenDocument(), brokenDocument()), {
        numRuns: count,
        seed: 4765 + from,
      });
      const ours = new Map<string, string[]>();
      for (const [index, root] of documents.entries()) {
        const bytes = render(root, plain);
        writeFileSync(join(batch, `${index}.xml`), bytes);
        ours.set(`${index}.xml`, structuralErrors(readDocument(bytes, 'strict')));
      }
      const theirs = judgedInvalid(batch, [...ours.keys()], dtd);
      invalidCount += theirs.size;
      for (const [file, errors] of ours) {
        if (errors.length > 0 !== theirs.has(file)) {
          disagreements.push(
            `seed ${4765 + from}, ${file}: we say ${errors.join('; ') || 'valid'}; xmllint: ${theirs.get(file) ?? 'valid'}`,
          );
        }
      }
    }
    t.diagnostic(
      `${DOCUMENTS} documents, ${invalidCount} invalid for xmllint, ${disagreements.length} disagreements`,
    );
    assert.deepEqual(disagreements.slice(0, 10), []);
    assert.ok(invalidCount > DOCUMENTS / 10 && invalidCount < (DOCUMENTS * 9) / 10, 'the mix is one-sided');
  },
);
