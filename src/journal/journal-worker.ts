/**
 * A worker thread that holds journals, seen from the thread that uses them. worker.ts is its entry.
 *
 * Long-running pollers start one and open a journal per profile in it.
 */

import { MessageChannel, Worker } from 'node:worker_threads';
import { messageOf, RelayError } from '../core/errors.ts';
import type { Journal } from './journal.ts';
import type { JournalEvents, JournalSettings } from './options.ts';
import { connectJournal } from './remote.ts';
import type { OpenRequest } from './worker.ts';

export interface JournalWorker {
  /** Open a journal in the thread. Rejects as the in-process maker does. */
  open(settings: JournalSettings, events?: JournalEvents): Promise<Journal>;
  /** End the thread. Journals still open in it are as after a crash: consistent, their leases void. */
  close(): Promise<void>;
}

/** @param onEnd called once when the thread ends by itself, which it never should */
export function startJournalWorker(onEnd: (error: RelayError) => void = () => undefined): JournalWorker {
  // The same extension as this file's: .ts as it stands, .js when compiled.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new Worker(new URL(`./worker${extension}`, import.meta.url));
  let closing = false;
  let cause: unknown;
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', (code) => {
    if (closing) return;
    closing = true;
    const reason = cause === undefined ? `status ${code}` : messageOf(cause);
    onEnd(new RelayError('BUG', `the thread of the journals has ended: ${reason}`, { cause }));
  });
  return {
    open: async (settings, events) => {
      if (closing) throw new RelayError('JOURNAL_IO', 'the thread of the journals has ended');
      const { port1, port2 } = new MessageChannel();
      const request: OpenRequest = { settings: sendable(settings), port: port2 };
      worker.postMessage(request, [port2]);
      return await connectJournal(port1, events);
    },
    close: async () => {
      closing = true;
      await worker.terminate();
    },
  };
}

/** Without the functions the caller's object may hold, which cannot be sent. */
function sendable(settings: JournalSettings & JournalEvents): JournalSettings {
  const { path, consumers, maxBytes, readOnly, reserveBytes, retention, consumerBounds } = settings;
  return {
    path,
    ...(consumers === undefined ? {} : { consumers }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(reserveBytes === undefined ? {} : { reserveBytes }),
    ...(retention === undefined ? {} : { retention }),
    ...(consumerBounds === undefined ? {} : { consumerBounds }),
  };
}

/** One journal in a thread of its own, which ends with it. */
export async function openJournalInWorker(settings: JournalSettings & JournalEvents): Promise<Journal> {
  const worker = startJournalWorker();
  try {
    const journal = await worker.open(settings, settings);
    const closeJournal = journal.close.bind(journal);
    journal.close = async () => {
      await closeJournal();
      await worker.close();
    };
    return journal;
  } catch (error) {
    await worker.close();
    throw error;
  }
}
