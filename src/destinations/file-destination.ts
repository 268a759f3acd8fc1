/**
 * `file:///dir`: every leased batch becomes one durable document `<journal-id>-<first>-<last>.xml` there.
 *
 * Called through destination.ts. A repeat of the same batch overwrites its own file. On disk:
 * `.<name>.<random>.tmp` → `<name>.xml` (os/atomic-write.ts), so readers of `*.xml` see complete files only.
 * A directory that is missing or not writable is `broken`: everything is kept and the operator told how to
 * mend it; a full disk passes, so it is `again`.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { messageOf, systemCode } from '../core/errors.ts';
import { OK, type Outcome } from '../core/outcome.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import { writeFileAtomic } from '../os/atomic-write.ts';
import { destinationId, destinationLabel, reportAll, type Destination, type Parcel } from './destination.ts';

export function createFileDestination(url: URL): Destination {
  const dir = fileURLToPath(url);
  return {
    id: destinationId(url),
    label: destinationLabel(url),
    deliver: (parcel, report) => {
      reportAll(parcel, report, write(dir, parcel));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function write(dir: string, parcel: Parcel): Outcome {
  const first = parcel.sequences[0] ?? 0;
  const last = parcel.sequences.at(-1) ?? 0;
  const name = `${parcel.journal}-${first}-${last}.xml`;
  try {
    writeFileAtomic(join(dir, name), Buffer.concat([envelopeHead, ...parcel.bodies, envelopeTail]));
    return OK;
  } catch (error) {
    return outcomeOf(dir, error);
  }
}

function outcomeOf(dir: string, error: unknown): Outcome {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(cause) === '' ? systemCode(error) : systemCode(cause);
  switch (code) {
    case 'ENOENT':
      return { kind: 'broken', reason: 'does not exist', hint: `mkdir -p ${dir}` };
    case 'ENOTDIR':
      return { kind: 'broken', reason: 'is not a directory', hint: 'name a directory with --manager' };
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'broken',
        reason: `may not be written by uid ${process.getuid?.() ?? '?'}`,
        hint: `chown it (it belongs to uid ${ownerOf(dir)}), or choose another with --manager`,
      };
    case 'EROFS':
      return {
        kind: 'broken',
        reason: 'is on a read-only filesystem',
        hint: `under systemd: ReadWritePaths=${dir}`,
      };
    case 'ENOSPC':
    case 'EDQUOT':
      return { kind: 'again', reason: `is on a filesystem that is full (${code})` };
    default:
      // The cause, because the error of the write names the directory again.
      return { kind: 'again', reason: `cannot be written: ${messageOf(cause ?? error)}` };
  }
}

function ownerOf(dir: string): string {
  try {
    return String(statSync(dir).uid);
  } catch {
    return '?';
  }
}
