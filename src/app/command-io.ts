/**
 * What the by-hand commands (`idmef validate`, `show`, `submit`, `test-alert`) use of the outside.
 *
 * Passed in by src/bin, so that a test is a call. stdout is data, stderr is words; both may make the
 * caller wait while a pipe is full.
 */

import type { Random } from '../core/ports.ts';

export interface CommandIo {
  readonly stdin: AsyncIterable<Uint8Array>;
  stdout(text: string): void | Promise<void>;
  stderr(text: string): void | Promise<void>;
  /** Wall time, milliseconds. */
  now(): number;
  readonly random: Random;
  readonly hostname: string;
  /** Login name of whoever runs the command. */
  readonly user: string;
}
