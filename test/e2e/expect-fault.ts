/**
 * What an operator may expect of a program that ends with a fault: its exit code, one error line that names the
 * cause, the remedy in that line or in one hint below it, and no stack trace. Used by the tests of this folder.
 */

import assert from 'node:assert/strict';

import type { Program } from '../support/program.ts';

export interface ExpectedFault {
  readonly exit: number;
  /** The whole text after `NAME: error: `. */
  readonly error: RegExp;
  /** The whole text after `NAME: hint: `; without it there must be no such line. */
  readonly hint?: RegExp;
}

/** Says that it hangs, not that it is slow. */
const PATIENCE_MS = 120_000;

/** Waits for the end of the program, which must come by itself. */
export async function ended(program: Program, patienceMs = PATIENCE_MS): Promise<number | null> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void program.kill('SIGKILL');
  }, patienceMs);
  const { code, signal } = await program.exited;
  clearTimeout(timer);
  assert.ok(!late, `still running after ${patienceMs} ms\n${program.stdout()}${program.stderr()}`);
  assert.equal(signal, null, program.stderr());
  return code;
}

export async function expectFault(program: Program, expected: ExpectedFault): Promise<void> {
  const code = await ended(program);
  const text = program.stderr();
  assert.equal(program.stdout(), '', 'stdout is for data');
  assert.deepEqual(textsOf(text, 'error').length, 1, `one error line:\n${text}`);
  assert.match(textsOf(text, 'error')[0] ?? '', whole(expected.error));
  const hints = textsOf(text, 'hint');
  assert.equal(hints.length, expected.hint === undefined ? 0 : 1, `hint lines:\n${text}`);
  if (expected.hint !== undefined) assert.match(hints[0] ?? '', whole(expected.hint));
  assertNoStack(text);
  assert.equal(code, expected.exit, text);
}

/** Texts of the lines of one level, without time and name. */
export function textsOf(log: string, level: 'error' | 'warning' | 'hint'): string[] {
  const line = new RegExp(`^(?:\\S+Z )?[a-z-]+: ${level}: (.*)$`);
  return log
    .split('\n')
    .map((row) => line.exec(row)?.[1])
    .filter((found) => found !== undefined);
}

export function assertNoStack(log: string): void {
  assert.doesNotMatch(log, /^\S*\s*(?:[a-z-]+: )?at .*(?::\d+:\d+|\(node:)/m);
  assert.doesNotMatch(log, /unexpected:|this is a bug|Warning:/);
}

function whole(pattern: RegExp): RegExp {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags);
}

/** A path or URL as part of a pattern. */
export function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
