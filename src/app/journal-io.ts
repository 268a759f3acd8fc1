/** What the verbs of `idmef journal` use of the outside and share in words. CommandIo fits. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { formatNumber } from '../core/format-number.ts';
import type { Random } from '../core/ports.ts';
import type { AsIsOptions } from '../journal/open-as-is.ts';
import { escapeText } from '../log/escape.ts';

export interface JournalIo {
  stdout(text: string): void | Promise<void>;
  stderr(text: string): void | Promise<void>;
  /** Wall time, milliseconds. */
  now(): number;
  readonly random: Random;
}

/** The journal named by its file, or by the state directory it is in. */
export function journalFile(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'journal.db') : path;
}

export function openOptions(path: string, io: JournalIo): AsIsOptions {
  return {
    path,
    clock: { now: () => io.now(), monotonic: () => performance.now() },
    random: io.random,
    onDamage: ({ sequence, reason }) => {
      void io.stderr(`idmef: warning: message ${sequence} is damaged: ${escapeText(reason)}\n`);
    },
  };
}

/** `1 message`, `12,410 messages`. */
export function howMany(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

export const applyHint = 'nothing was changed: this is the plan; --apply does it\n';
