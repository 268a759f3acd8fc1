/**
 * A consistent copy of the store while it runs: `alert-dispatcher backup`.
 *
 * Called by in-process.ts. SQLite writes the copy from one transaction, in a thread of its own (20 GiB take minutes), through a
 * connection that only reads; it is synced and gets its name only when complete. Of passwords and API keys it holds
 * hashes, as the store does, but secrets of endpoints that commands made as they are: only owner and group may read it. Restored, it
 * delivers again what was delivered after it.
 */

import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RelayError } from '../../core/errors.ts';
import { seal } from '../../journal/salvage/replace.ts';
import { syncDirectory } from '../../journal/set-aside.ts';
import { explainFailure } from '../../journal/sqlite-errors.ts';
import { fromPlain, type PlainError } from '../../journal/protocol.ts';
import { makePrivateFile } from './private-file.ts';

export interface BackupOrder {
  readonly from: string;
  readonly to: string;
}

/** Never overwrites. */
export async function backupStore(from: string, to: string): Promise<void> {
  if (existsSync(to)) {
    throw new RelayError('USAGE', `${to} exists already`, { hint: 'give the backup another name' });
  }
  const temporary = join(dirname(to), `.${basename(to)}.${process.pid}.tmp`);
  try {
    rmSync(temporary, { force: true });
    makePrivateFile(temporary);
    await copy({ from, to: temporary });
    seal(temporary);
    renameSync(temporary, to);
    syncDirectory(dirname(to));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw explainFailure(error, to);
  }
}

function copy(order: BackupOrder): Promise<void> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new Worker(new URL(`./backup-worker${extension}`, import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    worker.on('message', (answer: PlainError | 'done') => {
      if (answer === 'done') resolve();
      else reject(fromPlain(answer));
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new RelayError('BUG', 'the thread of the backup has ended')));
  });
}
