/**
 * One pass over the spool directory: finds new files and takes them, batch by batch of at most 10,000, oldest
 * first; a full pass also looks at every file it knows.
 *
 * A quick scan (watcher, changed directory) skips by name what is in some register. A full pass (each 30 s and at
 * the start) compares identities: a known file that is unchanged is disposed of if it should not be here (killed
 * before the unlink, or stuck), a changed one is taken anew, a vanished one forgotten. Where files stay in the
 * spool they own their messages: changed or vanished, what is unsettled is withdrawn.
 */

import { journalLimits, spoolLimits } from '../../core/limits.ts';
import { type Candidate, byAge, lookAt } from './candidate.ts';
import { type IntakeContext, type Task, noteOddity } from './context.ts';
import { compareNow } from './compare-now.ts';
import { storedDevice } from './file-identity.ts';
import type { KnownFile } from './known-files.ts';
import type { LedgerFile } from './ledger.ts';
import { isSpoolName, listNames } from './spool-directory.ts';
import { disposeOf, settle, takeAll } from './take.ts';

/** Entries looked at between two glances at the clock. */
const STRIDE = 64;
/** Vanished files looked for in one turn. */
const GLANCES = 1024;

interface Batch {
  readonly fresh: Candidate[];
  /** Known and unchanged, but to be removed or moved. */
  readonly leftover: KnownFile[];
  /** Known by name, another file by now. */
  readonly changed: KnownFile[];
}

/** Returns the milliseconds spent on looking (not on taking), by which the next scan is paced. */
export function* scan(context: IntakeContext, full: boolean): Task<number> {
  const { clock } = context;
  context.pass += 1;
  context.locks = context.readLocks();
  let looking = 0;
  let turnStart = clock.monotonic();
  let batch = emptyBatch();
  let seen = 0;
  for (const name of listNames(context.dir)) {
    if (isSpoolName(name)) examineEntry(context, name, full, batch);
    else if (full) adopt(context, name);
    seen += 1;
    if (seen % STRIDE === 0 && clock.monotonic() - turnStart >= spoolLimits.sliceMs) {
      looking += clock.monotonic() - turnStart;
      yield 0;
      turnStart = clock.monotonic();
    }
    if (batch.fresh.length < spoolLimits.scanFiles) continue;
    looking += clock.monotonic() - turnStart;
    yield* handle(context, batch);
    batch = emptyBatch();
    turnStart = clock.monotonic();
  }
  looking += clock.monotonic() - turnStart;
  yield* handle(context, batch);
  if (full) yield* forgetVanished(context);
  else yield* release(context, touchedAndGone(context));
  return looking;
}

/** Known names the watcher saw change and the scan did not meet. */
function touchedAndGone({ touched, known, disposer, dir }: IntakeContext): LedgerFile[] {
  const gone: LedgerFile[] = [];
  for (const name of touched) {
    if (lookAt(dir, name) !== undefined) continue;
    touched.delete(name);
    const file = known.get(name);
    if (file !== undefined && !disposer.holds(name)) gone.push(file);
  }
  return gone;
}

/** Another service's private place: what a killed one left is not lost with it. */
function adopt(context: IntakeContext, name: string): void {
  const { disposer, ledger, clock } = context;
  const settlement = disposer.adopt(name, () => ledger.listFiles(), clock.now());
  if (settlement !== undefined) settle(context, settlement);
}

function emptyBatch(): Batch {
  return { fresh: [], leftover: [], changed: [] };
}

function examineEntry(context: IntakeContext, name: string, full: boolean, batch: Batch): void {
  const { known, waiting, odd, touched } = context;
  if (waiting.has(name)) return;
  const closely = touched.delete(name) || full;
  const file = known.get(name);
  if (file !== undefined) {
    file.pass = context.pass;
    if (closely || !file.counted) examineKnown(context, file, batch);
    return;
  }
  if (!closely && odd.has(name)) return;
  admit(context, name, batch);
}

/** A name that is in no register: a candidate, or something else worth a word. */
function admit(context: IntakeContext, name: string, batch: Batch): void {
  const { dir, odd, stuck, tally, waiting, clock } = context;
  const entry = lookAt(dir, name);
  if (entry === undefined) return;
  if (entry.kind === 'hidden') {
    odd.set(name, 'hidden');
    stuck.add(name, { attempt: 'read', code: entry.code, dir, text: entry.text });
    return;
  }
  if (entry.kind === 'odd') {
    noteOddity(context, entry);
    return;
  }
  odd.delete(name);
  stuck.clear(name);
  tally.found();
  waiting.put(name, entry, 'turn', clock.monotonic());
  batch.fresh.push(entry);
}

function examineKnown(context: IntakeContext, file: KnownFile, batch: Batch): void {
  const now = compareNow(context.dir, file);
  if (now.kind === 'stuck') return;
  if (now.kind !== 'same') {
    batch.changed.push(file);
    return;
  }
  if (!file.counted) {
    file.counted = true;
    context.tally.known();
  }
  if (context.disposer.disposal.kind !== 'leave') batch.leftover.push(file);
}

function* handle(context: IntakeContext, batch: Batch): Task {
  yield* release(context, batch.changed);
  for (const { name } of batch.changed) admit(context, name, batch);
  for (const group of groups(batch.leftover)) {
    yield* disposeOf(context, group);
    yield 0;
  }
  yield* takeAll(context, batch.fresh.toSorted(byAge));
}

/** The ledger lets go of files that are no longer what was taken. */
function* release(context: IntakeContext, files: readonly LedgerFile[]): Task {
  const { ledger, known, disposer, gate, stuck } = context;
  for (const group of groups(files)) {
    for (let done = false; !done;) {
      try {
        if (disposer.disposal.kind === 'leave') ledger.withdrawFiles(group);
        else ledger.forgetFiles(group);
        done = true;
      } catch (error) {
        gate.refusedBy(error);
        yield spoolLimits.pauseMs;
      }
    }
    known.remove(group);
    for (const { name } of group) stuck.clear(name);
    yield 0;
  }
}

/** After a full pass: what is known but was not seen. */
function* forgetVanished(context: IntakeContext): Task {
  const { known, dir, log, odd, stuck } = context;
  const device = context.spoolDevice();
  const vanished: LedgerFile[] = [];
  let elsewhere = 0;
  let looked = 0;
  for (const file of known.unseenSince(context.pass)) {
    looked += 1;
    if (looked % GLANCES === 0) yield 0;
    if (lookAt(dir, file.name) !== undefined || context.disposer.holds(file.name)) continue;
    if (context.disposer.disposal.kind === 'leave' && storedDevice(file.identity) !== device) elsewhere += 1;
    else vanished.push(file);
  }
  if (elsewhere > 0) {
    log.warning(
      `${elsewhere} files taken from ${dir} are not there, but it is on another filesystem now: their messages are kept`,
      { event: 'spool-other-filesystem', files: elsewhere },
    );
  }
  yield* release(context, vanished);
  for (const name of odd.keys()) {
    if (lookAt(dir, name) !== undefined) continue;
    odd.delete(name);
    stuck.clear(name);
  }
}

function* groups(files: readonly LedgerFile[]): Generator<readonly LedgerFile[]> {
  for (let at = 0; at < files.length; at += journalLimits.commitMessages) {
    yield files.slice(at, at + journalLimits.commitMessages);
  }
}
