/**
 * Runs compiled tests: `run-tests.mjs [unit|integration|NAME-PART…] [--json FILE]`.
 *
 * Collects the files itself because `node --test DIRECTORY` differs between Node versions. `unit` is every
 * test but those of test/integration, which need tools beside Node and npm. Any other word selects the files
 * whose path contains it. Ends with the plain line `N passed, N failed`; the JSON file holds the same counts
 * and the failed tests' names for a caller that adds up several runs. Exit 1 when a test failed or none was found.
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { spec, tap } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const minute = 60_000;
const { words, json, format } = parse(process.argv.slice(2));
const compiled = join(root, '.build', 'test');
const files = [...walk(compiled)]
  .toSorted((a, b) => (a < b ? -1 : 1))
  .filter((file) => selected(relative(compiled, file)));
if (files.length === 0) {
  process.stderr.write(`run-tests: error: no compiled test fits ${words.join(' ')}\n`);
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
// Many tests wait for processes more than they work.
const events = run({ files, concurrency: availableParallelism() + 1, timeout: 15 * minute });
events.on('test:pass', (event) => count(event, 'passed'));
events.on('test:fail', (event) => count(event, 'failed'));
const stream = format === 'tap' ? events.compose(tap) : events.compose(new spec());
stream.pipe(process.stdout);
stream.on('end', () => {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...counts, failures })}\n`);
  const notes = failures.map((failure) => `failed: ${failure}\n`).join('');
  const skipped = counts.skipped > 0 ? `${counts.skipped} skipped\n` : '';
  process.stdout.write(`\n${notes}${skipped}${counts.passed} passed, ${counts.failed} failed\n`, () => {
    process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
  });
});

function count(event, outcome) {
  if (event.skip !== undefined || event.todo !== undefined) {
    counts.skipped += 1;
    return;
  }
  // A suite reports the failure of its tests once more.
  if (event.details?.type === 'suite') return;
  if (outcome === 'failed' && event.details?.error?.failureType === 'subtestsFailed') return;
  // A file counts as a test of its own only when it holds none or ended badly.
  if (outcome === 'passed' && event.nesting === 0 && files.includes(event.name)) return;
  counts[outcome] += 1;
  if (outcome === 'failed')
    failures.push(`${event.file ? relative(compiled, event.file) : ''} ${event.name}`.trim());
}

function selected(path) {
  const integration = path.startsWith('integration/');
  return words.some((word) => {
    if (word === 'unit') return !integration;
    if (word === 'integration') return integration;
    return path.includes(word);
  });
}

function parse(args) {
  const result = { words: [], json: undefined, format: 'spec' };
  while (args.length > 0) {
    const word = args.shift();
    if (word === '--json') result.json = args.shift();
    else if (word === '--tap') result.format = 'tap';
    else result.words.push(word);
  }
  // `npm test -- journal` appends to the suite the script names: a word narrows it down.
  if (result.words.length > 1 && ['unit', 'integration'].includes(result.words[0])) result.words.shift();
  return result;
}

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.name.endsWith('.test.js')) yield path;
  }
}
