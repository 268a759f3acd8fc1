/** The thread of one backup: copies the store `workerData` names, says `done` or why not, and ends. Started by backup.ts. */

import { parentPort, workerData } from 'node:worker_threads';
import { Database } from '../../journal/database.ts';
import { AS, openAttached } from '../../journal/driver.ts';
import { toPlain } from '../../journal/protocol.ts';
import { explainFailure } from '../../journal/sqlite-errors.ts';
import type { BackupOrder } from './backup.ts';

const BUSY_MS = 5_000;

function copy({ from, to }: BackupOrder): void {
  const db = new Database(from, openAttached(from, { readOnly: true, timeout: BUSY_MS }));
  try {
    db.run(`VACUUM ${AS} INTO ?`, to);
  } catch (error) {
    throw explainFailure(error, to);
  } finally {
    db.close();
  }
}

try {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as backup.ts gives it
  copy(workerData as BackupOrder);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  parentPort?.postMessage('done');
} catch (error) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  parentPort?.postMessage(toPlain(error));
}
