/**
 * Writes log lines to stderr, synchronously: the last line before an exit is the one that matters.
 *
 * A log that cannot be written must not stop a program that carries alerts: when the reader of our pipe sleeps
 * for logLimits.writeWaitMs the line is given up, and how many were lost is said as soon as it reads again.
 * Without process.stderr, which would put the descriptor into non-blocking mode. Made by src/cli/logging.ts.
 */

import { writeSync } from 'node:fs';

import { systemCode } from '../core/errors.ts';
import { logLimits } from '../core/limits.ts';

const stderr = 2;
const pauseMs = 5;

interface WriterOptions {
  readonly fd?: number;
  /** Called for each line given up. */
  readonly onLost?: () => void;
}

export function createStderrWriter({ fd = stderr, onLost }: WriterOptions = {}): (line: string) => void {
  let lost = 0;
  return (line) => {
    if (lost > 0 && writeAll(fd, `(${lost} log lines lost: nobody read them)\n`)) lost = 0;
    if (lost === 0 && writeAll(fd, line)) return;
    lost += 1;
    onLost?.();
  };
}

function writeAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let written = 0;
  for (let waited = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN' || waited >= logLimits.writeWaitMs) return false;
      Atomics.wait(pause, 0, 0, pauseMs);
      waited += pauseMs;
    }
  }
  return true;
}
