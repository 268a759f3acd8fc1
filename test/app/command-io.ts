/** The outside of a by-hand command, kept in arrays. */

import type { CommandIo } from '../../src/app/command-io.ts';

export interface RecordedIo extends CommandIo {
  /** All of stdout. */
  said(): string;
  /** All of stderr. */
  complained(): string;
}

export function recordedIo(stdin: readonly Uint8Array[] = []): RecordedIo {
  const out: string[] = [];
  const err: string[] = [];
  let drawn = 0;
  return {
    stdin: (async function* chunks() {
      yield* stdin;
    })(),
    stdout: (text) => {
      out.push(text);
    },
    stderr: (text) => {
      err.push(text);
    },
    now: () => 952_596_085_934,
    random: {
      bytes: (count) => {
        drawn += 1;
        return new Uint8Array(count).fill(drawn);
      },
    },
    hostname: 'sensor.example',
    user: 'operator',
    said: () => out.join(''),
    complained: () => err.join(''),
  };
}
