/**
 * The problems of an invalid message as seen from the message itself: what the quarantine keeps is the message
 * alone, so a path and a line that count within the batch it came in would lead nowhere.
 *
 * Called by intake.ts for each invalid message, which is read once more in an envelope of its own, in the same
 * mode, as `idmef quarantine retry` will do. Paths begin at the message (`/Alert/Source`), lines at its first.
 */

import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import type { DocumentVerdict, Message, Problem, ValidationMode } from '../idmef/verdict.ts';

const NEWLINE = Buffer.from('\n');
const head = (): Buffer => Buffer.concat([envelopeHead, NEWLINE]);

type Read = (bytes: Uint8Array, mode: ValidationMode) => DocumentVerdict;

export function ownProblems(
  { bytes, problems }: Message,
  mode: ValidationMode,
  read: Read,
): readonly Problem[] {
  const before = head();
  const verdict = read(Buffer.concat([before, bytes, envelopeTail]), mode);
  const again = verdict.readable && verdict.messages.length === 1 ? verdict.messages[0] : undefined;
  // What was invalid beside others but is not alone keeps its reasons; only the path can be put right then.
  if (again === undefined || again.valid)
    return problems.map((problem) => ({ ...problem, path: ownPath(problem) }));
  const lines = before.filter((byte) => byte === 0x0a).length;
  return again.problems.map((problem) => ({
    ...problem,
    path: ownPath(problem),
    line: problem.line - lines,
  }));
}

/** The path of a problem from its message on. */
export function ownPath({ path }: Problem): string {
  return path.replace(/^\/IDMEF-Message\/(Alert|Heartbeat)(?:\[\d+\])?(?=\/|$)/, '/$1');
}
