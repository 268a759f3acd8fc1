/**
 * Whether the profile may take more in: the disk reserve (`--min-free`) and the journal's limit
 * (`--max-journal-bytes`).
 *
 * Called by the pull loop before each question to the sensor. Without room nothing is pulled and nothing is
 * dropped: the alerts wait on the sensor, forwarding goes on and makes room.
 */

import { RelayError } from '../core/errors.ts';
import type { MinFree } from '../core/settings.ts';
import type { Journal } from '../journal/journal.ts';
import type { Bounds } from '../journal/options.ts';
import { diskReserve } from '../os/disk-reserve.ts';

interface RoomOptions {
  readonly stateDir: string;
  readonly minFree: MinFree;
  readonly maxJournalBytes?: number;
  readonly retention?: Bounds;
}

export async function noRoom(journal: Journal, options: RoomOptions): Promise<RelayError | undefined> {
  const { stateDir, minFree, maxJournalBytes, retention } = options;
  const reserve = diskReserve(stateDir, minFree);
  if (!reserve.ok) {
    return new RelayError('DISK_RESERVE', `${reserve.reason}: not pulling; alerts wait on the sensor`, {
      hint: 'free some space there, or change --min-free; pulling then goes on by itself',
    });
  }
  if (maxJournalBytes === undefined) return undefined;
  // Where less than that may be kept, the journal makes room by itself (--retention-bytes).
  if ((retention?.maxBytes ?? Infinity) < maxJournalBytes) return undefined;
  const { usedBytes } = await journal.stats();
  if (usedBytes < maxJournalBytes) return undefined;
  return new RelayError(
    'JOURNAL_FULL',
    `the journal in ${stateDir} holds ${usedBytes} bytes of the ${maxJournalBytes} allowed: not pulling; alerts wait on the sensor`,
    { hint: 'pulling goes on by itself when the destinations have taken some; or raise --max-journal-bytes' },
  );
}
