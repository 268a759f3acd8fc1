/**
 * Producers as they should be: temporary file, fsync, rename, fsync of the directory. Only when the last of these has
 * returned is an alert owed; a producer that was killed or got an error before owes nothing, though its alert may come.
 *
 * In-process (`writeDurably`, `startWriters`) and as a process of its own that can be killed (producer-child.ts).
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startNode, type Program } from '../support/program.ts';
import { faultDocument } from './fault-alert.ts';
import type { Oracle } from './oracle.ts';

/** `<name>.xml` with these alerts. Throws what a call throws; nothing is owed then. */
export function writeDurably(spool: string, name: string, ids: readonly string[], oracle: Oracle): void {
  for (const id of ids) oracle.claim(id);
  writeFileDurably(spool, name, faultDocument(ids));
  oracle.owe(...ids);
}

export function writeFileDurably(spool: string, name: string, document: Uint8Array): void {
  const temporary = join(spool, `.${name}.tmp`);
  try {
    const file = openSync(temporary, 'wx', 0o640);
    try {
      for (let at = 0; at < document.length;) at += writeSync(file, document, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, join(spool, `${name}.xml`));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(spool);
}

export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

export interface WriterOptions {
  readonly spool: () => string;
  readonly oracle: Oracle;
  readonly random: () => number;
  /** Ids begin with it; default `w`. */
  readonly prefix?: string;
  readonly writers: number;
  /** Alerts in a file, at most. */
  readonly alertsPerFile: number;
  /** Pause of each writer between two files, on average. */
  readonly pauseMs: number;
  /** Stop after so many alerts. */
  readonly atMost?: number;
}

/** Several producers at once until stopped. What fails (a full or dead disk) is not owed and tried no more. */
export function startWriters(options: WriterOptions): {
  readonly failed: () => number;
  readonly done: Promise<void>;
  stop(): Promise<void>;
} {
  const { oracle, random, prefix = 'w', writers, alertsPerFile, pauseMs, atMost = Infinity } = options;
  const stopping = new AbortController();
  let failed = 0;
  let claimed = 0;
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !stopping.signal.aborted && claimed < atMost; n += 1) {
      const count = Math.min(1 + Math.floor(random() * alertsPerFile), atMost - claimed);
      claimed += count;
      const ids = Array.from({ length: count }, (_, index) => `${prefix}${writer}-${n}-${index}`);
      try {
        writeDurably(options.spool(), `${prefix}${writer}-${n}`, ids, oracle);
      } catch {
        failed += 1;
      }
      await delay(pauseMs * (0.5 + random()), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const done = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer))).then(
    () => undefined,
  );
  return {
    failed: () => failed,
    done,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** A producer that can be killed: its claims and obligations are read from its output as they come. */
export function startProducer(spool: string, prefix: string, oracle: Oracle): Program {
  const main = fileURLToPath(new URL('producer-child.js', import.meta.url));
  const program = startNode([main, spool, prefix]);
  let said = 0;
  const listen = (): void => {
    const whole = program.stdout();
    const text = whole.slice(said, whole.lastIndexOf('\n') + 1);
    said += text.length;
    for (const line of text.split('\n')) {
      const [word, ...ids] = line.split(' ');
      if (word === 'claim') for (const id of ids) oracle.claim(id);
      else if (word === 'owe') oracle.owe(...ids);
    }
  };
  const timer = setInterval(listen, 20);
  void program.exited.finally(() => {
    clearInterval(timer);
    listen();
  });
  return program;
}
