/**
 * What to do with a file that was looked at: the intake's rule, without any I/O (ARCHITECTURE.md: Spool intake).
 *
 *   finding                            unchanged < 60 s    unchanged ≥ 60 s
 *   locked                             wait                wait
 *   linked (has a second name)         wait                wait
 *   growing (with --intake-streams)     wait, until unchanged for 2 s: another document may follow
 *   empty, or ends too early           wait                corrupt
 *   not well-formed, bad encoding      wait                corrupt     (a writer may be rewriting it)
 *   too large, foreign root, DTD subset, limit: complete but refused → corrupt at once
 *   readable                           take; without any message and with errors: corrupt
 *
 * Nothing is ever deleted by a decision: `corrupt` moves the file aside, with its reason.
 */

import { spoolLimits, xmlLimits } from '../../core/limits.ts';
import { FORBIDDEN_CHARACTERS } from '../../idmef/stream/forbidden-characters.ts';
import type { DocumentVerdict, Message, Problem } from '../../idmef/verdict.ts';

export type Finding =
  | { readonly kind: 'locked' }
  | { readonly kind: 'linked' }
  | { readonly kind: 'growing' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-large'; readonly bytes: bigint }
  | { readonly kind: 'read'; readonly verdict: DocumentVerdict };

export type Decision =
  | {
      readonly kind: 'take';
      readonly messages: readonly Message[];
      /** Something beside the messages that is no message. */
      readonly lost: Problem | undefined;
      /** Bytes had to be written out so that the file could be read. */
      readonly mended: boolean;
    }
  | { readonly kind: 'wait'; readonly why: 'lock' | 'link' | 'growing' | 'content' }
  /** `reason` is a counter's name, `text` is for people. */
  | { readonly kind: 'corrupt'; readonly reason: string; readonly text: string };

/** Rules a file may still come to obey while its writer is at work. */
const MAY_PASS: ReadonlySet<string> = new Set(['not-well-formed', 'character', 'encoding']);

export function decide(finding: Finding, unchangedMs: number): Decision {
  const patient = unchangedMs < spoolLimits.corruptAfterMs;
  if (finding.kind === 'locked') return { kind: 'wait', why: 'lock' };
  if (finding.kind === 'linked') return { kind: 'wait', why: 'link' };
  if (finding.kind === 'growing') return { kind: 'wait', why: 'growing' };
  if (finding.kind === 'empty') {
    if (patient) return { kind: 'wait', why: 'content' };
    return { kind: 'corrupt', reason: 'empty', text: `empty for ${seconds(unchangedMs)} s` };
  }
  if (finding.kind === 'too-large') {
    return tooLarge(`${finding.bytes} bytes, a file may have ${xmlLimits.documentBytes}`);
  }
  const { verdict } = finding;
  if (verdict.readable) {
    const large = verdict.messages.find(({ bytes }) => bytes.length > xmlLimits.messageBytes);
    const wrong = verdict.problems.find(({ level }) => level === 'error');
    if (verdict.messages.length === 0 && wrong !== undefined) {
      return { kind: 'corrupt', reason: wrong.rule, text: describe(wrong) };
    }
    const { messages, leniencies } = verdict;
    const mended = leniencies.includes(FORBIDDEN_CHARACTERS);
    if (large === undefined) return { kind: 'take', messages, lost: wrong, mended };
    return tooLarge(
      `line ${large.line}: a message of ${large.bytes.length} bytes, it may have ${xmlLimits.messageBytes}`,
    );
  }
  const { problem, incomplete } = verdict;
  const passing = incomplete || MAY_PASS.has(problem.rule);
  if (passing && patient) return { kind: 'wait', why: 'content' };
  const age = passing ? `unchanged for ${seconds(unchangedMs)} s: ` : '';
  return {
    kind: 'corrupt',
    reason: incomplete ? 'incomplete' : problem.rule,
    text: `${age}${describe(problem)}${verdict.followed === true ? STREAM_HINT : ''}`,
  };
}

const STREAM_HINT = '; files of several documents are taken with --intake-streams';

function tooLarge(text: string): Decision {
  return { kind: 'corrupt', reason: 'too-large', text };
}

/** A problem as one line. */
export function describe(problem: Problem): string {
  return `line ${problem.line}, column ${problem.column}: ${problem.text} (${problem.rule}, ${problem.section})`;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
