/**
 * Entry of the sensor's worker thread: the journal and the spool intake, both synchronous, in one place.
 *
 * Started by sensor-worker.ts, which gives the settings and the journal's port. Tells the main thread: started or
 * failed (once), log lines, and the intake's gauges when they change. Ends when the journal is closed through its
 * port, or when the port closes; an exception ends the thread, and the service with it.
 */

import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { journalLimits } from '../core/limits.ts';
import { createLoggerOf } from '../core/logger.ts';
import type { LogFields, LogLevel, Logger } from '../core/ports.ts';
import type { MinFree } from '../core/settings.ts';
import { readDocument } from '../idmef/read-document.ts';
import { readStream } from '../idmef/stream/read-stream.ts';
import { JournalCore } from '../journal/core.ts';
import { lossFields, lossText } from '../journal/loss-words.ts';
import type { Bounds } from '../journal/options.ts';
import { type PlainError, toPlain } from '../journal/protocol.ts';
import { setAsideWords } from '../journal/salvage/report.ts';
import { serveJournal } from '../journal/serve.ts';
import { systemClock } from '../os/clock.ts';
import { systemRandom } from '../os/random.ts';
import { checkSpoolSettings } from '../sensor/intake/check-settings.ts';
import { driveIntake } from '../sensor/intake/drive.ts';
import { Intake, type IntakeStatus } from '../sensor/intake/intake.ts';
import { MovedirSweep } from '../sensor/intake/movedir-sweep.ts';
import { rememberStatus } from '../sensor/intake/remembered-status.ts';

/** What the thread needs of the configuration. */
export interface SensorThreadSettings {
  readonly spoolDir: string;
  readonly moveDir?: string;
  /** Files there are removed when they are older. */
  readonly moveDirMaxAgeMs?: number;
  readonly delete: boolean;
  /** Spool files may hold several documents. */
  readonly streams?: boolean;
  readonly stateDir: string;
  readonly consumers: readonly string[];
  readonly maxJournalBytes?: number;
  readonly retention?: Bounds;
  readonly consumerBounds?: Bounds;
  readonly minFree: MinFree;
}

export interface SensorThreadData {
  readonly settings: SensorThreadSettings;
  readonly port: MessagePort;
}

/** From this thread to the main one. */
export type SensorThreadNotice =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string; readonly fields?: LogFields }
  | { readonly kind: 'status'; readonly status: SensorThreadStatus };

export interface SensorThreadStatus extends IntakeStatus {
  /** Old files removed from the movedir. */
  readonly removed: number;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sensor-worker.ts gives it
if (parentPort !== null) start(parentPort, workerData as SensorThreadData);

function start(channel: MessagePort, { settings, port }: SensorThreadData): void {
  const post = (notice: SensorThreadNotice): void => channel.postMessage(notice, []);
  try {
    run(settings, port, post);
    post({ kind: 'started' });
  } catch (error) {
    post({ kind: 'failed', error: toPlain(error) });
    port.close();
  }
}

function run(
  settings: SensorThreadSettings,
  port: MessagePort,
  post: (notice: SensorThreadNotice) => void,
): void {
  const log = forwardingLogger(post);
  checkSpoolSettings(settings);
  const core = openCore(settings, log);
  const intake = new Intake(settings, {
    clock: systemClock,
    log,
    ledger: core,
    readDocument: settings.streams === true ? readStream : (bytes) => readDocument(bytes, 'off'),
  });
  const { moveDir, moveDirMaxAgeMs } = settings;
  const sweep =
    moveDir === undefined || moveDirMaxAgeMs === undefined
      ? undefined
      : new MovedirSweep({ dir: moveDir, maxAgeMs: moveDirMaxAgeMs }, { clock: systemClock, log });
  let last = '';
  const sayStatus = (): void => {
    const status = { ...intake.status, removed: sweep?.removed ?? 0 };
    const text = JSON.stringify(status);
    if (text === last) return;
    last = text;
    post({ kind: 'status', status });
    rememberStatus(core, status, systemClock.now());
  };
  const stop = driveIntake({ intake, spoolDir: settings.spoolDir, log, onStep: sayStatus });
  const stopSweeping = sweep === undefined ? undefined : driveSweep(sweep, sayStatus);
  let closed = false;
  // What is due by time, turn by turn, so that requests get theirs in between.
  const tidy = (): void => {
    try {
      if (!closed && core.tidy()) setImmediate(tidy);
    } catch {
      // The file cannot be written: the next verb says so to somebody who can act.
    }
  };
  const tidying = setInterval(tidy, journalLimits.tidyMs);
  const close = (): void => {
    if (closed) return;
    closed = true;
    clearInterval(tidying);
    stop();
    stopSweeping?.();
    core.close();
  };
  serveJournal(core, port, close);
  port.on('close', close);
}

function driveSweep(sweep: MovedirSweep, onStep: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    const rest = sweep.step();
    onStep();
    timer = setTimeout(turn, rest);
  };
  timer = setTimeout(turn, 0);
  return () => {
    clearTimeout(timer);
    sweep.close();
  };
}

function openCore(settings: SensorThreadSettings, log: Logger): JournalCore {
  const { stateDir, consumers, maxJournalBytes, retention, consumerBounds } = settings;
  const path = join(stateDir, 'journal.db');
  return new JournalCore({
    path,
    consumers,
    ...(maxJournalBytes === undefined ? {} : { maxBytes: maxJournalBytes }),
    ...(retention === undefined ? {} : { retention }),
    ...(consumerBounds === undefined ? {} : { consumerBounds }),
    clock: systemClock,
    random: systemRandom,
    onSetAside: (event) => log.error(setAsideWords(event), { event: 'journal-set-aside', path: event.path }),
    onDamage: ({ sequence, reason }) =>
      log.error(`journal ${path}: message ${sequence} is damaged and dropped: ${reason}`, {
        event: 'journal-damage',
        sequence,
      }),
    onLoss: (loss) => log.error(`journal ${path}: ${lossText(loss)}`, lossFields(loss)),
  });
}

function forwardingLogger(post: (notice: SensorThreadNotice) => void): Logger {
  return createLoggerOf((level, text, fields) =>
    post({ kind: 'log', level, text, ...(fields === undefined ? {} : { fields }) }),
  );
}
