/**
 * `idmef journal export FILE --to DIR | --to-spool DIR [--apply]`: take what is owed elsewhere, one document a message.
 *
 * Called by src/cli/journal.ts. Made for going back to the old system, or to another sensor: files are complete IDMEF
 * documents, oldest first by name and time, written durably, and never in place of another. Without --apply nothing
 * is written. With it the program must be stopped; what was written is owed no more and counted `dropped: withdrawn`, so
 * that a later start of this program does not deliver it again. On disk: written and synced → withdrawn; a crash in
 * between leaves files that the next export finds, by name and content, and only withdraws.
 * Exit status 0; 1 when a message is damaged and was left where it is.
 */

import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import { chooseConsumers, readBody, withdrawOwed, type OwedMessage } from '../journal/backlog.ts';
import type { JournalFile } from '../journal/journal-file.ts';
import { openToChange, openToLook } from '../journal/open-as-is.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-write.ts';
import { backlogPages } from './journal-pages.ts';
import { applyHint, howMany, mebibytes, openOptions, type JournalIo } from './journal-io.ts';

export interface ExportOptions {
  readonly path: string;
  readonly directory: string;
  /** It must exist, because somebody watches it; else it is made. */
  readonly spool: boolean;
  readonly consumer: string | undefined;
  /** Also what is held for consumers that are not configured any more. */
  readonly all: boolean;
  readonly apply: boolean;
}

interface Sums {
  messages: number;
  bytes: number;
  damaged: number;
}

export async function exportJournal(options: ExportOptions, io: JournalIo): Promise<number> {
  const { path, directory, apply } = options;
  prepare(options);
  const file = apply ? openToChange(openOptions(path, io)) : openToLook(openOptions(path, io));
  const sums: Sums = { messages: 0, bytes: 0, damaged: 0 };
  try {
    const id = file.look((store) => store.id);
    for (const page of backlogPages(file, options.consumer, options.all)) {
      const written: number[] = [];
      for (const message of page)
        if (exportOne(file, id, message, options, sums)) written.push(message.sequence);
      if (!apply) continue;
      syncDirectory(directory);
      file.alter((store) =>
        withdrawOwed(store, chooseConsumers(store, options.consumer, options.all), written),
      );
    }
  } finally {
    file.close();
  }
  const what = `${howMany(sums.messages, 'message')}, ${mebibytes(sums.bytes)}, to ${directory}`;
  const owed = `${apply ? 'and' : 'then'} owed no more (counted as withdrawn)`;
  await io.stdout(`${apply ? 'exported' : 'would export'} ${what}, ${owed}\n`);
  if (sums.damaged > 0)
    await io.stderr(`idmef: error: ${howMany(sums.damaged, 'message')} damaged, left in the journal\n`);
  if (!apply) await io.stderr(`idmef: hint: ${applyHint}`);
  return sums.damaged > 0 ? 1 : 0;
}

function prepare({ directory, spool, apply }: ExportOptions): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found === undefined && !spool) {
    if (apply) mkdirSync(directory, { recursive: true, mode: 0o750 });
    return;
  }
  throw new RelayError('SPOOL_IO', `${directory} is not a directory`, {
    hint: 'give the spool directory of the program that is to take over',
  });
}

/** False: the message is damaged. */
function exportOne(
  file: JournalFile,
  id: string,
  { sequence }: OwedMessage,
  { directory, apply }: ExportOptions,
  sums: Sums,
): boolean {
  const body = file.look((store) => readBody(store, sequence));
  if (body === undefined) {
    sums.damaged++;
    return false;
  }
  const document = Buffer.concat([envelopeHead, body, envelopeTail]);
  if (apply) write(join(directory, nameOf(id, sequence)), document);
  sums.messages++;
  sums.bytes += document.byteLength;
  return true;
}

/** Sorts by sequence; two journals in one directory do not meet. */
function nameOf(id: string, sequence: number): string {
  return `${id.slice(0, 8)}-${String(sequence).padStart(16, '0')}.xml`;
}

function write(path: string, document: Buffer): void {
  if (!existsSync(path)) {
    writeFileAtomic(path, document);
    return;
  }
  if (readFileSync(path).equals(document)) return;
  throw new RelayError('SPOOL_IO', `${path} exists and is another file`, {
    hint: 'export into an empty directory',
  });
}
