/**
 * The spool intake as a value: `step()` does one slice of work and says when it wants the next.
 *
 * Driven by src/app/sensor-worker-thread.ts (timers) and by tests (by hand, with a clock of their own). Everything
 * is synchronous, in the journal's thread. Tasks are generators that yield between slices: the re-check of waiting
 * files, the scan of the spool, the pass over corrupt/; the first goes before the others. Scans and re-checks rest
 * four times as long as they took, so that a spool of a million files costs a fifth of a core.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import { spoolLimits } from '../../core/limits.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { MinFree } from '../../core/settings.ts';
import type { DocumentVerdict } from '../../idmef/verdict.ts';
import type { StatFs } from '../../os/disk-reserve.ts';
import { type LockTable, readLocks } from '../../os/proc-locks.ts';
import type { SpoolSettings } from './check-settings.ts';
import type { IntakeContext, Task } from './context.ts';
import { CorruptFiles, type Returned } from './corrupt.ts';
import { Disposer, disposalOf } from './dispose.ts';
import { Gate } from './gate.ts';
import { KnownFiles } from './known-files.ts';
import type { IntakeLedger } from './ledger.ts';
import { ReadBuffer } from './read-buffer.ts';
import { recheck } from './recheck.ts';
import { finishOld, recover, sayLimits } from './recover.ts';
import { scan } from './scan.ts';
import { showName } from './spool-directory.ts';
import { type SpoolFs, systemSpoolFs } from './spool-fs.ts';
import { StuckFiles } from './stuck.ts';
import { forgetGone } from './take.ts';
import { Tally } from './tally.ts';
import { WaitingFiles } from './waiting-files.ts';

export interface IntakeSettings extends SpoolSettings {
  /** Its filesystem must keep the reserve. */
  readonly stateDir: string;
  readonly minFree: MinFree;
}

export interface IntakeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly ledger: IntakeLedger;
  /** src/idmef/read-document.ts in mode `off`, or stream/read-stream.ts. */
  readonly readDocument: (bytes: Uint8Array) => DocumentVerdict;
  readonly readLocks?: () => LockTable;
  readonly statfs?: StatFs;
  readonly spoolFs?: SpoolFs;
}

/** Gauges for `IDMEF-Status`. */
export interface IntakeStatus {
  readonly stuck: number;
  readonly corrupt: number;
  readonly waiting: number;
  /** Why nothing is taken at present. */
  readonly paused?: string;
}

export class Intake {
  readonly #context: IntakeContext;
  #journalId = '';
  #spool: fs.BigIntStats | undefined;
  #rechecking: Task | undefined;
  #scanning: Task | undefined;
  #restUntil = 0;
  #retryUnreadable = false;
  /** Changed files of corrupt/ that could not be moved back. */
  #notReturned: readonly string[] = [];
  /** Directory time as of the beginning of the last scan; -1: never scanned. */
  #scannedAt = -1n;
  #nextRecheck = 0;
  #nextScan = 0;
  #nextFull = 0;
  #closed = false;

  constructor(settings: IntakeSettings, deps: IntakeDeps) {
    const { clock, log, ledger, readDocument, statfs } = deps;
    const { spoolDir, stateDir, moveDir, minFree } = settings;
    const read = deps.readLocks ?? (() => readLocks());
    const dirs = moveDir === undefined ? [stateDir] : [stateDir, moveDir];
    this.#context = {
      dir: spoolDir,
      disposer: new Disposer(spoolDir, stateDir, disposalOf(settings), deps.spoolFs ?? systemSpoolFs),
      clock,
      log,
      ledger,
      readDocument,
      quietMs: settings.streams === true ? spoolLimits.streamQuietMs : 0,
      readLocks: read,
      spoolDevice: () => String(this.#spool?.dev),
      gate: new Gate({ dirs, minFree }, clock, log, statfs),
      tally: new Tally(),
      known: new KnownFiles(),
      waiting: new WaitingFiles(),
      stuck: new StuckFiles(clock, log, process.geteuid?.() ?? 0),
      corrupt: new CorruptFiles(spoolDir, clock),
      gone: [],
      memory: new ReadBuffer(),
      odd: new Map(),
      touched: new Set(),
      pass: 0,
      locks: read(),
      dirty: true,
    };
    sayLimits(this.#context);
  }

  get status(): IntakeStatus {
    const { stuck, corrupt, tally, gate } = this.#context;
    const gauges = { stuck: stuck.count, corrupt: corrupt.count, waiting: tally.waiting };
    return gate.reason === undefined ? gauges : { ...gauges, paused: gate.reason };
  }

  /** A name in the spool changed (watcher). */
  touch(name: string): void {
    const { known, odd, touched, waiting } = this.#context;
    if (!name.endsWith('.xml') || waiting.has(name)) return;
    this.#context.dirty = true;
    if (known.has(name) || odd.has(name)) touched.add(name);
  }

  /** Whether taken files leave the spool by our hand. */
  get consumes(): boolean {
    return this.#context.disposer.disposal.kind !== 'leave';
  }

  /** Names may have changed that nobody told of. */
  lookAgain(): void {
    this.#context.dirty = true;
    this.#nextScan = 0;
  }

  /** One slice of work. Returns the milliseconds until the next is due; 0 when there is more to do at once. */
  step(): number {
    if (this.#closed) return spoolLimits.pauseMs;
    const { clock, gate, ledger, dir } = this.#context;
    if (this.#restUntil > clock.monotonic()) return this.#restUntil - clock.monotonic();
    try {
      const spool = fs.statSync(dir, { bigint: true });
      if (ledger.id !== this.#journalId) {
        recover(this.#context);
        this.#journalId = ledger.id;
        this.#nextFull = 0;
      } else if (spool.ino !== this.#spool?.ino || spool.dev !== this.#spool.dev) {
        finishOld(this.#context);
      }
      this.#spool = spool;
      const rest = this.#work();
      if (rest > 0) this.#flush();
      return rest;
    } catch (error) {
      this.#abandon();
      // A failed system call names itself; everything else is the journal's word, or a fault of ours.
      if (!(error instanceof Error && 'syscall' in error)) gate.refusedBy(error);
      else
        gate.shut(
          `spool directory ${dir}: ${systemCode(error) === 'ENOENT' ? `gone; mkdir ${dir}` : error.message}`,
        );
      return this.#rest(spoolLimits.pauseMs);
    }
  }

  /** Nothing is under way when this returns: slices are synchronous. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abandon();
    this.#flush();
  }

  /** Resume what is under way, else start what is due. */
  #work(): number {
    const now = this.#context.clock.monotonic();
    if (this.#rechecking === undefined && now >= this.#nextRecheck && this.#context.waiting.size > 0) {
      this.#rechecking = this.#recheckTask();
    }
    if (this.#rechecking !== undefined) {
      const { done, value } = this.#rechecking.next();
      if (done === true) this.#rechecking = undefined;
      return this.#rest(value ?? 0);
    }
    if (this.#scanning === undefined) {
      const full = now >= this.#nextFull;
      if (full || (now >= this.#nextScan && this.#mayHaveChanged())) this.#scanning = this.#scanTask(full);
    }
    if (this.#scanning !== undefined) {
      const { done, value } = this.#scanning.next();
      if (done === true) this.#scanning = undefined;
      return this.#rest(value ?? 0);
    }
    // Each 250 ms for the directory's time, sooner for what is due sooner.
    const until = Math.min(now + spoolLimits.recheckMs, this.#nextFull, this.#dueSoon());
    return Math.max(1, until - now);
  }

  /** When a known need for a scan or a re-check may be met. */
  #dueSoon(): number {
    const scanAt = this.#context.dirty ? this.#nextScan : Infinity;
    return this.#context.waiting.size > 0 ? Math.min(scanAt, this.#nextRecheck) : scanAt;
  }

  *#recheckTask(): Task {
    const { clock } = this.#context;
    const retry = this.#retryUnreadable;
    this.#retryUnreadable = false;
    const start = clock.monotonic();
    yield* recheck(this.#context, retry);
    const end = clock.monotonic();
    this.#nextRecheck = Math.max(start + spoolLimits.recheckMs, end + (end - start) * spoolLimits.restFactor);
  }

  *#scanTask(full: boolean): Task {
    const { clock, gate, stuck, corrupt } = this.#context;
    const start = clock.monotonic();
    this.#context.dirty = false;
    this.#scannedAt = this.#spool?.mtimeNs ?? -1n;
    const looking = yield* scan(this.#context, full);
    if (gate.mayTake()) gate.passed();
    this.#nextScan = clock.monotonic() + looking * spoolLimits.restFactor;
    if (!full) return;
    this.#nextFull = start + spoolLimits.fullPassMs;
    this.#retryUnreadable = true;
    stuck.repeat();
    const pass = corrupt.pass();
    let result = pass.next();
    for (; result.done !== true; result = pass.next()) yield 0;
    this.#sayTakenBack(result.value);
  }

  /** Event, changed directory, or one that changed so recently that a further change may not show. */
  #mayHaveChanged(): boolean {
    if (this.#context.dirty || this.#spool === undefined) return true;
    if (this.#spool.mtimeNs !== this.#scannedAt) return true;
    const age = this.#context.clock.now() - Number(this.#spool.mtimeNs / 1_000_000n);
    return Math.abs(age) < spoolLimits.dirtyMs;
  }

  #flush(): void {
    const { tally, ledger, gate } = this.#context;
    forgetGone(this.#context);
    if (!tally.dirty) return;
    try {
      tally.flush((counts) => ledger.countFiles(counts));
    } catch (error) {
      gate.refusedBy(error);
    }
  }

  #rest(ms: number): number {
    this.#restUntil = ms === 0 ? 0 : this.#context.clock.monotonic() + ms;
    return ms;
  }

  #abandon(): void {
    this.#rechecking?.return();
    this.#scanning?.return();
    this.#rechecking = undefined;
    this.#scanning = undefined;
    this.#context.waiting.endTurns();
    this.#context.dirty = true;
  }

  #sayTakenBack({ names, failed }: Returned): void {
    const { log, stuck, corrupt } = this.#context;
    for (const name of names) {
      log.notice(`spool file ${showName(name)} in corrupt/ has changed: taken back`, {
        event: 'spool-taken-back',
      });
      this.#context.dirty = true;
    }
    for (const name of this.#notReturned) if (!failed.has(name)) stuck.clear(`corrupt/${name}`);
    this.#notReturned = [...failed.keys()];
    for (const [name, error] of failed) {
      const code = systemCode(error instanceof Error ? (error.cause ?? error) : error);
      stuck.add(`corrupt/${name}`, { attempt: 'move', code, dir: corrupt.dir, text: messageOf(error) });
    }
  }
}
