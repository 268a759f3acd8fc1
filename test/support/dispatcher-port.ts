/**
 * The port a built alert-dispatcher listens on for one of its sources, as it says on stdout. What a program says on stdout and on
 * stderr comes by two pipes: that it has started does not mean that its ports have been read.
 */

import type { Program } from './program.ts';

/** Rejects when it does not say so in time. */
export async function dispatcherPort(program: Program, source: string): Promise<number> {
  const [, port] = await program.line(new RegExp(`^Listening: ${source} on \\S+ port (\\d+)$`), 60_000);
  return Number(port);
}
