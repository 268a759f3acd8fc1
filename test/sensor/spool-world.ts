/**
 * A spool, a real journal and an intake driven by hand, for tests: `run()` steps until the intake rests, `pass(ms)`
 * moves the clock and runs. Nothing sleeps; the clock stands still otherwise.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../../src/core/ports.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { type LockTable, parseLocks } from '../../src/os/proc-locks.ts';
import { systemRandom } from '../../src/os/random.ts';
import { Intake, type IntakeDeps, type IntakeSettings } from '../../src/sensor/intake/intake.ts';
import { manualClock, type ManualClock } from '../support/manual-clock.ts';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger.ts';
import { alertDocument, messageIds } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Ending {
  after(hook: () => void): void;
}

export interface SpoolWorldOptions {
  readonly delete?: boolean;
  /** Make and use `done/` beside the spool. */
  readonly move?: boolean;
  readonly settings?: Partial<IntakeSettings>;
  readonly deps?: Partial<IntakeDeps>;
  readonly maxBytes?: number;
  /** Called between the reading of a file and its commit. */
  readonly onRead?: () => void;
}

export interface SpoolWorld {
  readonly spool: string;
  readonly done: string;
  readonly clock: ManualClock;
  readonly log: RecordingLogger;
  readonly intake: Intake;
  readonly core: JournalCore;
  /** Lines of /proc/locks to pretend. */
  locks: LockTable;
  put(name: string, ...ids: readonly string[]): void;
  /** Steps until the intake rests. */
  run(): void;
  pass(milliseconds: number): void;
  /** End this process's part and begin again on the same directories. */
  restart(options?: SpoolWorldOptions, between?: (journal: string) => void): void;
  /** As restart, but this process's part ends without a word, as by SIGKILL. */
  kill(options?: SpoolWorldOptions): void;
  /** messageids still owed, in order. */
  owed(): string[];
  /** Names in the spool, sorted. */
  names(): string[];
  /** File counters that are not 0. Throws when the law does not hold. */
  files(): Record<string, number>;
}

export function spoolWorld(t: Ending, options: SpoolWorldOptions = {}): SpoolWorld {
  const dir = tempDir(t);
  const [spool, done, stateDir] = [join(dir, 'spool'), join(dir, 'done'), join(dir, 'state')];
  for (const made of [spool, done, stateDir]) mkdirSync(made);
  const clock = manualClock();
  const log = recordingLogger();
  const open = ({ maxBytes }: SpoolWorldOptions): JournalCore =>
    new JournalCore({
      path: join(stateDir, 'journal.db'),
      clock,
      random: systemRandom,
      onSetAside: ({ path }) => log.error(`set aside as ${path}`),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  const start = (core: JournalCore, now: SpoolWorldOptions): Intake =>
    new Intake(
      {
        spoolDir: spool,
        stateDir,
        delete: now.delete ?? false,
        minFree: { bytes: 0 },
        ...(now.move === true ? { moveDir: done } : {}),
        ...now.settings,
      },
      {
        clock,
        log,
        ledger: core,
        readDocument: (bytes) => {
          now.onRead?.();
          return readDocument(bytes, 'off');
        },
        readLocks: () => world.locks,
        ...now.deps,
      },
    );
  let core = open(options);
  let intake: Intake;
  const world: SpoolWorld = {
    spool,
    done,
    clock,
    log,
    locks: parseLocks(''),
    get intake() {
      return intake;
    },
    get core() {
      return core;
    },
    put: (name, ...ids) => {
      const elements = (ids.length === 0 ? [name] : ids).map((id) => elementOf(alertDocument(id)));
      writeFileSync(
        join(spool, `${name}.xml`),
        `<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef">${elements.join('')}</idmef:IDMEF-Message>`,
      );
    },
    run: () => runUntilRest(intake, clock),
    pass: (milliseconds) => {
      clock.advance(milliseconds);
      runUntilRest(intake, clock);
    },
    restart: (again = options, between = () => undefined) => {
      intake.close();
      core.close();
      between(core.path);
      core = open(again);
      intake = start(core, again);
    },
    kill: (again = options) => {
      core.close();
      core = open(again);
      intake = start(core, again);
    },
    owed: () => owedBy(core),
    names: () => readdirSync(spool).toSorted(),
    files: () => {
      const stats = core.stats();
      const broken = brokenLaws(stats);
      if (broken.length > 0) throw new Error(broken.join('; '));
      return Object.fromEntries(Object.entries(stats.files).filter(([, count]) => count !== 0));
    },
  };
  intake = start(core, options);
  t.after(() => {
    intake.close();
    core.close();
  });
  return world;
}

/** The journal's messages that nobody has settled, by messageid. */
export function owedBy(core: JournalCore): string[] {
  const claim = core.peek('default');
  if (claim === undefined) return [];
  const ids: string[] = [];
  for (let done = false; !done;) {
    const chunk = core.read(claim.id);
    ids.push(...messageIds(chunk.bodies));
    done = chunk.done;
  }
  core.release(claim.id);
  return ids;
}

function runUntilRest(intake: Intake, clock: Clock): void {
  for (let steps = 0; intake.step() === 0; steps += 1) {
    if (steps > 100_000) throw new Error(`the intake does not rest at ${clock.monotonic()}`);
  }
}

function elementOf(document: string): string {
  return /<idmef:Alert.*<\/idmef:Alert>/s.exec(document)?.[0] ?? '';
}
