/**
 * The main thread's end of the sensor's worker (sensor-worker-thread.ts): a Journal, the intake's gauges, an end.
 *
 * Called by reverse-server.ts. Disk work stays in the worker, so that a slow fsync never delays a poll. What keeps the
 * worker from starting rejects `startSensorWorker` with the RelayError it met; if the worker ends by itself later,
 * every call on the journal is rejected and `failed` resolves: the service cannot go on without it.
 */

import { extname } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';

import { RelayError, messageOf } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';
import { fromPlain } from '../journal/protocol.ts';
import { connectJournal } from '../journal/remote.ts';
import { consumerNames } from '../sensor/consumers.ts';
import type { ReverseServerConfig } from './reverse-server-config.ts';
import type {
  SensorThreadData,
  SensorThreadNotice,
  SensorThreadSettings,
  SensorThreadStatus,
} from './sensor-worker-thread.ts';

export interface SensorWorker {
  readonly journal: Journal;
  /** The intake's gauges as last heard. */
  status(): SensorThreadStatus;
  /** Called when they change, until the returned function is called. */
  onStatus(listener: (status: SensorThreadStatus) => void): () => void;
  /** Resolves if the worker ends without `close`. */
  readonly failed: Promise<RelayError>;
  /** Ends the intake, closes the journal and waits for the thread. */
  close(): Promise<void>;
}

/** The part of the configuration the worker needs. */
export type SensorWorkerConfig = Pick<
  ReverseServerConfig,
  | 'spoolDir'
  | 'moveDir'
  | 'moveDirMaxAgeMs'
  | 'delete'
  | 'intakeStreams'
  | 'stateDir'
  | 'consumers'
  | 'maxJournalBytes'
  | 'minFree'
  | 'retention'
  | 'consumerBounds'
>;

export async function startSensorWorker(config: SensorWorkerConfig, log: Logger): Promise<SensorWorker> {
  const { port1, port2 } = new MessageChannel();
  const data: SensorThreadData = { settings: threadSettings(config), port: port2 };
  // The URL is not rewritten by the compiler: the entry has the extension of this file, built or not.
  const entry = new URL(`./sensor-worker-thread${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(entry, {
    workerData: data,
    transferList: [port2],
    resourceLimits: { maxYoungGenerationSizeMb: journalLimits.threadYoungMib },
  });
  const listeners = new Set<(status: SensorThreadStatus) => void>();
  let status: SensorThreadStatus = { stuck: 0, corrupt: 0, waiting: 0, removed: 0 };
  let closing = false;

  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const failed = new Promise<RelayError>((resolve) => {
    worker.on('error', (error) => resolve(endedWith(messageOf(error), error)));
    worker.on('exit', (code) => {
      if (!closing) resolve(endedWith(`exit code ${code}`));
    });
  });
  const started = new Promise<void>((resolve, reject) => {
    worker.on('message', (notice: SensorThreadNotice) => {
      if (notice.kind === 'started') resolve();
      if (notice.kind === 'failed') reject(fromPlain(notice.error));
      if (notice.kind === 'log') log[notice.level](notice.text, notice.fields);
      if (notice.kind !== 'status') return;
      status = notice.status;
      for (const listener of listeners) listener(status);
    });
    void failed.then(reject);
  });
  const connected = connectJournal(port1);
  // Rejected as well when the start fails; the first reason is the one that counts.
  connected.catch(() => undefined);
  try {
    await started;
  } catch (error) {
    closing = true;
    await exited;
    throw error;
  }
  const journal = await connected;
  return {
    journal,
    status: () => status,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    failed,
    close: async () => {
      closing = true;
      await journal.close();
      await exited;
    },
  };
}

function threadSettings(config: SensorWorkerConfig): SensorThreadSettings {
  const { spoolDir, moveDir, moveDirMaxAgeMs, stateDir, maxJournalBytes, minFree, consumers } = config;
  const { retention, consumerBounds } = config;
  return {
    spoolDir,
    stateDir,
    delete: config.delete,
    ...(config.intakeStreams === true ? { streams: true } : {}),
    minFree,
    consumers: consumerNames(consumers),
    ...(moveDir === undefined ? {} : { moveDir }),
    ...(moveDirMaxAgeMs === undefined ? {} : { moveDirMaxAgeMs }),
    ...(maxJournalBytes === undefined ? {} : { maxJournalBytes }),
    ...(retention === undefined ? {} : { retention }),
    ...(consumerBounds === undefined ? {} : { consumerBounds }),
  };
}

function endedWith(reason: string, cause?: unknown): RelayError {
  return new RelayError('BUG', `the thread of journal and spool ended: ${reason}`, {
    hint: 'restart the service; what was taken from the spool is safe in the journal',
    cause,
  });
}
