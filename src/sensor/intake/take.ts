/**
 * Takes candidates in, group by group: read, decide, commit, and only then touch the files (ARCHITECTURE.md: Spool intake).
 *
 * A group is at most 256 files, 256 messages, 1 MiB or 10 ms of reading; one file's messages are never divided.
 * Order of durable steps: journal transaction (messages and identities) → removed or moved → fsync of the directories
 * → the ledger forgets. Killed between any two, the next start finds the identity and only disposes of the file.
 * When the journal refuses, the group's files wait unchanged and are read again later.
 */

import { journalLimits, spoolLimits, xmlLimits } from '../../core/limits.ts';
import { messageOf, systemCode } from '../../core/errors.ts';
import { syncDirectory } from '../../os/atomic-write.ts';
import { type Candidate, lookAt } from './candidate.ts';
import { type IntakeContext, type Task, noteOddity, noteVanished } from './context.ts';
import { type Decision, type Finding, decide, describe } from './decide.ts';
import type { Disposable } from './custody.ts';
import { mtimeProves, storedIdentity } from './file-identity.ts';
import type { TakenFile } from './ledger.ts';
import { readCandidate } from './read-file.ts';
import { showName } from './spool-directory.ts';

const NOTHING = new Uint8Array(0);
/** How the register of stuck files calls the private place. */
const PRIVATE = '.idmef-relay-taken';

type ReadFile = TakenFile & Disposable;

interface Group {
  readonly candidates: Candidate[];
  readonly files: ReadFile[];
  /** First of the batch that was not looked at. */
  readonly next: number;
}

/** Take all of the batch that is ready, in its order. Each stands in the waiting register. */
export function* takeAll(context: IntakeContext, batch: Candidate[]): Task {
  for (let at = 0; at < batch.length;) {
    if (!context.gate.mayTake()) {
      yield spoolLimits.pauseMs;
      continue;
    }
    const { candidates, files, next } = gather(context, batch, at);
    if (files.length > 0 && !commit(context, files)) {
      // Not kept in memory: they are read again, and may be others by then.
      batch.splice(at, next - at, ...candidates);
      yield spoolLimits.pauseMs;
      continue;
    }
    at = next;
    yield 0;
    yield* disposeOf(context, files);
    yield 0;
  }
}

/** Read and decide until the group is full. */
function gather(context: IntakeContext, batch: readonly Candidate[], from: number): Group {
  const candidates: Candidate[] = [];
  const files: ReadFile[] = [];
  const inodes = new Set<bigint>();
  const since = context.clock.now();
  context.memory.reset();
  const stopAt = context.clock.monotonic() + spoolLimits.sliceMs;
  let bytes = 0;
  let messages = 0;
  let next = from;
  while (next < batch.length && next - from < journalLimits.commitMessages) {
    const candidate = batch[next];
    next += 1;
    // No longer waiting: gone or taken since the batch was made.
    if (candidate === undefined || !context.waiting.has(candidate.name)) continue;
    const taken = examine(context, candidate, inodes, since);
    if (taken !== undefined) {
      candidates.push(candidate);
      files.push(taken);
      messages += taken.messages.length;
      bytes += Number(candidate.size);
    }
    if (messages >= journalLimits.commitMessages || bytes >= journalLimits.commitBytes) break;
    if (context.clock.monotonic() >= stopAt) break;
  }
  return { candidates, files, next };
}

/** One candidate: its messages if it can be taken, else it is put where it belongs. */
function examine(
  context: IntakeContext,
  file: Candidate,
  inodes: Set<bigint>,
  since: number,
): ReadFile | undefined {
  const { waiting, stuck, clock, dir } = context;
  const now = clock.monotonic();
  const age = waiting.unchangedMs(file.name, file, now);
  let finding = withoutReading(context, file, age, inodes);
  let bytes: Uint8Array = NOTHING;
  if (finding === undefined) {
    const reading = readCandidate(dir, file, (size) => context.memory.take(size));
    if (reading.kind === 'moved-on') return movedOn(context, file, now);
    if (reading.kind === 'unreadable') {
      stuck.add(file.name, { attempt: 'read', code: reading.code, dir, text: reading.text });
      waiting.put(file.name, file, 'unreadable', now);
      return undefined;
    }
    bytes = reading.bytes;
    finding = { kind: 'read', verdict: context.readDocument(bytes) };
  }
  stuck.clear(file.name);
  const decision = decide(finding, age);
  if (decision.kind === 'take') {
    if (decision.lost !== undefined) {
      const words = `spool file ${showName(file.name)} holds something beside its messages`;
      context.log.warning(`${words}: ${describe(decision.lost)}`, {
        event: 'spool-beside',
        rule: decision.lost.rule,
      });
    }
    if (decision.mended) {
      const words = 'holds bytes that XML cannot hold; they are written as \\xNN';
      context.log.warning(`spool file ${showName(file.name)} ${words}`, { event: 'spool-mended' });
    }
    const messages = decision.messages.map(({ bytes: body, severity }) => ({ body, severity }));
    const identity = storedIdentity(file, bytes);
    return { name: file.name, identity, messages, mtimeProves: mtimeProves(file, since) };
  }
  if (decision.kind === 'wait') waiting.put(file.name, file, decision.why, now);
  else putAside(context, file, decision, now);
  return undefined;
}

/** What lstat and the lock table already tell. */
function withoutReading(
  context: IntakeContext,
  file: Candidate,
  age: number,
  inodes: Set<bigint>,
): Finding | undefined {
  if (context.locks.has(file.dev, file.ino)) return { kind: 'locked' };
  if (file.links > 1n) {
    // Its other name may be the writer's and about to go; or it stands in the spool as well, then one at a time.
    if (age < spoolLimits.linkedMs || inodes.has(file.ino)) return { kind: 'linked' };
    inodes.add(file.ino);
  }
  if (file.size === 0n) return { kind: 'empty' };
  if (age < context.quietMs) return { kind: 'growing' };
  return file.size > xmlLimits.documentBytes ? { kind: 'too-large', bytes: file.size } : undefined;
}

/** Gone or replaced between the look and the read. */
function movedOn(context: IntakeContext, file: Candidate, now: number): undefined {
  const entry = lookAt(context.dir, file.name);
  if (entry?.kind === 'file' || entry?.kind === 'hidden') {
    // Remembered as it was: the next re-check sees that it changed.
    context.waiting.put(file.name, file, 'content', now);
    return;
  }
  noteVanished(context, file.name);
  if (entry !== undefined) noteOddity(context, entry);
}

function putAside(
  context: IntakeContext,
  file: Candidate,
  { reason, text }: Extract<Decision, { kind: 'corrupt' }>,
  now: number,
): void {
  const { corrupt, stuck, waiting, tally, log } = context;
  const name = showName(file.name);
  try {
    const where = corrupt.putAside(file, reason, text);
    waiting.remove(file.name);
    tally.refused(reason);
    log.warning(`spool file ${name} cannot be taken, kept as ${where}: ${text}`, {
      event: 'spool-corrupt',
      file: name,
      reason,
    });
  } catch (error) {
    const code = systemCode(error instanceof Error && error.cause !== undefined ? error.cause : error);
    stuck.add(file.name, { attempt: 'move', code, dir: context.dir, text: messageOf(error) });
    waiting.put(file.name, file, 'unreadable', now);
  }
}

/** Make the group durable. False when the journal has no room; nothing was changed then. */
function commit(context: IntakeContext, files: readonly TakenFile[]): boolean {
  const { ledger, tally, known, waiting, stuck, gate } = context;
  try {
    tally.flush((counts) => ledger.takeFiles(files, counts), files.length);
  } catch (error) {
    gate.refusedBy(error);
    return false;
  }
  gate.passed();
  for (const file of files) {
    known.put(file, context.pass, true);
    waiting.remove(file.name);
    stuck.clear(file.name);
  }
  return true;
}

/** Remove or move files whose messages are durable, as the settings say. */
export function* disposeOf(context: IntakeContext, files: readonly Disposable[]): Task {
  const { disposer, stuck, clock, gone } = context;
  if (disposer.disposal.kind === 'leave') return;
  let stopAt = clock.monotonic() + spoolLimits.sliceMs;
  for (const file of files) {
    const disposed = disposer.dispose(file);
    if (disposed.kind === 'stuck') {
      stuck.add(file.name, disposed.trouble);
    } else {
      // Replaced meanwhile: what stood there is in the spool, and the next scan finds it.
      if (disposed.kind === 'changed') context.dirty = true;
      stuck.clear(file.name);
      context.known.remove([file]);
      gone.push(file);
    }
    if (clock.monotonic() < stopAt) continue;
    yield 0;
    stopAt = clock.monotonic() + spoolLimits.sliceMs;
  }
  if (gone.length >= spoolLimits.forgetFiles) forgetGone(context);
  else settle(context);
}

/** Nothing stays in the private places. False when something has to. */
export function settle(context: IntakeContext, settlement = context.disposer.settle()): boolean {
  const { stuck, log } = context;
  const { back, trouble } = settlement;
  if (back) {
    context.dirty = true;
    log.notice('a spool file that came while an older one of its name was removed is back in the spool', {
      event: 'spool-returned',
    });
  }
  if (trouble === undefined) stuck.clear(PRIVATE);
  else stuck.add(PRIVATE, trouble);
  return trouble === undefined;
}

/**
 * Files that are out of the spool: make that durable, then let the ledger forget them. Many at once, because it costs
 * an fsync of each directory and a commit; whoever is killed before it finds them gone at the next start. None while
 * one of them may stand in a private place: without its row it would be taken again from there.
 */
export function forgetGone(context: IntakeContext): void {
  const { dir, disposer, ledger, gate, gone } = context;
  if (!settle(context) || gone.length === 0) return;
  try {
    if (disposer.disposal.kind === 'move') syncDirectory(disposer.disposal.dir);
    syncDirectory(dir);
    ledger.forgetFiles(gone);
    gone.length = 0;
  } catch (error) {
    gate.refusedBy(error);
  }
}
