/**
 * The real outside for the by-hand commands: this process's stdin, stdout, stderr, clock and names. Called by
 * src/bin/idmef.ts. Writing to a full pipe makes the caller wait; a closed one ends the process.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';

import type { CommandIo } from '../app/command-io.ts';
import { systemRandom } from '../os/random.ts';
import { userNameOf } from './service-user.ts';
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

/** Who has logged in, whatever sudo made of him since: an audit log is to name a person. Without an entry in passwd he has a number only. */
function userName(): string {
  try {
    return loginName() ?? userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** Undefined for what no log-in has started, and where the kernel does not say. */
function loginName(): string | undefined {
  try {
    return userNameOf(Number(readFileSync('/proc/self/loginuid', 'utf8')));
  } catch {
    return undefined;
  }
}
