/**
 * One whole cycle of one program, small and repeatable, for faults that hit it at a chosen place: a rig is made in a fresh
 * directory, run once under whatever is to go wrong, run again without it, and judged.
 *
 * Made by sensor-cycle.ts and poller-cycle.ts; used by the scenarios of crash points and system-call errors.
 */

import type { Program } from '../support/program.ts';
import type { Verdict } from './oracle.ts';

export interface Rig {
  /** What the program keeps lies below these. */
  readonly roots: readonly string[];
  /** The cycle, run by `under` (strace and its words); resolves when the program has ended, by itself or not. */
  readonly run: (under: readonly string[]) => Promise<Ended>;
  /** Starts the program again, by `under` if given, and waits until everything owed has arrived. */
  readonly finish: (under?: readonly string[]) => Promise<Ended>;
  judge(): Promise<Judgement>;
  close(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** It said why it cannot go on, or did not begin; undefined while all is well. */
  readonly trouble: string | undefined;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** What does not hold beside the verdict. */
  readonly broken: readonly string[];
}

export interface Cycle {
  readonly name: string;
  readonly program: 'reverse-server' | 'http-proxy';
  rig(dir: string): Promise<Rig>;
}

export async function endedOf(program: Program, trouble?: string): Promise<Ended> {
  const { code, signal } = await program.exited;
  return { code, signal, stderr: program.stderr(), trouble };
}
