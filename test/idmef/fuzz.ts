/**
 * Mutated documents through the reader: it must not throw, must be quick, and must name places that exist.
 *
 * fuzz.test.ts runs some tens of thousands; `node .build/test/idmef/fuzz.js 1000000 [seed]` runs the long form
 * and prints what it saw. The seed names the whole run, so a failure can be repeated.
 */

import assert from 'node:assert/strict';
import { readDocument } from '../../src/idmef/read-document.ts';
import type { DocumentVerdict, Problem } from '../../src/idmef/verdict.ts';
import { sampleAlert, sampleBatch, sampleHeartbeat } from '../support/sample-alerts.ts';
import { alertDocument, problemsOf } from './documents.ts';

export interface FuzzCounts {
  valid: number;
  invalid: number;
  incomplete: number;
  unreadable: number;
}

/** A small generator of numbers below a bound (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const rich = alertDocument({
  alert: ' messageid="1" xml:lang="de"',
  sources:
    '<Source ident="1"><User><UserId><number>0x1F</number></UserId></User><Service><portlist>1-5,7</portlist></Service></Source>' +
    '<Target><File category="current"><name>n</name><path>p</path><FileAccess><UserId type="user-privs"><name>n</name></UserId><Permission perms="read"/></FileAccess></File></Target>',
  rest:
    '<Assessment><Impact severity="high"/><Confidence>0,5</Confidence></Assessment>' +
    '<AdditionalData type="xmltext"><xmltext><v:a xmlns:v="urn:v" v:b="&#x41;">é<![CDATA[<]]></v:a></xmltext></AdditionalData>' +
    '<AdditionalData type="byte"><byte>QQ==</byte></AdditionalData><!-- c --><?p i?>',
});

/** Snippets that break or bend a document where they are put. */
const snippets = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '/',
  '/>',
  '</',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?',
  '?>',
  '<!DOCTYPE a []>',
  '&amp;',
  '&#x0;',
  '&x;',
  '\0',
  '\ufffe',
  '\ufeff',
  'é',
  '\u{1F600}',
  ' ',
  '\n',
  ':',
  '=',
  'xmlns=""',
  ' xmlns:a="b"',
  '<Alert>',
  '</Alert>',
  '<Source/>',
  '<a:b/>',
  '2000-03-09T15:31:07Z',
  '0x',
  '-',
  '99999999999',
  '<Analyzer><Analyzer>',
  ' ident="0"',
  ' xml:space="x"',
].map((text) => Buffer.from(text));

const values: readonly string[] = [
  '',
  ' ',
  '0',
  '1',
  'x',
  'high',
  'yes',
  'vendor-specific',
  '1.0',
  '0x10',
  '70000',
  '5-1,2',
  'QQ==',
  'true',
  '::1',
  '192.0.2.1',
  '2000-03-09T15:31:07Z',
  '2016-12-31T23:59:60Z',
  '0x00000000.0x00000000',
  '0xbc72423b.0x00000000',
  '&amp;',
  '<Source/>',
  '<Foo/>',
  '<Node><name>n</name></Node>',
  '<!-- -->',
  '<![CDATA[1]]>',
  '<Analyzer/>',
  '<x xmlns="urn:x"/>',
  '<string/>',
];

/** Reads `count` mutations of documents; `report` is told the number of those done now and then. */
export function fuzz(count: number, seed: number, report?: (done: number) => void): FuzzCounts {
  const below = numbers(seed);
  const corpus = [
    Buffer.from(rich),
    Buffer.from(rich),
    sampleAlert(1),
    sampleAlert(6),
    sampleHeartbeat(2),
    sampleBatch(3, 2),
  ];
  const utf16 = Buffer.from(`\ufeff${rich.replace('UTF-8', 'UTF-16')}`, 'utf16le');
  const latin = Buffer.from(rich.replace('UTF-8', 'ISO-8859-1'), 'latin1');
  corpus.push(utf16, latin);
  const counts = { valid: 0, invalid: 0, incomplete: 0, unreadable: 0 };
  for (let run = 0; run < count; run += 1) {
    const input = mutate(corpus, below);
    const mode = (['strict', 'strict', 'lenient', 'off'] as const)[below(4)] ?? 'strict';
    const started = process.hrtime.bigint();
    let verdict: DocumentVerdict;
    try {
      verdict = readDocument(input, mode);
      check(input, verdict);
    } catch (error) {
      throw new Error(`run ${run} of seed ${seed}, mode ${mode}: ${input.toString('base64')}`, {
        cause: error,
      });
    }
    const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
    assert.ok(milliseconds < 5000, `run ${run} of seed ${seed}: ${milliseconds} ms`);
    if (!verdict.readable) counts[verdict.incomplete ? 'incomplete' : 'unreadable'] += 1;
    else counts[verdict.valid ? 'valid' : 'invalid'] += 1;
    if (report !== undefined && run % 50_000 === 0) report(run);
  }
  return counts;
}

function mutate(corpus: readonly Buffer[], below: (bound: number) => number): Buffer {
  const pick = (): Buffer => corpus[below(corpus.length)] ?? Buffer.alloc(0);
  let input: Buffer = Buffer.from(pick());
  // Half of them stay well-formed for the most part, so that the validator has its share.
  if (below(2) === 0) {
    for (let changes = below(3); changes >= 0; changes -= 1) input = replaceValue(input, below);
    return input;
  }
  for (let changes = below(4) + below(2); changes >= 0; changes -= 1) {
    const at = below(input.length + 1);
    const length = below(below(4) === 0 ? 200 : 8);
    const rest = input.subarray(Math.min(input.length, at + length));
    switch (below(8)) {
      case 0:
        input = input.subarray(0, at);
        break;
      case 1:
        input = Buffer.concat([input.subarray(0, at), rest]);
        break;
      case 2:
        if (at < input.length) input[at] = below(256);
        break;
      case 3:
        if (at < input.length) input[at] = (input[at] ?? 0) ^ (1 << below(8));
        break;
      case 4: {
        const other = pick();
        const from = below(other.length);
        input = Buffer.concat([
          input.subarray(0, at),
          other.subarray(from, from + below(300)),
          input.subarray(at),
        ]);
        break;
      }
      case 5:
        input = Buffer.concat([input.subarray(0, at), input.subarray(at, at + length), input.subarray(at)]);
        break;
      default:
        input = Buffer.concat([
          input.subarray(0, at),
          snippets[below(snippets.length)] ?? rest,
          input.subarray(at),
        ]);
    }
  }
  return input;
}

/** Another value for an attribute, or another text between two tags. */
function replaceValue(input: Buffer, below: (bound: number) => number): Buffer {
  const at = below(input.length);
  const [open, close] = below(3) === 0 ? ['"', '"'] : ['>', '<'];
  const start = input.indexOf(open, at) + 1;
  const end = input.indexOf(close, start);
  if (start === 0 || end < 0) return input;
  const value = values[below(values.length)] ?? '';
  return Buffer.concat([input.subarray(0, start), Buffer.from(value), input.subarray(end)]);
}

/** What must hold for every input. */
function check(input: Buffer, verdict: DocumentVerdict): void {
  // Transcoded documents may have more lines' worth of characters than bytes; two bytes make one at least.
  const longest = input.length + 2;
  const lines = input.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 1);
  const checkProblem = (problem: Problem): void => {
    assert.ok(problem.line >= 1 && problem.line <= lines, `line ${problem.line} of ${lines}`);
    assert.ok(problem.column >= 1 && problem.column <= longest, `column ${problem.column}`);
    assert.match(problem.path, /^\//);
    assert.ok(problem.rule !== '' && problem.text !== '', problem.rule);
    // A name may end with a full stop, a sentence may not.
    assert.ok(!problem.text.endsWith('.') || problem.got.endsWith('.'), problem.text);
  };
  for (const problem of problemsOf(verdict)) checkProblem(problem);
  if (!verdict.readable) return;
  for (const message of verdict.messages) {
    assert.equal(message.valid, !message.problems.some(({ level }) => level === 'error'));
    assert.ok(message.line >= 1 && message.line <= lines);
  }
  const hasError = problemsOf(verdict).some(({ level }) => level === 'error');
  assert.equal(verdict.valid, !hasError);
}

const [, script = '', count, seed] = process.argv;
if (/fuzz\.[jt]s$/.test(script)) {
  const started = performance.now();
  const counts = fuzz(Number(count ?? 1_000_000), Number(seed ?? 1), (done) => {
    const { rss } = process.memoryUsage();
    process.stdout.write(`${done} done, ${(rss / 1e6).toFixed(0)} MB\n`);
  });
  process.stdout.write(
    `${JSON.stringify(counts)} in ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
  );
}
