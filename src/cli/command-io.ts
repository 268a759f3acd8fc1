/**
 * The real outside for the by-hand commands: this process's stdin, stdout, stderr, clock and names. Called by
 * src/bin/idmef.ts. Writing to a full pipe makes the caller wait; a closed one ends the process.
 */

import { once } from 'node:events';
import { hostname, userInfo } from 'node:os';

import type { CommandIo } from '../app/command-io.ts';
import { systemRandom } from '../os/random.ts';
import { endWithClosedStdout } from './start.ts';

export function processIo(): CommandIo {
  endWithClosedStdout();
  return {
    stdin: process.stdin,
    stdout: (text) => write(process.stdout, text),
    stderr: (text) => write(process.stderr, text),
    now: () => Date.now(),
    random: systemRandom,
    hostname: hostname(),
    user: userName(),
  };
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (text !== '' && !stream.write(text)) await once(stream, 'drain');
}

/** A user without an entry in passwd has a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
