/**
 * One input of a by-hand command as a stream of documents: a regular file, or standard input as `-`, without a limit
 * of the whole, and for as long as it goes on.
 *
 * Each document comes as soon as its last byte has been read. Ends with the end of the input, or when the signal is
 * aborted; then what is under way is nobody's fault and stays unread. Called by submit.ts, convert.ts and validate.ts.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { DocumentSplitter, type StreamPart } from '../idmef/stream/document-splitter.ts';
import { FORBIDDEN_CHARACTERS } from '../idmef/stream/forbidden-characters.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import { escapeText } from '../log/escape.ts';
import type { CommandIo } from './command-io.ts';
import { inputFailure, inputName, notAFile } from './read-input.ts';

export type StreamEvent =
  | StreamPart
  /** What was read so far has come; it may last until there is more. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'failed'; readonly reason: string; readonly exit: number }
  /** Everything before this byte has come; a later run may begin there. */
  | { readonly kind: 'end'; readonly settled: number };

type Next = IteratorResult<Uint8Array> | 'stopped';

export async function* readParts(
  file: string,
  io: CommandIo,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const splitter = new DocumentSplitter();
  let handle: FileHandle | undefined;
  let begun = false;
  try {
    if (file !== '-') {
      handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      const refusal = notAFile(await handle.stat());
      if (refusal !== undefined) {
        yield { kind: 'failed', ...refusal };
        return;
      }
    }
    const pieces = handle?.createReadStream({ autoClose: false }) ?? io.stdin;
    const iterator: AsyncIterator<Uint8Array> = pieces[Symbol.asyncIterator]();
    begun = true;
    for (;;) {
      const next = await nextPiece(iterator, signal);
      if (next === 'stopped') break;
      if (next.done === true) {
        yield* splitter.end();
        break;
      }
      yield* splitter.push(next.value);
      yield { kind: 'rest' };
    }
  } catch (error) {
    yield { kind: 'failed', ...inputFailure(error) };
  } finally {
    await handle?.close();
  }
  if (begun) yield { kind: 'end', settled: splitter.settled };
}

/** Listens anew for each piece: a promise that lives as long as the stream would gather a reaction a piece. */
function nextPiece(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<Next> {
  if (signal.aborted) return Promise.resolve('stopped');
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve('stopped');
    signal.addEventListener('abort', stop, { once: true });
    void iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

/** What an operator is told of a part that is no document. */
export function skippedWords(file: string, part: Extract<StreamPart, { kind: 'skipped' }>): string {
  const { length, line, offset, remark } = part;
  const reason = remark ? 'remarks of Prelude about the document before' : part.reason;
  return `${escapeText(inputName(file))}: ${length} bytes at line ${line}, byte ${offset} are no document: ${reason}`;
}

/** How a document of a stream is called. */
export function documentName(file: string, part: Extract<StreamPart, { kind: 'document' }>): string {
  return `${escapeText(inputName(file))}: document ${part.number} (line ${part.line}, byte ${part.offset})`;
}

/** What an operator is told of a document that was mended to be readable; '' of any other. */
export function mendedNote(
  file: string,
  part: Extract<StreamPart, { kind: 'document' }>,
  verdict: DocumentVerdict,
): string {
  if (!verdict.readable || !verdict.leniencies.includes(FORBIDDEN_CHARACTERS)) return '';
  return `idmef: note: ${documentName(file, part)}: bytes that XML cannot hold are written as \\xNN\n`;
}
