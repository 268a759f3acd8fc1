/**
 * `idmef submit --stream`: each document of a stream becomes a spool file of its own, durable at once.
 *
 *   tail -F -n +1 events.xml | idmef submit --stream --spooldir /var/spool/idmef-relay -
 *
 * A document is in the spool a moment after its last byte was read, also while the stream goes on; order is kept. What
 * is no document is passed over and said with its place (exit status 65, as half a document at the end). SIGTERM ends
 * it between two documents. The last line on stderr says up to which byte everything is done: a later run may
 * begin there (`tail -c +N`, counted from 1). Called by src/cli/idmef.ts.
 */

import { join } from 'node:path';

import { errorCodes } from '../core/errors.ts';
import { spoolLimits } from '../core/limits.ts';
import type { StreamPart } from '../idmef/stream/document-splitter.ts';
import { readPart } from '../idmef/stream/read-part.ts';
import { escapeText } from '../log/escape.ts';
import { writeTogether } from '../os/write-together.ts';
import type { CommandIo } from './command-io.ts';
import { inputName } from './read-input.ts';
import { documentName, mendedNote, readParts, skippedWords } from './stream-input.ts';
import { faultOf, requireDirectory, spoolName, type SubmitOptions } from './submit.ts';

/** Submits all streams in order; resolves with the exit status. Throws RelayError when the spool cannot be written. */
export async function runSubmitStream(
  options: SubmitOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  requireDirectory(options.spoolDir);
  let exit = 0;
  for (const file of options.files) {
    const submission = new Submission(file, options.spoolDir, io);
    for await (const event of readParts(file, io, signal)) {
      if (event.kind === 'document') await submission.add(event);
      else await submission.flush();
      if (event.kind === 'skipped') await submission.pass(skippedWords(file, event), event.remark);
      if (event.kind === 'end') await submission.sum(event.settled);
      if (event.kind !== 'failed') continue;
      const name = escapeText(inputName(file));
      await io.stderr(`idmef: error: cannot read ${name}: ${escapeText(event.reason)}\n`);
      exit = Math.max(exit, event.exit);
    }
    if (submission.refused > 0) exit = Math.max(exit, errorCodes.INVALID_INPUT.exit);
    if (signal.aborted) break;
  }
  return exit;
}

/** One stream on its way into the spool. */
class Submission {
  readonly #file: string;
  readonly #spoolDir: string;
  readonly #io: CommandIo;
  /** Read and not yet in the spool. */
  #group: { readonly name: string; readonly data: Uint8Array; readonly offset: number }[] = [];
  #submitted = 0;
  refused = 0;

  constructor(file: string, spoolDir: string, io: CommandIo) {
    this.#file = file;
    this.#spoolDir = spoolDir;
    this.#io = io;
  }

  async add(part: Extract<StreamPart, { kind: 'document' }>): Promise<void> {
    const { bytes, verdict } = readPart(part.bytes, 'off');
    const fault = faultOf(verdict, part.line);
    if (fault !== undefined) {
      return this.#refuse(`${documentName(this.#file, part)} not submitted: ${escapeText(fault)}`);
    }
    await this.#io.stderr(mendedNote(this.#file, part, verdict));
    const name = spoolName(this.#submitted + this.#group.length, this.#io);
    this.#group.push({ name, data: bytes, offset: part.offset });
    if (this.#group.length >= spoolLimits.filesTogether) await this.flush();
  }

  /** All that was added is durable when this is done. */
  async flush(): Promise<void> {
    const group = this.#group;
    const [first] = group;
    if (first === undefined) return;
    this.#group = [];
    try {
      await writeTogether(this.#spoolDir, group, this.#io.now());
    } catch (error) {
      await this.sum(first.offset);
      throw error;
    }
    this.#submitted += group.length;
    await this.#io.stdout(group.map(({ name }) => `${join(this.#spoolDir, name)}\n`).join(''));
  }

  async pass(words: string, harmless: boolean): Promise<void> {
    if (!harmless) return this.#refuse(words);
    await this.#io.stderr(`idmef: note: ${words}\n`);
  }

  async #refuse(words: string): Promise<void> {
    this.refused += 1;
    await this.#io.stderr(`idmef: error: ${words}\n`);
  }

  /** The last line: how much, and up to where. */
  async sum(settled: number): Promise<void> {
    const documents = `${this.#submitted} document${this.#submitted === 1 ? '' : 's'} submitted`;
    const name = escapeText(inputName(this.#file));
    await this.#io.stderr(
      `idmef: ${name}: ${documents}, ${this.refused} refused, done up to byte ${settled}\n`,
    );
  }
}
