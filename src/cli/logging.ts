/**
 * Makes the logger a program was told to use. Called by src/bin through start.ts.
 *
 * Text goes to stderr with priorities when stderr is the journal, with a time when it is a file or pipe.
 * Writing is synchronous: the last line before an exit is the one that matters.
 */

import { fstatSync } from 'node:fs';

import type { ProcessEnvironment } from '../config/process-environment.ts';
import type { Logger } from '../core/ports.ts';
import type { LogSettings } from '../core/settings.ts';
import { isJournalStream } from '../log/journal-stream.ts';
import { createStderrWriter } from '../log/stderr-writer.ts';
import { createTextLogger, type TextLoggerOptions } from '../log/text-logger.ts';

const stderr = 2;

export async function createLogger(
  name: string,
  settings: LogSettings,
  env: ProcessEnvironment,
  onLost: () => void = () => undefined,
): Promise<Logger> {
  const { verbosity } = settings;
  const write = createStderrWriter({ onLost });
  if (settings.format === 'json') {
    const { createJsonLogger } = await import('../log/json-logger.ts');
    return createJsonLogger({ name, verbosity, write });
  }
  return createTextLogger({ name, style: logStyle(env), verbosity, write, now: Date.now });
}

/** How lines look on the stderr we have. */
export function logStyle(env: ProcessEnvironment): TextLoggerOptions['style'] {
  if (isJournalStream(env.journalStream, stderr)) return 'journald';
  return isTerminal(stderr) ? 'terminal' : 'file';
}

/** Without node:tty, whose stream object is not needed for anything else. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
